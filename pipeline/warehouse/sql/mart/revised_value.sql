-- One row per indicator, era, service, period and vintage whose value or status is another than in the vintage before.
WITH followed AS (
    SELECT
        *,
        lag(vintage) OVER earlier AS vintage_before,
        lag(value) OVER earlier AS value_before,
        lag(numerator) OVER earlier AS numerator_before,
        lag(denominator) OVER earlier AS denominator_before,
        lag(status) OVER earlier AS status_before
    FROM core.indicator_value
    WHERE unit_kind = 'service'
    WINDOW earlier AS (PARTITION BY indicator_id, era, unit_code, period ORDER BY vintage)
)
SELECT
    followed.indicator_id,
    followed.era,
    followed.unit_code AS service_id,
    service.name,
    followed.period,
    followed.vintage_before,
    followed.vintage,
    followed.numerator_before,
    followed.denominator_before,
    followed.value_before,
    followed.status_before,
    followed.numerator,
    followed.denominator,
    followed.value,
    followed.status,
    followed.value - followed.value_before AS change,
    followed.is_synthetic
FROM followed
LEFT JOIN core.service AS service ON service.service_id = followed.unit_code AND service.valid_to IS NULL
WHERE followed.vintage_before IS NOT NULL
    AND (
        followed.status <> followed.status_before
        OR abs(followed.value - followed.value_before) > 1e-9 * greatest(1, abs(followed.value))
        OR (followed.value IS NULL) <> (followed.value_before IS NULL)
    )
ORDER BY followed.indicator_id, followed.era, service_id, followed.period, followed.vintage
