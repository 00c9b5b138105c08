-- One row per indicator, era, unit kind, unit, period and vintage: units as they were when the period started, so that it is
-- plain who was responsible. Columns as core.indicator_value; nothing is carried across a split.
-- A county or an office has the services whose host lies there; a county_area has the municipalities that lie there, as publishers
-- sum them. They differ where a service reaches over a county's border.
SELECT * EXCLUDE (borders)
FROM staging.indicator_value
WHERE borders = 'period'
ORDER BY indicator_id, era, unit_kind, unit_code, period, vintage
