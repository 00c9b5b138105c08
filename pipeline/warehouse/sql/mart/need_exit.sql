-- One row per round, service that is likely among the most needing, and indicator that could take it off the list.
-- Without fewer_cases of its cases of need, the newest first, the indicator would be at the rate of a middling service; probability_then
-- and score_then are what the joint model would say then, with everything else as it is.
SELECT
    exits.round_id,
    exits.service_id,
    exits.indicator_id,
    entered.position,
    exits.cases,
    exits.fewer_cases,
    exits.probability,
    exits.probability_then,
    exits.score_then
FROM result.need_exit AS exits
JOIN registry.round_indicator AS entered USING (round_id, indicator_id)
ORDER BY exits.round_id, exits.service_id, exits.probability_then, entered.position
