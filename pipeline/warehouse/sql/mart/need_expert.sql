-- One row per round and ranked service, where experts have said what they would weigh: how far its place hangs on that.
-- probability: of being among the `tier_top` most needing, over draws and experts; least and most: by the weights of one expert.
-- share_in_top: of the experts, for how many it is among them by its mean score.
SELECT round_id, service_id, experts, probability, probability_least, probability_most, share_in_top
FROM result.need_expert
ORDER BY round_id, service_id
