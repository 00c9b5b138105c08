-- One row per indicator, era, service, period and vintage whose value or status is another than in the vintage before.
-- Where a later vintage lacks any part, which may be hidden since, what it was before is not told again.
WITH followed AS (
    SELECT
        *,
        lag(vintage) OVER earlier AS vintage_before,
        lag(value) OVER earlier AS value_before,
        lag(numerator) OVER earlier AS numerator_before,
        lag(denominator) OVER earlier AS denominator_before,
        lag(status) OVER earlier AS status_before,
        coalesce(bool_or(status NOT IN ('ok', 'zero_denominator')) OVER later, false) AS is_lacking_later
    FROM core.indicator_value
    WHERE unit_kind = 'service'
    WINDOW earlier AS (PARTITION BY indicator_id, era, unit_code, period ORDER BY vintage),
        later AS (
            PARTITION BY indicator_id, era, unit_code, period ORDER BY vintage ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        )
),
told AS (
    SELECT
        *,
        is_lacking_later OR status NOT IN ('ok', 'zero_denominator') AS is_lacking_since
    FROM followed
    WHERE vintage_before IS NOT NULL
        AND (
            status <> status_before
            OR abs(value - value_before) > 1e-9 * greatest(1, abs(value))
            OR (value IS NULL) <> (value_before IS NULL)
        )
)
SELECT
    told.indicator_id,
    told.era,
    told.unit_code AS service_id,
    service.name,
    told.period,
    told.vintage_before,
    told.vintage,
    CASE WHEN NOT is_lacking_since THEN told.numerator_before END AS numerator_before,
    CASE WHEN NOT is_lacking_since THEN told.denominator_before END AS denominator_before,
    CASE WHEN NOT is_lacking_since THEN told.value_before END AS value_before,
    told.status_before,
    CASE WHEN NOT is_lacking_later THEN told.numerator END AS numerator,
    CASE WHEN NOT is_lacking_later THEN told.denominator END AS denominator,
    CASE WHEN NOT is_lacking_later THEN told.value END AS value,
    told.status,
    CASE WHEN NOT is_lacking_since THEN told.value - told.value_before END AS change,
    told.is_synthetic
FROM told
LEFT JOIN core.service AS service ON service.service_id = told.unit_code AND service.valid_to IS NULL
ORDER BY told.indicator_id, told.era, service_id, told.period, told.vintage
