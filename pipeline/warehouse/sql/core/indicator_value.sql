-- One row per indicator, era, unit kind, unit, period and vintage: units as they are on the as-of date, so that years compare.
-- Totals are sums over the municipalities that are known; parts_present of parts_total says how many those are.
-- Where counts are hidden, numerator_low and numerator_high bound the sum over known and hidden ones together, out of
-- denominator_bounded: the known ones alone lean to one side, because it is the small counts that are hidden.
-- A county or an office has the services whose host lies there; a county_area has the municipalities that lie there, as publishers
-- sum them. They differ where a service reaches over a county's border.
SELECT * EXCLUDE (borders)
FROM staging.indicator_value
WHERE borders = 'as_of'
ORDER BY indicator_id, era, unit_kind, unit_code, period, vintage
