-- One row per round in which anybody is ranked: the dialogue list, how many of the neediest it misses, and its fairness.
-- dialogue_missed: of the tier_top neediest, how many are expected not to be on the list. small_listed, small_expected: the
-- share of the smaller half of the services on the list, and by their probabilities.
SELECT round_id, services, dialogue_services, dialogue_missed, small_listed, small_expected, draws, seed
FROM result.need_round
ORDER BY round_id
