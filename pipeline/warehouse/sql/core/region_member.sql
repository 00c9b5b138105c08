-- One row per region (regions.toml), municipality in it and span of days; known_from and known_to as core.service_member.
WITH numbered AS (
    SELECT
        place.span_start,
        place.span_end,
        declared.place AS region_id,
        place.municipality_code,
        place.name,
        CAST(declared.known_from AS DATE) AS known_from,
        CAST(declared.known_to AS DATE) AS known_to,
        declared.source,
        place.span - row_number() OVER (
            PARTITION BY declared.entry, place.municipality_code, place.name ORDER BY place.span
        ) AS island
    FROM staging.followed AS followed
    JOIN registry.member AS declared USING (entry, municipality_code)
    JOIN staging.in_use AS place
        ON place.municipality_code = followed.code
        AND place.valid_from = followed.code_valid_from
        AND followed.since <= place.span_start
        AND coalesce(CAST(declared.valid_from AS DATE), place.span_start) <= place.span_start
        AND coalesce(CAST(declared.valid_to AS DATE), DATE '9999-12-31') > place.span_start
    WHERE declared.kind = 'region'
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
ORDER BY region_id, municipality_code, valid_from
