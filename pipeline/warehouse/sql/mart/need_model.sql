-- One row per round and indicator: what the joint model estimated from the data, common to all services.
-- level: the rate of a middling service now (half have more), not the country's. lasting_sd, passing_sd: how much services differ for good, and for a while, on the scale of
-- the logit or log rate; two services of three lie between …_low and …_high, in the indicator's unit. memory: how much of
-- what passes is left after half a year. dispersion: how much more a ratio's counts scatter than chance.
-- revision_sd: how far a newest figure moves from its first vintage to the last, from revision_pairs of services; two of
-- three that stood at the level end between revision_low and revision_high. revision_enters: the newest period stands as
-- first published, so it is read that much more loosely. revision_reason: why it could not be estimated.
WITH scaled AS (
    SELECT
        model.*,
        entered.position,
        series.likelihood = 'binomial' AS is_share,
        CASE WHEN is_share THEN ln(level / (indicator.per - level)) ELSE ln(level / indicator.per) END AS centre,
        indicator.per
    FROM result.need_model AS model
    JOIN registry.round AS round USING (round_id)
    JOIN registry.indicator AS indicator USING (indicator_id)
    JOIN registry.series AS series ON series.indicator_id = model.indicator_id AND series.era = round.era
    JOIN registry.round_indicator AS entered
        ON entered.round_id = model.round_id AND entered.indicator_id = model.indicator_id
)
SELECT
    round_id,
    indicator_id,
    position,
    level,
    lasting_sd,
    per * CASE WHEN is_share THEN 1 / (1 + exp(lasting_sd - centre)) ELSE exp(centre - lasting_sd) END AS lasting_low,
    per * CASE WHEN is_share THEN 1 / (1 + exp(-lasting_sd - centre)) ELSE exp(centre + lasting_sd) END AS lasting_high,
    passing_sd,
    per * CASE WHEN is_share THEN 1 / (1 + exp(passing_sd - centre)) ELSE exp(centre - passing_sd) END AS passing_low,
    per * CASE WHEN is_share THEN 1 / (1 + exp(-passing_sd - centre)) ELSE exp(centre + passing_sd) END AS passing_high,
    memory,
    dispersion,
    services,
    fit_rounds,
    revision_sd,
    per * CASE WHEN is_share THEN 1 / (1 + exp(revision_sd - centre)) ELSE exp(centre - revision_sd) END AS revision_low,
    per * CASE WHEN is_share THEN 1 / (1 + exp(-revision_sd - centre)) ELSE exp(centre + revision_sd) END AS revision_high,
    revision_pairs,
    revision_enters,
    revision_reason
FROM scaled
ORDER BY round_id, position
