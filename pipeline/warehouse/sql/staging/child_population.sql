-- One row per municipality and year: its children, by the newest file that knows.
SELECT
    observation.unit_code AS municipality_code,
    observation.period,
    CAST(period.period_start AS DATE) AS period_start,
    max_by(observation.value, observation.published_at) AS children
FROM staging.observation AS observation
JOIN registry.release AS release
    ON observation.dataset_id = release.population_dataset
    AND observation.measure = release.population_measure
    AND observation.dimensions = release.population_dimensions
JOIN registry.period AS period ON period.period = observation.period
WHERE observation.value IS NOT NULL
    AND observation.unit_code IN (SELECT municipality_code FROM core.municipality)
GROUP BY observation.unit_code, observation.period, period.period_start
ORDER BY observation.unit_code, observation.period
