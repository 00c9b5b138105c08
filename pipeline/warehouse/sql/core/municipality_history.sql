-- One row per municipality code and span of days in which its county, office, service, host and group stayed the same.
-- office_id and peer_group are the municipality's own; the service may lie under another office, its host's.
-- It answers: who was 1432, and when.
WITH placed AS (
    SELECT
        place.* EXCLUDE (valid_from),
        region.regions,
        member.service_id,
        service.name AS service_name,
        service.host,
        service.host_name,
        service.host_sure,
        service.office_id AS service_office_id,
        service.office_name AS service_office_name,
        member.known_from,
        member.known_to,
        member.source
    FROM staging.in_use AS place
    JOIN staging.membership AS member
        ON member.span = place.span AND member.municipality_code = place.municipality_code
    LEFT JOIN (
        SELECT span.span, member.municipality_code, string_agg(region.name_en, ', ' ORDER BY region.name_en) AS regions
        FROM core.region_member AS member
        JOIN registry.region AS region USING (region_id)
        JOIN staging.span AS span
            ON member.valid_from <= span.span_start AND coalesce(member.valid_to, DATE '9999-12-31') > span.span_start
        GROUP BY span.span, member.municipality_code
    ) AS region ON region.span = place.span AND region.municipality_code = place.municipality_code
    LEFT JOIN staging.service_span AS service ON service.span = member.span AND service.service_id = member.service_id
),
numbered AS (
    SELECT
        *,
        span - row_number() OVER (
            PARTITION BY municipality_code, name, regions, county, office_id, office_name, service_id, service_name, host, host_sure,
                service_office_id, service_office_name, peer_group_scheme, peer_group, known_from, known_to, source
            ORDER BY span
        ) AS island
    FROM placed
),
island AS (
    SELECT
        * EXCLUDE (span, span_start, span_end),
        min(span_start) AS valid_from,
        CASE WHEN bool_and(span_end IS NOT NULL) THEN max(span_end) END AS valid_to
    FROM numbered
    GROUP BY ALL
)
SELECT * EXCLUDE (island)
FROM island
ORDER BY municipality_code, valid_from
