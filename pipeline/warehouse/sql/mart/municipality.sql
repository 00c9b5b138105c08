-- One row per municipality of today: the service that serves it, for maps.
SELECT
    member.municipality_code,
    member.name,
    member.county,
    member.service_id,
    service.name AS service_name,
    service.office_id
FROM staging.member AS member
JOIN core.service AS service ON service.service_id = member.service_id AND service.valid_to IS NULL
WHERE member.valid_to IS NULL
ORDER BY member.municipality_code
