-- One row per series, vintage, dataset, period and file: the newest file, at the moment of the vintage, that has the period.
-- A query that the publisher answers in parts has a file a part, all published at one moment; each unit is in one of them.
-- A vintage is a moment at which a dataset of the series was published; it counts once every dataset has been.
-- A newer file that covers fewer periods does not take the older ones away.
WITH used AS (
    SELECT DISTINCT indicator_id, era, dataset_id FROM registry.part
),
covered AS (
    SELECT DISTINCT file.file_id, file.dataset_id, file.published_at, observation.period
    FROM raw.file AS file
    JOIN raw.observation AS observation USING (file_id)
),
moment AS (
    SELECT used.indicator_id, used.era, covered.published_at AS vintage
    FROM used
    JOIN covered USING (dataset_id)
    GROUP BY used.indicator_id, used.era, covered.published_at
),
complete AS (
    SELECT moment.indicator_id, moment.era, moment.vintage
    FROM moment
    JOIN used USING (indicator_id, era)
    LEFT JOIN covered ON covered.dataset_id = used.dataset_id AND covered.published_at <= moment.vintage
    GROUP BY moment.indicator_id, moment.era, moment.vintage
    HAVING count(DISTINCT covered.dataset_id) = count(DISTINCT used.dataset_id)
)
SELECT
    complete.indicator_id,
    complete.era,
    complete.vintage,
    used.dataset_id,
    covered.period,
    covered.file_id,
    complete.vintage = max(complete.vintage) OVER (PARTITION BY complete.indicator_id, complete.era) AS is_newest
FROM complete
JOIN used USING (indicator_id, era)
JOIN covered ON covered.dataset_id = used.dataset_id AND covered.published_at <= complete.vintage
QUALIFY covered.published_at = max(covered.published_at) OVER (
    PARTITION BY complete.indicator_id, complete.era, complete.vintage, used.dataset_id, covered.period
)
ORDER BY complete.indicator_id, complete.era, complete.vintage, used.dataset_id, covered.period, covered.file_id
