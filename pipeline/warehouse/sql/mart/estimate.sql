-- One row per round, indicator and service of today: pooled counts, the shrunken value with its interval, and its like.
-- gaps: the periods without a whole number or bounds of it, and why, as `2023 not_reported;2024 zero_denominator`.
WITH newest AS (
    SELECT
        round_id,
        indicator_id,
        service_id,
        max(period) AS period,
        max_by(status, period) AS status,
        string_agg(period || ' ' || status, ';' ORDER BY period)
            FILTER (status NOT IN ('ok', 'not_applicable') AND numerator_low IS NULL) AS gaps
    FROM mart.cell
    GROUP BY round_id, indicator_id, service_id
),
estimate AS (
    SELECT estimate.*, service.peer_group
    FROM result.indicator_estimate AS estimate
    JOIN core.service AS service ON service.service_id = estimate.service_id AND service.valid_to IS NULL
),
country AS (
    SELECT round_id, indicator_id, median(value) AS country_median FROM estimate GROUP BY round_id, indicator_id
),
peers AS (
    SELECT round_id, indicator_id, peer_group, median(value) AS peer_median, count(*) AS peers
    FROM estimate
    WHERE peer_group IS NOT NULL
    GROUP BY round_id, indicator_id, peer_group
)
SELECT
    estimate.round_id,
    estimate.indicator_id,
    entered.position,
    estimate.service_id,
    estimate.numerator,
    estimate.denominator,
    estimate.hidden_cells,
    estimate.cells,
    estimate.observed_value,
    estimate.value,
    estimate.value_low,
    estimate.value_high,
    estimate.own_information_share,
    estimate.dispersion,
    estimate.need,
    estimate.contribution_points,
    estimate.is_observed,
    estimate.denominator < indicator.minimum_denominator AS is_small,
    newest.period AS newest_period,
    newest.status AS newest_status,
    newest.gaps,
    country.country_median,
    peers.peer_median,
    peers.peers
FROM estimate
JOIN registry.indicator AS indicator USING (indicator_id)
JOIN registry.round_indicator AS entered USING (round_id, indicator_id)
JOIN country USING (round_id, indicator_id)
LEFT JOIN newest USING (round_id, indicator_id, service_id)
LEFT JOIN peers
    ON peers.round_id = estimate.round_id
    AND peers.indicator_id = estimate.indicator_id
    AND peers.peer_group = estimate.peer_group
ORDER BY estimate.round_id, entered.position, estimate.service_id
