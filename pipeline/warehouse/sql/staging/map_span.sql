-- One row per map and the days it holds: from its border date until that of the next map; valid_to is null for the map of the as-of date.
-- A map of borders to come is not of this release.
WITH dated AS (
    SELECT DISTINCT border.file_id, CAST(border.border_date AS DATE) AS valid_from
    FROM raw.border AS border
    CROSS JOIN registry.release AS release
    WHERE CAST(border.border_date AS DATE) <= release.as_of
)
SELECT file_id, valid_from, lead(valid_from) OVER (ORDER BY valid_from) AS valid_to
FROM dated
ORDER BY valid_from
