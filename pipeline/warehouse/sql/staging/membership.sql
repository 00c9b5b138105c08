-- One row per span, municipality in use and declared service it belongs to; two rows, or none, is a mistake in the register.
-- Where nothing is declared, everybody is alone.
WITH followed AS (
    SELECT declared.*, followed.code, followed.code_valid_from, followed.since
    FROM staging.followed AS followed
    JOIN registry.member AS declared USING (entry, municipality_code)
    WHERE declared.kind <> 'region'
),
-- A municipality that only changes its number keeps its service: it is called by its last number.
called AS (
    SELECT old_code, old_valid_from, max_by(new_code, new_valid_from) AS last_code
    FROM core.municipality_successor
    WHERE is_same
    GROUP BY old_code, old_valid_from
),
placed AS (
    SELECT
        in_use.span,
        in_use.span_start,
        in_use.span_end,
        in_use.municipality_code,
        in_use.valid_from AS code_valid_from,
        in_use.name AS municipality_name,
        coalesce(followed.service_id, 'municipality_' || called.last_code) AS service_id,
        followed.service_id IS NOT NULL AS is_joint,
        coalesce(followed.name, in_use.name) AS service_name,
        followed.file,
        followed.entry,
        -- Of several that became the host, the one of its name, or the first.
        coalesce(followed.is_host, true) AND row_number() OVER (
            PARTITION BY in_use.span, followed.entry, followed.municipality_code
            ORDER BY in_use.name <> followed.municipality_name, in_use.municipality_code
        ) = 1 OR followed.service_id IS NULL AS is_host,
        coalesce(followed.host_sure, 'sourced') AS host_sure,
        CAST(followed.known_from AS DATE) AS known_from,
        CAST(followed.known_to AS DATE) AS known_to,
        coalesce(followed.source, 'no register of services: everyone is alone') AS source
    FROM staging.in_use AS in_use
    JOIN called ON called.old_code = in_use.municipality_code AND called.old_valid_from = in_use.valid_from
    LEFT JOIN followed
        ON followed.code = in_use.municipality_code
        AND followed.code_valid_from = in_use.valid_from
        AND followed.since <= in_use.span_start
        AND coalesce(CAST(followed.valid_from AS DATE), in_use.span_start) <= in_use.span_start
        AND coalesce(CAST(followed.valid_to AS DATE), DATE '9999-12-31') > in_use.span_start
    WHERE followed.entry IS NOT NULL OR NOT EXISTS (FROM registry.member WHERE kind <> 'region')
)
SELECT *
FROM placed
-- Members of one service that have become one municipality are one member.
QUALIFY row_number() OVER (PARTITION BY span, municipality_code, service_id ORDER BY is_host DESC, known_to DESC, entry) = 1
ORDER BY span, municipality_code
