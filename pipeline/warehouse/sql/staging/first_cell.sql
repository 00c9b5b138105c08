-- One row per series, municipality of today and period whose counts may be pooled, as they were first published; where nothing
-- was published twice these are the newest. Columns as staging.pooled_cell; municipalities and services are those of today.
SELECT * EXCLUDE (unit_code, vintage, is_first, is_newest)
FROM staging.pooled_vintage
WHERE is_first
