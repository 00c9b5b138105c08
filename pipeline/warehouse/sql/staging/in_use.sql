-- One row per span and municipality code in use: its name, its county, its office and its group at the time.
SELECT
    span.span,
    span.span_start,
    span.span_end,
    municipality.municipality_code,
    municipality.valid_from,
    named.name,
    municipality.county,
    office_county.name AS county_name,
    office_county.office_id,
    office_name.name_nb AS office_name,
    peer.scheme AS peer_group_scheme,
    peer.peer_group
FROM staging.span AS span
JOIN core.municipality AS municipality
    ON municipality.valid_from <= span.span_start
    AND (municipality.valid_to IS NULL OR municipality.valid_to > span.span_start)
JOIN core.municipality_name AS named
    ON named.municipality_code = municipality.municipality_code
    AND named.valid_from <= span.span_start
    AND (named.valid_to IS NULL OR named.valid_to > span.span_start)
LEFT JOIN registry.office_county AS office_county
    ON office_county.county = municipality.county
    AND coalesce(CAST(office_county.valid_from AS DATE), span.span_start) <= span.span_start
    AND coalesce(CAST(office_county.valid_to AS DATE), DATE '9999-12-31') > span.span_start
LEFT JOIN registry.office_name AS office_name
    ON office_name.office_id = office_county.office_id
    AND coalesce(CAST(office_name.valid_from AS DATE), span.span_start) <= span.span_start
    AND coalesce(CAST(office_name.valid_to AS DATE), DATE '9999-12-31') > span.span_start
LEFT JOIN core.peer_group AS peer
    ON peer.municipality_code = municipality.municipality_code
    AND peer.valid_from <= span.span_start
    AND coalesce(peer.valid_to, DATE '9999-12-31') > span.span_start
ORDER BY span.span, municipality.municipality_code
