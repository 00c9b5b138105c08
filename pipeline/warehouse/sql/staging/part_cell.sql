-- One row per series, vintage, part (numerator, denominator, share), unit as sent and period.
-- A sum over measures is known only when all of them are; low and high bound it when the others are merely hidden.
SELECT
    part.indicator_id,
    part.era,
    part.part,
    vintage.vintage,
    observation.unit_code,
    observation.period,
    CASE WHEN count(observation.value) = max(part.measures) THEN sum(observation.value) END AS value,
    CASE
        WHEN count(*) FILTER (observation.value IS NOT NULL OR observation.status = 'suppressed_source') = max(part.measures)
            THEN sum(coalesce(observation.value, dataset.hidden_low))
    END AS low,
    CASE
        WHEN count(*) FILTER (observation.value IS NOT NULL OR observation.status = 'suppressed_source') = max(part.measures)
            THEN sum(coalesce(observation.value, dataset.hidden_high))
    END AS high,
    CASE WHEN count(*) < max(part.measures) THEN 'not_reported'
        ELSE coalesce(min(observation.status) FILTER (observation.status <> 'ok'), 'ok') END AS status,
    min(dataset.borders) AS dataset_borders,
    CAST(min(period.period_start) AS DATE) AS period_start,
    CASE min(dataset.borders)
        WHEN 'publication' THEN CAST(max(observation.published_at) AS DATE)
        ELSE min(period.period_start)
    END AS border_date,
    min(observation.file_id) AS file_id,
    bool_or(observation.is_synthetic) AS is_synthetic
FROM registry.part AS part
JOIN staging.vintage AS vintage USING (indicator_id, era, dataset_id)
JOIN registry.series AS series USING (indicator_id, era)
JOIN staging.observation AS observation
    ON observation.file_id = vintage.file_id
    AND observation.period = vintage.period
    AND observation.measure = part.measure
    AND observation.dimensions = part.dimensions
JOIN registry.period AS period
    ON period.period = observation.period
    AND period.period_start >= series.series_start
    AND period.period_end <= series.series_end
    AND period.frequency = series.frequency
JOIN registry.dataset AS dataset ON dataset.dataset_id = part.dataset_id
GROUP BY part.indicator_id, part.era, part.part, vintage.vintage, observation.unit_code, observation.period
