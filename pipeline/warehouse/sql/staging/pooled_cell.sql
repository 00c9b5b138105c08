-- One row per series, municipality of today and period whose newest counts may be pooled; see staging.pooled_vintage.
SELECT * EXCLUDE (vintage, is_first, is_newest)
FROM staging.pooled_vintage
WHERE is_newest
