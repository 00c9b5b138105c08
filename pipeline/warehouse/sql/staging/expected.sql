-- One row per series, vintage, period and municipality that should have a number there, or did not exist then.
WITH covered AS (
    SELECT DISTINCT indicator_id, era, vintage, period FROM staging.part_cell
)
SELECT
    covered.indicator_id,
    covered.era,
    covered.vintage,
    covered.period,
    period.period_start,
    period.period_end,
    member.municipality_code,
    member.first_day <= period.period_start
        AND (member.valid_to IS NULL OR member.valid_to > period.period_start) AS existed
FROM covered
JOIN registry.period AS period USING (period)
CROSS JOIN staging.member AS member
