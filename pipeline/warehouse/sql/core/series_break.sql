-- One row per break, indicator it touches (null: none that is declared) and service with a day of its own (null: all others).
-- Periods that end on or before `day` lie before the break; `country_day` is the day of the services without one of their own.
SELECT
    declared.break_id,
    declared.indicator_id,
    NULL AS service_id,
    CAST(declared.day AS DATE) AS day,
    CAST(declared.day AS DATE) AS country_day,
    declared.* EXCLUDE (break_id, indicator_id, day)
FROM registry.series_break AS declared
UNION ALL BY NAME
SELECT
    declared.break_id,
    declared.indicator_id,
    own.service_id,
    CAST(own.day AS DATE) AS day,
    CAST(declared.day AS DATE) AS country_day,
    own.source,
    declared.* EXCLUDE (break_id, indicator_id, day, source)
FROM registry.series_break AS declared
JOIN registry.series_break_service AS own USING (break_id)
ORDER BY break_id, indicator_id, service_id
