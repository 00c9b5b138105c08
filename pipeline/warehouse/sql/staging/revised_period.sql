-- One row per file, and period of it, that an older file of the dataset has too: the newest of those is what stood before.
-- A newer file that covers fewer periods says nothing about the others: they stand, and are not removed (as staging.vintage).
WITH covered AS (
    SELECT DISTINCT file.dataset_id, file.file_id, file.published_at, observation.period
    FROM raw.file AS file
    JOIN raw.observation AS observation USING (file_id)
)
SELECT
    newer.dataset_id,
    newer.file_id AS file_after,
    newer.period,
    max_by(older.file_id, older.published_at) AS file_before
FROM covered AS newer
JOIN covered AS older
    ON older.dataset_id = newer.dataset_id AND older.period = newer.period AND older.published_at < newer.published_at
GROUP BY newer.dataset_id, newer.file_id, newer.period
ORDER BY newer.dataset_id, newer.file_id, newer.period
