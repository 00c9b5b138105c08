-- One row per cohort, indicator, group (guided, rest) and period.
SELECT
    cohort_id,
    indicator_id,
    group_name,
    period,
    period_start,
    phase,
    services,
    numerator,
    numerator_low,
    numerator_high,
    hidden_cells,
    denominator,
    value,
    value_low,
    value_high
FROM result.cohort_path
ORDER BY cohort_id, indicator_id, group_name, period
