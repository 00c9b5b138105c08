-- One row per series, municipality of today and period whose counts may be pooled, as the newest files have them.
SELECT * EXCLUDE (unit_code, vintage, is_first, is_newest)
FROM staging.pooled_vintage
WHERE is_newest
ORDER BY indicator_id, era, service_id, unit_code, period
