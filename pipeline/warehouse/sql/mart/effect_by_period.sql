-- One row per protocol, outcome, comparison and period since the start: the imputation estimate. Without limits in the baseline.
SELECT *
FROM result.effect_by_period
ORDER BY protocol_id, comparison, outcome_id, periods_since_start
