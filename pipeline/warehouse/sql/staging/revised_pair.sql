-- One row per series, service and period with a whole figure both in the first vintage, when it was the newest, and now.
SELECT
    early.indicator_id,
    early.era,
    early.unit_code AS service_id,
    early.period,
    early.numerator AS first_numerator,
    early.denominator AS first_denominator,
    late.numerator,
    late.denominator
FROM staging.first_figure AS first_figure
JOIN core.indicator_value AS early
    ON early.indicator_id = first_figure.indicator_id AND early.era = first_figure.era
    AND early.period = first_figure.period AND early.vintage = first_figure.first_vintage
JOIN core.indicator_value AS late
    ON late.indicator_id = early.indicator_id AND late.era = early.era AND late.unit_kind = early.unit_kind
    AND late.unit_code = early.unit_code AND late.period = early.period AND late.vintage = first_figure.newest_vintage
WHERE first_figure.is_settled AND early.unit_kind = 'service' AND early.status = 'ok' AND late.status = 'ok'
    AND early.denominator > 0 AND late.denominator > 0
ORDER BY early.indicator_id, early.era, service_id, early.period
