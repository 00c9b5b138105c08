-- One row per round, indicator and service of today: pooled counts, the shrunken value with its interval, and its like.
-- value: pooled and shrunken, each indicator by itself; borrowed_cases: how many imaginary cases at the mean of the services it is
-- read together with. expected_value: what the joint model expects of the next four half-years, without guidance.
-- duty, others: the verdicts of result.indicator_verdict; chance: how likely a figure at least as far out is by chance.
-- numerator_low, numerator_high: the count with what is hidden at either bound.
-- gaps: the periods without a whole number or bounds of it, and why, as `2023 not_reported;2024 zero_denominator`.
-- A median counts each service once; a pooled mean counts each case once: expected cases summed, then divided. Only
-- services with figures of their own count; the peer group holds the service itself, its peers do not.
WITH newest AS (
    SELECT
        round_id,
        indicator_id,
        service_id,
        max(period) AS period,
        max_by(status, period) AS status,
        string_agg(period || ' ' || status, ';' ORDER BY period)
            FILTER (status NOT IN ('ok', 'not_applicable') AND (numerator_low IS NULL OR status = 'estimated_split')) AS gaps
    FROM mart.cell
    GROUP BY round_id, indicator_id, service_id
),
estimate AS (
    SELECT estimate.*, service.peer_group
    FROM result.indicator_estimate AS estimate
    JOIN core.service AS service ON service.service_id = estimate.service_id AND service.valid_to IS NULL
),
country AS (
    SELECT round_id, indicator_id, median(value) AS country_median
    FROM estimate
    WHERE is_observed
    GROUP BY round_id, indicator_id
),
peer_group AS (
    SELECT
        round_id,
        indicator_id,
        peer_group,
        median(value) AS peer_group_median,
        sum(value * denominator) / sum(denominator) AS peer_group_pooled_mean,
        count(*) AS peer_group_services
    FROM estimate
    WHERE peer_group IS NOT NULL AND is_observed
    GROUP BY round_id, indicator_id, peer_group
),
peer AS (
    SELECT
        estimate.round_id,
        estimate.indicator_id,
        likeness.service_id,
        median(estimate.value) AS peer_median,
        sum(estimate.value * estimate.denominator) / sum(estimate.denominator) AS peer_pooled_mean,
        count(*) AS peers
    FROM result.service_peer AS likeness
    JOIN estimate ON estimate.round_id = likeness.round_id AND estimate.service_id = likeness.peer_id
    WHERE estimate.is_observed
    GROUP BY estimate.round_id, estimate.indicator_id, likeness.service_id
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
    estimate.denominator * (1 / nullif(estimate.own_information_share, 0) - 1) AS borrowed_cases,
    estimate.expected_value,
    estimate.expected_low,
    estimate.expected_high,
    estimate.own_share,
    verdict.duty,
    verdict.others,
    verdict.chance,
    verdict.numerator_low,
    verdict.numerator_high,
    estimate.dispersion,
    estimate.need,
    estimate.contribution_points,
    estimate.is_observed,
    estimate.denominator < indicator.minimum_denominator AS is_small,
    newest.period AS newest_period,
    newest.status AS newest_status,
    newest.gaps,
    country.country_median,
    peer_group.peer_group_median,
    peer_group.peer_group_pooled_mean,
    peer_group.peer_group_services,
    peer.peer_median,
    peer.peer_pooled_mean,
    peer.peers
FROM estimate
JOIN registry.indicator AS indicator USING (indicator_id)
JOIN registry.round_indicator AS entered USING (round_id, indicator_id)
LEFT JOIN result.indicator_verdict AS verdict USING (round_id, indicator_id, service_id)
LEFT JOIN country USING (round_id, indicator_id)
LEFT JOIN newest USING (round_id, indicator_id, service_id)
LEFT JOIN peer_group
    ON peer_group.round_id = estimate.round_id
    AND peer_group.indicator_id = estimate.indicator_id
    AND peer_group.peer_group = estimate.peer_group
LEFT JOIN peer USING (round_id, indicator_id, service_id)
ORDER BY estimate.round_id, entered.position, estimate.service_id
