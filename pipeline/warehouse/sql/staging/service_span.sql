-- One row per span and service: its host and members. County, office and group are those of the host.
WITH host AS (
    SELECT * FROM staging.membership WHERE is_host
    QUALIFY row_number() OVER (PARTITION BY span, service_id ORDER BY municipality_code) = 1
)
SELECT
    host.span,
    host.span_start,
    host.span_end,
    host.service_id,
    host.service_name AS name,
    host.is_joint,
    host.municipality_code AS host,
    host.municipality_name AS host_name,
    host.host_sure,
    place.county,
    place.office_id,
    place.office_name,
    place.peer_group_scheme,
    place.peer_group,
    members.member_codes,
    members.member_names
FROM host
JOIN staging.in_use AS place ON place.span = host.span AND place.municipality_code = host.municipality_code
JOIN (
    SELECT
        span,
        service_id,
        list(municipality_code ORDER BY municipality_code) AS member_codes,
        string_agg(municipality_name, ', ' ORDER BY municipality_name) AS member_names
    FROM staging.membership
    GROUP BY span, service_id
) AS members ON members.span = host.span AND members.service_id = host.service_id
ORDER BY host.span, host.service_id
