-- One row per series, vintage, part (numerator, denominator, share), unit as sent and period.
-- A sum over measures is known only when all of them are.
SELECT
    part.indicator_id,
    part.era,
    part.part,
    vintage.vintage,
    observation.unit_code,
    observation.period,
    CASE WHEN bool_and(observation.value IS NOT NULL) THEN sum(observation.value) END AS value,
    coalesce(min(observation.status) FILTER (observation.status <> 'ok'), 'ok') AS status,
    min(dataset.hidden_low) AS hidden_low,
    max(dataset.hidden_high) AS hidden_high,
    CASE min(dataset.borders)
        WHEN 'publication' THEN CAST(max(observation.published_at) AS DATE)
        ELSE min(period.period_start)
    END AS border_date,
    min(dataset.borders) AS borders,
    min(observation.file_id) AS file_id,
    bool_or(observation.is_synthetic) AS is_synthetic
FROM registry.part AS part
JOIN staging.vintage AS vintage USING (indicator_id, era, dataset_id)
JOIN registry.series AS series USING (indicator_id, era)
JOIN staging.observation AS observation
    ON observation.file_id = vintage.file_id
    AND observation.measure = part.measure
    AND observation.dimensions = part.dimensions
JOIN registry.period AS period
    ON period.period = observation.period
    AND period.period_start >= series.series_start
    AND period.period_end <= series.series_end
    AND period.frequency = series.frequency
JOIN registry.dataset AS dataset ON dataset.dataset_id = part.dataset_id
GROUP BY part.indicator_id, part.era, part.part, vintage.vintage, observation.unit_code, observation.period
