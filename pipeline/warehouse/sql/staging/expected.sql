-- One row per series, vintage, period, kind of borders and municipality that should have a number there, or did not exist then.
WITH covered AS (
    SELECT DISTINCT indicator_id, era, vintage, period FROM staging.part_cell
)
SELECT
    'as_of' AS borders,
    covered.*,
    period.period_start,
    period.period_end,
    member.municipality_code,
    member.is_listed,
    member.first_day <= period.period_start
        AND (member.valid_to IS NULL OR member.valid_to > period.period_start) AS existed
FROM covered
JOIN registry.period AS period USING (period)
CROSS JOIN staging.member AS member
UNION ALL
SELECT
    'period',
    covered.*,
    period.period_start,
    period.period_end,
    municipality.municipality_code,
    municipality.is_listed,
    true
FROM covered
JOIN registry.period AS period USING (period)
JOIN core.municipality AS municipality
    ON municipality.valid_from <= CAST(period.period_start AS DATE)
    AND (municipality.valid_to IS NULL OR municipality.valid_to > CAST(period.period_start AS DATE))
