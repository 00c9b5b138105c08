-- One row per municipality code, year and way its name may be written, in lower case: whole, without the county in parentheses,
-- and each of its languages.
SELECT DISTINCT
    listed.code AS municipality_code,
    CAST(period.period_start AS DATE) AS valid_from,
    CAST(period.period_end AS DATE) AS valid_to,
    listed.name AS full_name,
    lower(trim(unnest(list_concat(
        [listed.name, regexp_replace(listed.name, '\(.*\)', '')],
        string_split(regexp_replace(listed.name, '\(.*\)', ''), ' - ')
    )))) AS spelling
FROM raw.municipality_code AS listed
JOIN registry.period AS period ON period.period = listed.year
UNION ALL
SELECT code, DATE '0001-01-01', DATE '9999-12-31', name, lower(name)
FROM registry.carried
ORDER BY municipality_code, valid_from, spelling
