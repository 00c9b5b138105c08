-- One row per round, indicator that enters it, service of today and period: the number, or the reason why there is none.
SELECT
    round.round_id,
    entered.indicator_id,
    entered.position,
    service.service_id,
    cell.period,
    cell.numerator,
    cell.denominator,
    cell.numerator_low,
    cell.numerator_high,
    cell.value,
    cell.status,
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
JOIN core.service AS service ON service.service_id = cell.unit_code AND service.valid_to IS NULL
ORDER BY round.round_id, entered.position, service.service_id, cell.period
