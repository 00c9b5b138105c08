-- One row per municipality code and span of years in which it had one name; valid_to is null for the name of the as-of date.
WITH listed AS (
    SELECT DISTINCT
        listed.code AS municipality_code,
        listed.name,
        CAST(listed.year AS INTEGER) AS year,
        CAST(period.period_start AS DATE) AS period_start,
        CAST(period.period_end AS DATE) AS period_end
    FROM raw.municipality_code AS listed
    JOIN registry.period AS period ON period.period = listed.year
    WHERE period.period_start <= (SELECT as_of FROM registry.release)
),
numbered AS (
    SELECT
        *,
        year - row_number() OVER (PARTITION BY municipality_code, name ORDER BY year) AS island,
        max(year) OVER () AS last_year
    FROM listed
)
SELECT
    municipality_code,
    name,
    min(period_start) AS valid_from,
    CASE WHEN max(year) < max(last_year) THEN max(period_end) END AS valid_to
FROM numbered
GROUP BY municipality_code, name, island
UNION ALL
SELECT municipality_code, name, valid_from, NULL
FROM core.municipality
WHERE NOT is_listed
ORDER BY municipality_code, valid_from
