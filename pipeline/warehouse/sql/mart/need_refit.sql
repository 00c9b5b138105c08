-- One row per round and refit of the joint model to other data: without a half-year or a span, or with more counts hidden.
-- The first (`as_it_is`) leaves nothing out; the others are held against it. kept_top_k: how many of its k most probable services
-- are among the k most probable here. largest_change: of a probability. rank_correlation: Spearman's, of mean ranks.
-- reason: why a refit could not be made. left_out: periods, or how much higher counts are hidden.
SELECT *
FROM result.need_refit
ORDER BY round_id, position
