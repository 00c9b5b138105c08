-- One row per municipality code and unbroken span of validity; valid_to is null while the code is still in use.
-- is_listed is false for a unit that publishers send figures of though the code list leaves it out.
WITH yearly AS (
    SELECT DISTINCT
        listed.code,
        listed.name,
        CASE release.county_from WHEN 'code_prefix' THEN left(listed.code, 2) ELSE listed.county END AS county,
        CAST(listed.year AS INTEGER) AS year,
        period.period_start,
        period.period_end
    FROM raw.municipality_code AS listed
    JOIN registry.period AS period ON period.period = listed.year
    CROSS JOIN registry.release AS release
    WHERE period.period_start <= release.as_of
),
numbered AS (
    SELECT
        *,
        year - row_number() OVER (PARTITION BY code ORDER BY year) AS span,
        max(year) OVER () AS last_year
    FROM yearly
)
SELECT
    code AS municipality_code,
    max_by(name, year) AS name,
    max_by(county, year) AS county,
    CAST(min(period_start) AS DATE) AS valid_from,
    CAST(CASE WHEN max(year) < max(last_year) THEN max(period_end) END AS DATE) AS valid_to,
    true AS is_listed
FROM numbered
GROUP BY code, span
UNION ALL
SELECT code, name, county, (SELECT CAST(min(period_start) AS DATE) FROM yearly), NULL, false
FROM registry.carried
ORDER BY municipality_code, valid_from
