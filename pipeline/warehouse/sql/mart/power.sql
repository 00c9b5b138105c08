-- One row per protocol, outcome and odds ratio: how often the programme as declared would show such an effect (detected), its
-- size in the outcome's unit (effect), and the smallest that it could show (smallest_visible).
SELECT *
FROM result.power
ORDER BY protocol_id, outcome_id, odds_ratio
