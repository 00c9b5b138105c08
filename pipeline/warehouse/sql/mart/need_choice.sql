-- One row per round and choice of the method: how much being among the neediest hangs on it. `draw` is the data's part.
-- first_order: the choice by itself; total_order: with all it takes part in. Shares 0..1 of the variance over all variants.
SELECT round_id, choice, levels, first_order, total_order
FROM result.need_choice
ORDER BY round_id, total_order DESC, choice
