-- One row per file of a dataset that has an older file: what it added, removed and changed, in cells, units and periods.
-- file_before is the file just before it; each period is compared with the newest older file that has it (staging.revised_period).
-- periods_left: what stood before and is not in this file. It stands still.
WITH file AS (
    SELECT
        file_id,
        dataset_id,
        published_at,
        published_is_known,
        revision,
        is_synthetic,
        lag(file_id) OVER earlier AS file_before,
        lag(published_at) OVER earlier AS published_before,
        lag(revision) OVER earlier AS revision_before
    FROM raw.file
    WHERE file_id IN (SELECT file_id FROM raw.observation)
    WINDOW earlier AS (PARTITION BY dataset_id ORDER BY published_at)
),
covered AS (
    SELECT file_id, period, count(*) AS cells FROM raw.observation GROUP BY file_id, period
),
standing AS (
    SELECT DISTINCT newer.file_id, covered.period
    FROM file AS newer
    JOIN file AS older ON older.dataset_id = newer.dataset_id AND older.published_at < newer.published_at
    JOIN covered ON covered.file_id = older.file_id
),
new_period AS (
    SELECT covered.file_id, string_agg(covered.period, ';' ORDER BY covered.period) AS periods, sum(covered.cells) AS cells
    FROM covered
    LEFT JOIN standing ON standing.file_id = covered.file_id AND standing.period = covered.period
    WHERE standing.period IS NULL
    GROUP BY covered.file_id
),
left_alone AS (
    SELECT standing.file_id, string_agg(standing.period, ';' ORDER BY standing.period) AS periods
    FROM standing
    LEFT JOIN covered ON covered.file_id = standing.file_id AND covered.period = standing.period
    WHERE covered.period IS NULL
    GROUP BY standing.file_id
),
compared AS (
    SELECT pair.file_after AS file_id, sum(covered.cells) AS cells
    FROM staging.revised_period AS pair
    JOIN covered ON covered.file_id = pair.file_after AND covered.period = pair.period
    GROUP BY pair.file_after
),
unit_before AS (
    SELECT DISTINCT pair.file_after AS file_id, observation.unit_code
    FROM staging.revised_period AS pair
    JOIN raw.observation AS observation ON observation.file_id = pair.file_before AND observation.period = pair.period
),
unit_after AS (
    SELECT DISTINCT pair.file_after AS file_id, observation.unit_code
    FROM staging.revised_period AS pair
    JOIN raw.observation AS observation ON observation.file_id = pair.file_after AND observation.period = pair.period
),
unit AS (
    SELECT
        coalesce(unit_after.file_id, unit_before.file_id) AS file_id,
        count(*) FILTER (unit_before.unit_code IS NULL) AS added,
        count(*) FILTER (unit_after.unit_code IS NULL) AS removed
    FROM unit_after
    FULL JOIN unit_before ON unit_before.file_id = unit_after.file_id AND unit_before.unit_code = unit_after.unit_code
    GROUP BY 1
),
revised AS (
    SELECT
        file_after AS file_id,
        count(*) FILTER (kind = 'added') AS added,
        count(*) FILTER (kind = 'removed') AS removed,
        count(*) FILTER (kind = 'changed') AS changed,
        count(*) FILTER (kind = 'shown') AS shown,
        count(*) FILTER (kind = 'hidden') AS hidden,
        count(*) FILTER (kind = 'filled') AS filled,
        count(*) FILTER (kind = 'emptied') AS emptied,
        count(*) FILTER (kind = 'other_reason') AS other_reason,
        count(*) FILTER (is_used) AS used
    FROM mart.revised_cell
    GROUP BY file_after
)
SELECT
    file.dataset_id,
    dataset.title,
    dataset.publisher,
    file.file_before,
    file.file_id AS file_after,
    file.published_before,
    file.published_at,
    file.published_is_known,
    file.revision_before,
    file.revision,
    CAST(coalesce(compared.cells, 0) AS BIGINT) AS cells_compared,
    coalesce(revised.added, 0) AS cells_added,
    coalesce(revised.removed, 0) AS cells_removed,
    coalesce(revised.changed, 0) AS cells_changed,
    coalesce(revised.shown, 0) AS cells_shown,
    coalesce(revised.hidden, 0) AS cells_hidden,
    coalesce(revised.filled, 0) AS cells_filled,
    coalesce(revised.emptied, 0) AS cells_emptied,
    coalesce(revised.other_reason, 0) AS cells_other_reason,
    coalesce(revised.used, 0) AS cells_used,
    coalesce(unit.added, 0) AS units_added,
    coalesce(unit.removed, 0) AS units_removed,
    coalesce(new_period.periods, '') AS periods_added,
    CAST(coalesce(new_period.cells, 0) AS BIGINT) AS cells_of_periods_added,
    coalesce(left_alone.periods, '') AS periods_left,
    file.is_synthetic
FROM file
JOIN registry.dataset AS dataset USING (dataset_id)
LEFT JOIN compared USING (file_id)
LEFT JOIN revised USING (file_id)
LEFT JOIN unit USING (file_id)
LEFT JOIN new_period USING (file_id)
LEFT JOIN left_alone USING (file_id)
WHERE file.file_before IS NOT NULL
ORDER BY file.published_at DESC, file.dataset_id
