-- One row per child-welfare service and span of days in which its host, members, county, office and group stayed the same.
-- valid_to is null for what holds on the as-of date. child_population: children of the last year known within the span.
WITH numbered AS (
    SELECT
        *,
        span - row_number() OVER (
            PARTITION BY service_id, name, is_joint, host, host_name, host_sure, county, office_id, peer_group_scheme,
                peer_group, member_codes, member_names
            ORDER BY span
        ) AS island
    FROM staging.service_span
),
island AS (
    SELECT
        * EXCLUDE (span, span_start, span_end, office_name),
        min(span_start) AS valid_from,
        CASE WHEN bool_and(span_end IS NOT NULL) THEN max(span_end) END AS valid_to
    FROM numbered
    GROUP BY ALL
),
population AS (
    SELECT
        island.service_id,
        island.valid_from,
        population.period,
        sum(population.children) AS children
    FROM island
    JOIN staging.child_population AS population
        ON list_contains(island.member_codes, population.municipality_code)
        AND population.period_start < coalesce(island.valid_to, DATE '9999-12-31')
    GROUP BY island.service_id, island.valid_from, population.period, len(island.member_codes)
    HAVING count(*) = len(island.member_codes)
),
newest AS (
    SELECT service_id, valid_from, max(period) AS population_period, max_by(children, period) AS child_population
    FROM population
    GROUP BY service_id, valid_from
)
SELECT
    island.service_id,
    island.name,
    island.host,
    island.host_name,
    island.host_sure,
    island.county,
    island.office_id,
    len(island.member_codes) AS municipalities,
    island.member_codes,
    island.member_names,
    island.is_joint,
    island.valid_from,
    island.valid_to,
    newest.child_population,
    newest.population_period,
    island.peer_group_scheme,
    island.peer_group,
    not_ranked.reason AS not_ranked_reason
FROM island
LEFT JOIN newest USING (service_id, valid_from)
LEFT JOIN registry.not_ranked AS not_ranked ON not_ranked.municipality_code = island.host
ORDER BY island.service_id, island.valid_from
