-- One row per child-welfare service: a municipality alone, or several with a host. The office is that of the host's county.
WITH host AS (
    SELECT service_id, service_name, municipality_code, county, valid_to
    FROM staging.member
    WHERE is_host
    QUALIFY row_number() OVER (PARTITION BY service_id ORDER BY municipality_code) = 1
),
members AS (
    SELECT service_id, count(*) AS municipalities, min(first_day) AS first_day, string_agg(name, ', ' ORDER BY name) AS member_names
    FROM staging.member
    GROUP BY service_id
),
population AS (
    SELECT
        member.service_id,
        max(population.period) AS population_period,
        sum(population.value) AS child_population
    FROM staging.member AS member
    JOIN staging.child_population AS population USING (municipality_code)
    GROUP BY member.service_id
)
SELECT
    host.service_id,
    host.service_name AS name,
    host.municipality_code AS host,
    host.county,
    office_county.office_id,
    members.municipalities,
    members.member_names,
    members.first_day AS valid_from,
    host.valid_to,
    population.child_population,
    population.population_period,
    peer.peer_group,
    not_ranked.reason AS not_ranked_reason
FROM host
JOIN members USING (service_id)
LEFT JOIN population USING (service_id)
LEFT JOIN registry.office_county AS office_county
    ON office_county.county = host.county
    AND coalesce(CAST(office_county.valid_from AS DATE), DATE '0001-01-01') <= (SELECT as_of FROM registry.release)
    AND coalesce(CAST(office_county.valid_to AS DATE), DATE '9999-12-31') > (SELECT as_of FROM registry.release)
LEFT JOIN raw.peer_group AS peer ON peer.code = host.municipality_code
LEFT JOIN registry.not_ranked AS not_ranked ON not_ranked.municipality_code = host.municipality_code
ORDER BY host.service_id
