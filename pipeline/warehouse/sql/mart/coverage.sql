-- One row per indicator, era, period and status: how many municipalities of today have it. Nothing is simply blank.
SELECT
    indicator_id,
    era,
    period,
    status,
    count(*) AS municipalities,
    bool_or(is_synthetic) AS is_synthetic
FROM core.indicator_value
WHERE unit_kind = 'municipality' AND is_newest
GROUP BY indicator_id, era, period, status
ORDER BY indicator_id, era, period, status
