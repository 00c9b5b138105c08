-- One row per round and service of today, ranked or not; a service that is not ranked says why.
-- not_ranked_reason: too_little_reported, or declared (then the declaration's words stand in not_ranked_words).
-- score: outlook of the joint model; companion_…: each indicator by itself. own_share: over the indicators, by their points.
-- variants, share_in_top, rank_least, rank_most: over all variants of the method, at the mean of the draws.
-- is_in_top_at_best_weights: still among the tier_top where every service has the weights that show it best.
SELECT
    round.round_id,
    round.is_current,
    service.service_id,
    service.name,
    service.host,
    service.host_name,
    service.municipalities,
    service.member_names,
    service.county,
    service.office_id,
    service.child_population,
    service.peer_group,
    service.not_ranked_reason IS NULL AND coalesce(score.is_ranked, false) AS is_ranked,
    CASE WHEN service.not_ranked_reason IS NOT NULL THEN 'declared' ELSE score.not_ranked_reason END AS not_ranked_reason,
    service.not_ranked_reason AS not_ranked_words,
    score.score,
    score.score_low,
    score.score_high,
    score.companion_score,
    score.companion_low,
    score.companion_high,
    score.tipping_shift,
    score.observed_weight_share,
    rank.* EXCLUDE (round_id, service_id),
    variant.variants,
    variant.share_in_top,
    variant.rank_least,
    variant.rank_most,
    variant.is_in_top_at_best_weights,
    own.own_share,
    guided.cohorts
FROM registry.round AS round
CROSS JOIN core.service AS service
LEFT JOIN result.need_score AS score ON score.round_id = round.round_id AND score.service_id = service.service_id
LEFT JOIN result.need_rank AS rank ON rank.round_id = round.round_id AND rank.service_id = service.service_id
LEFT JOIN result.need_variant AS variant
    ON variant.round_id = round.round_id AND variant.service_id = service.service_id
LEFT JOIN (
    SELECT round_id, service_id, sum(own_share * contribution_points) / sum(contribution_points) AS own_share
    FROM result.indicator_estimate
    WHERE contribution_points > 0
    GROUP BY round_id, service_id
) AS own ON own.round_id = round.round_id AND own.service_id = service.service_id
LEFT JOIN (
    SELECT service_id, string_agg(DISTINCT cohort_id, ', ' ORDER BY cohort_id) AS cohorts
    FROM staging.guided
    GROUP BY service_id
) AS guided ON guided.service_id = service.service_id
WHERE service.valid_to IS NULL
ORDER BY round.round_id, service.service_id
