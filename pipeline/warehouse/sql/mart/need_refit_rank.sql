-- One row per round, refit (mart.need_refit) and ranked service: where it stands with other data.
-- probability: of being among the `tier_top` most needing; change: to that with nothing left out. rank_mean: over the draws.
SELECT
    again.round_id,
    again.refit,
    again.service_id,
    again.probability,
    again.probability - base.probability AS change,
    again.rank_mean
FROM result.need_refit_rank AS again
JOIN result.need_refit_rank AS base
    ON base.round_id = again.round_id AND base.service_id = again.service_id AND base.refit = 'as_it_is'
ORDER BY again.round_id, again.refit, again.service_id
