-- One row per indicator, service and period that touches the days between the service's own day of a break and the country's.
-- There the service's figures mean one thing and those of the others another, so they are pooled with neither side.
SELECT DISTINCT
    own.indicator_id,
    own.service_id,
    period.period
FROM core.series_break AS own
JOIN registry.period AS period
    ON CAST(period.period_start AS DATE) < greatest(own.day, own.country_day)
    AND CAST(period.period_end AS DATE) > least(own.day, own.country_day)
WHERE own.service_id IS NOT NULL AND own.indicator_id IS NOT NULL AND own.effect = 'not_comparable'
ORDER BY own.indicator_id, own.service_id, period.period
