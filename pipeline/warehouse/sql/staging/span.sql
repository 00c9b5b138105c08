-- One row per span of days in which nothing in the geography changes, up to the as-of date; the last has no end.
WITH day AS (
    SELECT valid_from AS day FROM core.municipality_name
    UNION SELECT valid_to FROM core.municipality_name
    UNION SELECT CAST(valid_from AS DATE) FROM registry.office_county
    UNION SELECT CAST(valid_to AS DATE) FROM registry.office_county
    UNION SELECT CAST(valid_from AS DATE) FROM registry.office_name
    UNION SELECT CAST(valid_from AS DATE) FROM registry.member
    UNION SELECT CAST(valid_to AS DATE) FROM registry.member
    UNION SELECT valid_from FROM core.peer_group
    UNION SELECT valid_to FROM core.peer_group
)
SELECT
    row_number() OVER (ORDER BY day) AS span,
    day AS span_start,
    lead(day) OVER (ORDER BY day) AS span_end
FROM day
WHERE day >= (SELECT min(valid_from) FROM core.municipality)
    AND day <= (SELECT as_of FROM registry.release)
ORDER BY span
