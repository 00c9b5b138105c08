-- One row per round and dimension with figures: its declared weight, and how much of the order of the ranked it gives.
-- effective_weight: squared correlation of the dimension's need with the score, 0..1; these do not add up to 1.
SELECT round_id, dimension_id, weight, effective_weight
FROM result.need_dimension
ORDER BY round_id, dimension_id
