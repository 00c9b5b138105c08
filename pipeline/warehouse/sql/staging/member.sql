-- One row per municipality of the as-of date (or of its end, if nothing came after it): the service it belongs to.
WITH terminal AS (
    SELECT municipality_code, min(old_valid_from) AS first_day
    FROM staging.successor
    GROUP BY municipality_code
),
last AS (
    SELECT * FROM staging.membership
    QUALIFY row_number() OVER (PARTITION BY municipality_code ORDER BY span DESC) = 1
)
SELECT
    last.service_id,
    last.is_host,
    terminal.municipality_code,
    last.municipality_name AS name,
    municipality.county,
    service.county AS service_county,
    service.office_id,
    terminal.first_day,
    municipality.valid_to,
    municipality.is_listed
FROM terminal
JOIN last USING (municipality_code)
JOIN core.municipality AS municipality
    ON municipality.municipality_code = last.municipality_code AND municipality.valid_from = last.code_valid_from
LEFT JOIN staging.service_span AS service ON service.span = last.span AND service.service_id = last.service_id
ORDER BY last.service_id, terminal.municipality_code
