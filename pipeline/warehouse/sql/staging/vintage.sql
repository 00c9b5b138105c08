-- One row per series, vintage and dataset: the file of the dataset that was the newest when the vintage was published.
-- A vintage counts once every dataset of the series has been published.
WITH used AS (
    SELECT DISTINCT indicator_id, era, dataset_id FROM registry.part
),
moment AS (
    SELECT DISTINCT used.indicator_id, used.era, file.published_at AS vintage
    FROM used
    JOIN raw.file AS file USING (dataset_id)
),
newest AS (
    SELECT
        moment.indicator_id,
        moment.era,
        moment.vintage,
        used.dataset_id,
        max_by(file.file_id, file.published_at) AS file_id
    FROM moment
    JOIN used USING (indicator_id, era)
    LEFT JOIN raw.file AS file
        ON file.dataset_id = used.dataset_id AND file.published_at <= moment.vintage
    GROUP BY moment.indicator_id, moment.era, moment.vintage, used.dataset_id
),
complete AS (
    SELECT indicator_id, era, vintage
    FROM newest
    GROUP BY indicator_id, era, vintage
    HAVING bool_and(file_id IS NOT NULL)
)
SELECT
    newest.*,
    newest.vintage = max(newest.vintage) OVER (PARTITION BY newest.indicator_id, newest.era) AS is_newest
FROM newest
JOIN complete USING (indicator_id, era, vintage)
ORDER BY newest.indicator_id, newest.era, newest.vintage, newest.dataset_id
