-- One row per cell as sent, after the declared corrections, which touch a cell only while the error stands there.
-- A hidden cell has no value and the status 'corrected'.
SELECT
    observation.file_id,
    observation.dataset_id,
    observation.unit_code,
    observation.period,
    observation.measure,
    observation.dimensions,
    CASE correction.action
        WHEN 'hide' THEN NULL
        WHEN 'replace' THEN CAST(correction.replacement AS DOUBLE)
        ELSE observation.value
    END AS value,
    CASE correction.action WHEN 'hide' THEN 'corrected' ELSE observation.status END AS status,
    observation.is_synthetic,
    file.published_at
FROM raw.observation AS observation
JOIN raw.file AS file USING (file_id)
LEFT JOIN registry.correction AS correction
    ON correction.dataset_id = observation.dataset_id
    AND correction.unit_code = observation.unit_code
    AND correction.period = observation.period
    AND correction.measure = observation.measure
    AND correction.dimensions = observation.dimensions
    AND correction.expected_value = observation.value
