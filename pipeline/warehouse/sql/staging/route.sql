-- One row per day a dataset's borders are of, day a period starts, kind of borders wanted, code as sent, and municipality
-- that the code's counts belong to there. borders: 'as_of' are those of the as-of date, 'period' those of the day the period
-- starts. Backwards a count goes whole, and only where the code was one municipality then (is_whole).
WITH day AS (
    SELECT DISTINCT border_date, period_start FROM staging.part_cell
),
found AS (
    SELECT
        'as_of' AS borders,
        day.*,
        successor.old_code AS sent_code,
        successor.municipality_code,
        successor.weight,
        successor.is_split,
        true AS is_whole
    FROM day
    JOIN staging.successor AS successor
        ON successor.old_valid_from <= day.border_date
        AND (successor.old_valid_to IS NULL OR successor.old_valid_to > day.border_date)
    UNION ALL
    SELECT
        'period',
        day.*,
        later.new_code,
        later.old_code,
        1.0,
        false,
        count(*) OVER (PARTITION BY day.border_date, day.period_start, later.new_code) = 1
    FROM day
    JOIN core.municipality_successor AS later
        ON later.old_valid_from <= day.period_start
        AND (later.old_valid_to IS NULL OR later.old_valid_to > day.period_start)
        AND later.new_valid_from <= day.border_date AND later.since <= day.border_date
        AND (later.new_valid_to IS NULL OR later.new_valid_to > day.border_date)
)
SELECT * FROM found
ORDER BY borders, border_date, period_start, sent_code, municipality_code
