-- One row per round, ranked service that lacks figures, and declared shift: were what it lacks so much worse than expected.
-- shift: in lasting standard deviations between services. probability, probability_then: of being among the `tier_top`, now and then.
-- The smallest shift that lists it stands in mart.ranking (tipping_shift).
SELECT round_id, service_id, shift, probability, probability_then
FROM result.need_shift
ORDER BY round_id, service_id, shift
