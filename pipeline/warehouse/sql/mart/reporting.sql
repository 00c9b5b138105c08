-- One row per dataset and municipality of the newest period: how many of the figures that indicators use it has there.
-- reported: all, some or none. A figure that the source hides was reported; one that nobody has in that period is not asked for.
WITH used AS (
    SELECT DISTINCT dataset_id, measure, dimensions FROM registry.part
),
newest AS (
    SELECT
        observation.dataset_id,
        max(observation.period) AS period,
        max_by(observation.file_id, (observation.period, file.published_at)) AS file_id
    FROM raw.observation AS observation
    JOIN raw.file AS file USING (file_id)
    JOIN used
        ON used.dataset_id = observation.dataset_id AND used.measure = observation.measure
        AND used.dimensions = observation.dimensions
    WHERE observation.value IS NOT NULL OR observation.status = 'suppressed_source'
    GROUP BY observation.dataset_id
),
given AS (
    SELECT DISTINCT newest.dataset_id, used.measure, used.dimensions
    FROM newest
    JOIN used USING (dataset_id)
    JOIN raw.observation AS observation
        ON observation.file_id = newest.file_id AND observation.period = newest.period
        AND observation.measure = used.measure AND observation.dimensions = used.dimensions
    WHERE observation.value IS NOT NULL OR observation.status = 'suppressed_source'
),
asked AS (
    SELECT newest.*, municipality.municipality_code, municipality.name
    FROM newest
    JOIN registry.dataset AS dataset USING (dataset_id)
    JOIN raw.file AS file USING (file_id)
    JOIN registry.period AS period USING (period)
    JOIN core.municipality AS municipality
        ON municipality.is_listed
        AND municipality.valid_from
            <= CASE dataset.borders WHEN 'publication' THEN CAST(file.published_at AS DATE) ELSE CAST(period.period_start AS DATE) END
        AND (
            municipality.valid_to IS NULL
            OR municipality.valid_to
                > CASE dataset.borders WHEN 'publication' THEN CAST(file.published_at AS DATE) ELSE CAST(period.period_start AS DATE) END
        )
    WHERE municipality.municipality_code NOT IN (SELECT municipality_code FROM registry.not_ranked)
)
SELECT
    asked.dataset_id,
    asked.period,
    asked.file_id,
    asked.municipality_code,
    asked.name,
    count(*) AS cells,
    count(observation.value) AS cells_known,
    count(*) FILTER (observation.status = 'suppressed_source') AS cells_hidden,
    CASE
        WHEN count(*) FILTER (observation.value IS NOT NULL OR observation.status = 'suppressed_source') = count(*) THEN 'all'
        WHEN count(*) FILTER (observation.value IS NOT NULL OR observation.status = 'suppressed_source') = 0 THEN 'none'
        ELSE 'some'
    END AS reported,
    coalesce(bool_or(observation.is_synthetic), false) AS is_synthetic
FROM asked
JOIN given USING (dataset_id)
LEFT JOIN staging.observation AS observation
    ON observation.file_id = asked.file_id AND observation.unit_code = asked.municipality_code
    AND observation.period = asked.period AND observation.measure = given.measure
    AND observation.dimensions = given.dimensions
GROUP BY asked.dataset_id, asked.period, asked.file_id, asked.municipality_code, asked.name
ORDER BY asked.dataset_id, asked.municipality_code
