-- One row per indicator, era, kind of borders, unit kind, unit, period and vintage; value is in the unit of the indicator.
-- borders = 'as_of': municipalities, services, counties and offices as they are on the as-of date, so that years compare.
-- borders = 'period': as they were when the period started: who was responsible then; nothing is carried across a split.
-- Totals are sums over the municipalities that are known; parts_present of parts_total says how many those are.
-- Where counts are hidden, numerator_low and numerator_high bound the sum over known and hidden ones together, out of
-- denominator_bounded: the known ones alone lean to one side, because it is the small counts that are hidden.
-- A county or an office has the services whose host lies there; a county_area has the municipalities that lie there, as publishers
-- sum them. They differ where a service reaches over a county's border.
WITH placed AS (
    SELECT municipal.*, placement.service_id, placement.county, placement.office_id, placement.own_county
    FROM staging.municipality_value AS municipal
    JOIN staging.placement AS placement
        ON placement.borders = municipal.borders
        AND placement.municipality_code = municipal.municipality_code
        AND coalesce(placement.span_start, municipal.period_start) <= municipal.period_start
        AND coalesce(placement.span_end, DATE '9999-12-31') > municipal.period_start
),
total AS (
    SELECT * FROM placed WHERE status <> 'unit_absent' AND is_listed
),
unit AS (
    SELECT *, 'municipality' AS unit_kind, municipality_code AS unit_code FROM placed
    UNION ALL
    SELECT *, 'service' AS unit_kind, service_id AS unit_code FROM placed
    UNION ALL
    SELECT *, 'county' AS unit_kind, county AS unit_code FROM total
    UNION ALL
    SELECT *, 'county_area' AS unit_kind, own_county AS unit_code FROM total
    UNION ALL
    SELECT *, 'office' AS unit_kind, office_id AS unit_code FROM total
    UNION ALL
    SELECT *, 'country' AS unit_kind, '0' AS unit_code FROM total
),
summed AS (
    SELECT
        indicator_id,
        era,
        borders,
        unit_kind,
        unit_code,
        period,
        period_start,
        period_end,
        vintage,
        sum(numerator) AS numerator,
        sum(denominator) FILTER (numerator_low IS NULL) AS denominator,
        CASE WHEN bool_or(numerator_low IS NOT NULL) THEN sum(coalesce(numerator, numerator_low)) END AS numerator_low,
        CASE WHEN bool_or(numerator_low IS NOT NULL) THEN sum(coalesce(numerator, numerator_high)) END AS numerator_high,
        CASE WHEN bool_or(numerator_low IS NOT NULL) THEN sum(denominator) END AS denominator_bounded,
        CASE WHEN count(*) = 1 THEN max(parts_present)
            ELSE count(*) FILTER (status IN ('ok', 'zero_denominator')) END AS parts_present,
        CASE WHEN count(*) = 1 THEN max(parts_total) ELSE count(*) END AS parts_total,
        bool_and(status IN ('ok', 'zero_denominator')) AS is_complete,
        bool_or(status IN ('ok', 'incomplete_merger')) AS has_value,
        count(DISTINCT status) = 1 AS is_unanimous,
        min(status) AS first_status,
        min(status) FILTER (status NOT IN ('ok', 'zero_denominator', 'unit_absent')) AS reason,
        bool_or(is_estimated) AS is_estimated,
        bool_or(is_split) AS is_split,
        list_sort(list_distinct(flatten(list(file_ids)))) AS file_ids,
        bool_or(is_synthetic) AS is_synthetic
    FROM unit
    GROUP BY indicator_id, era, borders, unit_kind, unit_code, period, period_start, period_end, vintage
)
SELECT
    summed.indicator_id,
    summed.era,
    borders,
    unit_kind,
    unit_code,
    period,
    period_start,
    period_end,
    summed.vintage,
    newest.is_newest,
    indicator.unit,
    numerator,
    coalesce(denominator, denominator_bounded) AS denominator,
    numerator_low,
    numerator_high,
    denominator_bounded,
    numerator / nullif(denominator, 0) * indicator.per AS value,
    CASE
        WHEN is_complete AND denominator > 0 THEN 'ok'
        WHEN is_unanimous THEN first_status
        WHEN is_complete THEN 'zero_denominator'
        WHEN has_value THEN 'incomplete_merger'
        ELSE coalesce(reason, 'unit_absent')
    END AS status,
    parts_present,
    parts_total,
    is_estimated,
    is_split,
    file_ids,
    is_synthetic
FROM summed
JOIN registry.indicator AS indicator USING (indicator_id)
JOIN (SELECT DISTINCT indicator_id, era, vintage, is_newest FROM staging.vintage) AS newest
    USING (indicator_id, era, vintage)
ORDER BY summed.indicator_id, summed.era, borders, unit_kind, unit_code, period, summed.vintage
