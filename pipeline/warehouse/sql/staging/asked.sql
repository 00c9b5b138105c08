-- One row per cohort and service of today that could have been guided and was not: not offered, or declined (which wins).
SELECT
    asked.cohort_id,
    member.service_id,
    min(asked.answer) AS answer
FROM registry.asked AS asked
JOIN staging.successor AS successor
    ON successor.old_code = asked.municipality_code
    AND successor.old_valid_from <= CAST(asked.code_date AS DATE)
    AND (successor.old_valid_to IS NULL OR successor.old_valid_to > CAST(asked.code_date AS DATE))
JOIN staging.member AS member ON member.municipality_code = successor.municipality_code
GROUP BY asked.cohort_id, member.service_id
ORDER BY asked.cohort_id, member.service_id
