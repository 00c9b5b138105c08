-- One row per municipality that did not exist through all periods of the indicators: since when, until when.
SELECT
    municipality_code,
    name,
    county,
    first_day AS valid_from,
    valid_to
FROM staging.member
WHERE valid_to IS NOT NULL OR first_day > (SELECT min(first_day) FROM staging.member)
ORDER BY municipality_code
