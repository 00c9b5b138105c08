-- One row per municipality: its children in the newest year that is known for it, by the newest file that knows.
WITH ranked AS (
    SELECT
        observation.unit_code AS municipality_code,
        observation.period,
        observation.value,
        row_number() OVER (
            PARTITION BY observation.unit_code ORDER BY observation.period DESC, observation.published_at DESC
        ) AS place
    FROM staging.observation AS observation
    JOIN registry.release AS release
        ON observation.dataset_id = release.population_dataset
        AND observation.measure = release.population_measure
        AND observation.dimensions = release.population_dimensions
    WHERE observation.value IS NOT NULL
        AND observation.unit_code IN (SELECT municipality_code FROM core.municipality)
)
SELECT municipality_code, period, value
FROM ranked
WHERE place = 1
ORDER BY municipality_code
