-- One row per service, municipality it serves and span of days; known_from and known_to are the first and last day that
-- the source speaks of: outside them the membership is assumed.
WITH numbered AS (
    SELECT
        span_start,
        span_end,
        service_id,
        municipality_code,
        municipality_name AS name,
        is_host,
        known_from,
        known_to,
        source,
        span - row_number() OVER (
            PARTITION BY service_id, municipality_code, municipality_name, is_host, known_from, known_to, source ORDER BY span
        ) AS island
    FROM staging.membership
),
island AS (
    SELECT
        * EXCLUDE (span_start, span_end),
        min(span_start) AS valid_from,
        CASE WHEN bool_and(span_end IS NOT NULL) THEN max(span_end) END AS valid_to
    FROM numbered
    GROUP BY ALL
)
SELECT * EXCLUDE (island)
FROM island
ORDER BY service_id, municipality_code, valid_from
