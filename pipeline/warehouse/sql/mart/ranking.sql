-- One row per round and service of today, ranked or not; a service that is not ranked says why.
-- not_ranked_reason: too_little_reported, or declared (then the declaration's words stand in not_ranked_words).
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
    score.observed_weight_share,
    rank.* EXCLUDE (round_id, service_id),
    guided.cohorts
FROM registry.round AS round
CROSS JOIN core.service AS service
LEFT JOIN result.need_score AS score ON score.round_id = round.round_id AND score.service_id = service.service_id
LEFT JOIN result.need_rank AS rank ON rank.round_id = round.round_id AND rank.service_id = service.service_id
LEFT JOIN (
    SELECT service_id, string_agg(DISTINCT cohort_id, ', ' ORDER BY cohort_id) AS cohorts
    FROM staging.guided
    GROUP BY service_id
) AS guided ON guided.service_id = service.service_id
WHERE service.valid_to IS NULL
ORDER BY round.round_id, service.service_id
