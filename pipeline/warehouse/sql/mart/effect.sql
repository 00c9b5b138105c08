-- One row per protocol, outcome, comparison, method and part of it: the effect on the guided, in need, so that less is better.
-- method imputation is the one that is tested, is_primary its row on the composite; the others are checks and placebos.
SELECT
    effect.*,
    indicator.label_nb,
    indicator.label_nn,
    indicator.label_en
FROM result.effect AS effect
LEFT JOIN registry.indicator AS indicator ON indicator.indicator_id = effect.outcome_id
ORDER BY protocol_id, comparison, outcome_id, method, part
