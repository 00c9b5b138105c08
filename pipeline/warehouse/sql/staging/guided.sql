-- One row per cohort and service of today that was guided: the members followed from the codes of the agreement day.
SELECT DISTINCT
    cohort.cohort_id,
    cohort.era,
    cohort.member_name,
    member.service_id
FROM staging.cohort_member AS cohort
JOIN staging.successor AS successor
    ON successor.old_code = cohort.municipality_code
    AND successor.old_valid_from <= CAST(cohort.code_date AS DATE)
    AND (successor.old_valid_to IS NULL OR successor.old_valid_to > CAST(cohort.code_date AS DATE))
JOIN staging.member AS member ON member.municipality_code = successor.municipality_code
ORDER BY cohort.cohort_id, member.service_id, cohort.member_name
