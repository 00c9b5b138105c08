-- One row per round, indicator that enters it, service of today and period: the number, or the reason why there is none.
-- Where any of it was shared out over a split, the service's period is shown, and no part of a ranking (estimated_split).
-- A service that crossed a break on a day of its own has no number that may stand beside the others' in between.
SELECT
    round.round_id,
    entered.indicator_id,
    entered.position,
    service.service_id,
    cell.period,
    CASE WHEN apart.period IS NULL THEN cell.numerator END AS numerator,
    CASE WHEN apart.period IS NULL THEN cell.denominator END AS denominator,
    CASE WHEN apart.period IS NULL THEN cell.numerator_low END AS numerator_low,
    CASE WHEN apart.period IS NULL THEN cell.numerator_high END AS numerator_high,
    CASE WHEN apart.period IS NULL THEN cell.value END AS value,
    CASE
        WHEN apart.period IS NOT NULL THEN 'series_break'
        WHEN cell.is_split AND coalesce(cell.numerator, cell.numerator_low) IS NOT NULL THEN 'estimated_split'
        ELSE cell.status
    END AS status,
    cell.parts_present,
    cell.parts_total,
    cell.is_estimated,
    cell.is_synthetic
FROM registry.round AS round
JOIN registry.round_indicator AS entered USING (round_id)
JOIN core.indicator_value AS cell
    ON cell.indicator_id = entered.indicator_id
    AND cell.era = round.era
    AND cell.unit_kind = 'service'
    AND cell.is_newest
    AND cell.period_start >= CAST(round.round_start AS DATE)
    AND cell.period_end <= CAST(round.round_end AS DATE)
LEFT JOIN core.period_apart AS apart
    ON apart.indicator_id = cell.indicator_id AND apart.service_id = cell.unit_code AND apart.period = cell.period
JOIN core.service AS service ON service.service_id = cell.unit_code AND service.valid_to IS NULL
ORDER BY round.round_id, entered.position, service.service_id, cell.period
