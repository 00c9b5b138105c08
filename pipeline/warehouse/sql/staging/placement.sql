-- One row per kind of borders (as staging.route), municipality and span of days: the service its counts go to, the county and
-- office of that service, and the county the municipality itself lies in. As of the as-of date there is one span, without
-- a start and an end.
SELECT
    'as_of' AS borders,
    municipality_code,
    NULL::DATE AS span_start,
    NULL::DATE AS span_end,
    service_id,
    service_county AS county,
    office_id,
    county AS own_county
FROM staging.member
UNION ALL
SELECT
    'period',
    member.municipality_code,
    member.span_start,
    member.span_end,
    member.service_id,
    service.county,
    service.office_id,
    place.county
FROM staging.membership AS member
JOIN staging.in_use AS place ON place.span = member.span AND place.municipality_code = member.municipality_code
JOIN staging.service_span AS service ON service.span = member.span AND service.service_id = member.service_id
ORDER BY borders, municipality_code, span_start
