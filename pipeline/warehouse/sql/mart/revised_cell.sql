-- One row per cell as sent (dataset, unit, period, measure, dimensions) that a newer file changed beyond rounding.
-- A cell is compared with the newest older file that has its period. Cells of periods nobody had sent before are news, not
-- revisions; mart.revision counts them.
-- Rounding: a file gives a measure with some decimals (the most that stand there); what differs by no more than half a unit
-- of the coarser file's last decimal is the same number.
WITH decimals AS (
    SELECT file_id, measure, max(length(regexp_extract(text, '[.,]([0-9]+)$', 1))) AS decimals
    FROM raw.observation
    WHERE value IS NOT NULL
    GROUP BY file_id, measure
),
older AS (
    SELECT observation.*, pair.file_before, pair.file_after
    FROM staging.revised_period AS pair
    JOIN raw.observation AS observation ON observation.file_id = pair.file_before AND observation.period = pair.period
),
newer AS (
    SELECT observation.*, pair.file_before, pair.file_after
    FROM staging.revised_period AS pair
    JOIN raw.observation AS observation ON observation.file_id = pair.file_after AND observation.period = pair.period
),
compared AS (
    SELECT
        coalesce(newer.dataset_id, older.dataset_id) AS dataset_id,
        coalesce(newer.file_before, older.file_before) AS file_before,
        coalesce(newer.file_after, older.file_after) AS file_after,
        coalesce(newer.unit_code, older.unit_code) AS unit_code,
        coalesce(newer.period, older.period) AS period,
        coalesce(newer.measure, older.measure) AS measure,
        coalesce(newer.dimensions, older.dimensions) AS dimensions,
        older.value AS value_before,
        newer.value AS value_after,
        older.status AS status_before,
        newer.status AS status_after,
        older.text AS text_before,
        newer.text AS text_after,
        coalesce(newer.is_synthetic, older.is_synthetic) AS is_synthetic
    FROM newer
    FULL JOIN older
        ON older.file_before = newer.file_before AND older.file_after = newer.file_after
        AND older.unit_code = newer.unit_code AND older.period = newer.period
        AND older.measure = newer.measure AND older.dimensions = newer.dimensions
),
told AS (
    SELECT
        compared.*,
        -- A hair above half a unit: two numbers written with decimals are not exact in a computer.
        0.5 * pow(10, -least(coarse.decimals, fine.decimals)) + 1e-9 * greatest(1, abs(value_before)) AS tolerance,
        CASE
            WHEN status_before IS NULL THEN 'added'
            WHEN status_after IS NULL THEN 'removed'
            WHEN value_before IS NOT NULL AND value_after IS NOT NULL THEN 'changed'
            WHEN status_before = 'suppressed_source' AND value_after IS NOT NULL THEN 'shown'
            WHEN status_after = 'suppressed_source' AND value_before IS NOT NULL THEN 'hidden'
            WHEN value_after IS NOT NULL THEN 'filled'
            WHEN value_before IS NOT NULL THEN 'emptied'
            ELSE 'other_reason'
        END AS kind
    FROM compared
    LEFT JOIN decimals AS coarse ON coarse.file_id = compared.file_before AND coarse.measure = compared.measure
    LEFT JOIN decimals AS fine ON fine.file_id = compared.file_after AND fine.measure = compared.measure
),
named AS (
    SELECT municipality_code, max_by(name, valid_from) AS name FROM core.municipality GROUP BY municipality_code
)
SELECT
    told.dataset_id,
    told.file_before,
    told.file_after,
    told.unit_code,
    named.name,
    told.period,
    told.measure,
    told.dimensions,
    told.kind,
    told.text_before,
    told.text_after,
    told.value_before,
    told.value_after,
    told.status_before,
    told.status_after,
    told.value_after - told.value_before AS change,
    EXISTS (
        FROM registry.part AS part
        WHERE part.dataset_id = told.dataset_id AND part.measure = told.measure AND part.dimensions = told.dimensions
    ) AS is_used,
    told.is_synthetic
FROM told
LEFT JOIN named ON named.municipality_code = told.unit_code
WHERE CASE told.kind
    WHEN 'changed' THEN abs(told.value_after - told.value_before) > told.tolerance
    WHEN 'other_reason' THEN told.status_before <> told.status_after
    ELSE true
END
ORDER BY dataset_id, file_after, unit_code, period, measure, dimensions
