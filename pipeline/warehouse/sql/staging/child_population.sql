-- One row per municipality: its children in the newest year that is known for it.
SELECT
    observation.unit_code AS municipality_code,
    max(observation.period) AS period,
    max_by(observation.value, observation.period) AS value
FROM staging.observation AS observation
JOIN registry.release AS release
    ON observation.dataset_id = release.population_dataset AND observation.measure = release.population_measure
JOIN core.municipality AS municipality ON municipality.municipality_code = observation.unit_code
WHERE observation.value IS NOT NULL
GROUP BY observation.unit_code
ORDER BY observation.unit_code
