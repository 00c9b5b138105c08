-- One row per cell as sent (dataset, unit, period, measure, dimensions) that a newer file changed beyond rounding.
-- A cell is compared with the newest older file that has its period. Cells of periods nobody had sent before are news, not
-- revisions; mart.revision counts them.
-- Rounding: a file gives a measure with some decimals (the most that stand there); what differs by no more than half a unit
-- of the coarser file's last decimal is the same number.
-- Hidden since: where a later file hides the cell, what it was is not told again; its status is hidden_since.
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
hidden AS (
    SELECT
        observation.dataset_id, observation.unit_code, observation.period, observation.measure, observation.dimensions,
        max(file.published_at) AS hidden_at
    FROM raw.observation AS observation
    JOIN raw.file AS file USING (file_id)
    WHERE observation.status = 'suppressed_source'
    GROUP BY ALL
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
veiled AS (
    SELECT
        told.*,
        coalesce(value_before IS NOT NULL AND before.published_at < hidden.hidden_at, false) AS is_hidden_before,
        coalesce(value_after IS NOT NULL AND after.published_at < hidden.hidden_at, false) AS is_hidden_after
    FROM told
    JOIN raw.file AS before ON before.file_id = told.file_before
    JOIN raw.file AS after ON after.file_id = told.file_after
    LEFT JOIN hidden
        ON hidden.dataset_id = told.dataset_id AND hidden.unit_code = told.unit_code AND hidden.period = told.period
        AND hidden.measure = told.measure AND hidden.dimensions = told.dimensions
),
named AS (
    SELECT municipality_code, max_by(name, valid_from) AS name FROM core.municipality GROUP BY municipality_code
)
SELECT
    veiled.dataset_id,
    veiled.file_before,
    veiled.file_after,
    veiled.unit_code,
    named.name,
    veiled.period,
    veiled.measure,
    veiled.dimensions,
    veiled.kind,
    CASE WHEN NOT is_hidden_before THEN veiled.text_before END AS text_before,
    CASE WHEN NOT is_hidden_after THEN veiled.text_after END AS text_after,
    CASE WHEN NOT is_hidden_before THEN veiled.value_before END AS value_before,
    CASE WHEN NOT is_hidden_after THEN veiled.value_after END AS value_after,
    CASE WHEN is_hidden_before THEN 'hidden_since' ELSE veiled.status_before END AS status_before,
    CASE WHEN is_hidden_after THEN 'hidden_since' ELSE veiled.status_after END AS status_after,
    CASE WHEN NOT (is_hidden_before OR is_hidden_after) THEN veiled.value_after - veiled.value_before END AS change,
    EXISTS (
        FROM registry.part AS part
        WHERE part.dataset_id = veiled.dataset_id AND part.measure = veiled.measure AND part.dimensions = veiled.dimensions
    ) AS is_used,
    veiled.is_synthetic
FROM veiled
LEFT JOIN named ON named.municipality_code = veiled.unit_code
WHERE CASE veiled.kind
    WHEN 'changed' THEN abs(veiled.value_after - veiled.value_before) > veiled.tolerance
    WHEN 'other_reason' THEN veiled.status_before <> veiled.status_after
    ELSE true
END
ORDER BY dataset_id, file_after, unit_code, period, measure, dimensions
