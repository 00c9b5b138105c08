-- One row per cohort, member, municipality code it had or has, and span of days in which service, host and members stayed the same.
-- From the first day of the cohort's phases on. A member is followed along the way that most of it went, and back to those that
-- mostly became it; the service is that of the day, not today's. It answers: whom did the figures of a guided member tell of, and when.
WITH declared AS (
    SELECT
        cohort.*,
        coalesce(
            (SELECT min(CAST(phase.phase_start AS DATE)) FROM registry.phase AS phase WHERE phase.cohort_id = cohort.cohort_id),
            CAST(cohort.start_date AS DATE)
        ) AS first_day
    FROM staging.cohort_member AS cohort
),
called AS (
    SELECT declared.*, later.new_code AS code, later.new_valid_from AS code_valid_from, later.since
    FROM declared
    JOIN core.municipality_successor AS later
        ON later.old_code = declared.municipality_code AND later.is_main
        AND later.old_valid_from <= CAST(declared.code_date AS DATE)
        AND coalesce(later.old_valid_to, DATE '9999-12-31') > CAST(declared.code_date AS DATE)
    UNION
    SELECT declared.*, earlier.old_code, earlier.old_valid_from, earlier.old_valid_from
    FROM declared
    JOIN core.municipality_successor AS earlier
        ON earlier.new_code = declared.municipality_code AND earlier.is_main
        AND earlier.new_valid_from <= CAST(declared.code_date AS DATE)
        AND coalesce(earlier.new_valid_to, DATE '9999-12-31') > CAST(declared.code_date AS DATE)
),
placed AS (
    SELECT
        called.cohort_id,
        called.member_name,
        called.first_day,
        member.span,
        member.span_start,
        member.span_end,
        member.municipality_code,
        member.municipality_name,
        member.service_id,
        service.name AS service_name,
        service.host,
        service.host_name,
        service.member_codes,
        service.member_names,
        service.county,
        service.office_id
    FROM called
    JOIN staging.membership AS member
        ON member.municipality_code = called.code AND member.code_valid_from = called.code_valid_from
        AND called.since <= member.span_start
    JOIN staging.service_span AS service ON service.span = member.span AND service.service_id = member.service_id
    WHERE coalesce(member.span_end, DATE '9999-12-31') > called.first_day
),
numbered AS (
    SELECT
        *,
        span - row_number() OVER (
            PARTITION BY cohort_id, member_name, municipality_code, municipality_name, service_id, service_name, host, member_codes,
                county, office_id
            ORDER BY span
        ) AS island
    FROM placed
)
SELECT
    cohort_id,
    member_name,
    municipality_code,
    municipality_name,
    greatest(min(span_start), first_day) AS valid_from,
    CASE WHEN bool_and(span_end IS NOT NULL) THEN max(span_end) END AS valid_to,
    service_id,
    service_name,
    host,
    host_name,
    member_codes,
    member_names,
    county,
    office_id
FROM numbered
GROUP BY
    cohort_id, member_name, municipality_code, municipality_name, first_day, service_id, service_name, host, host_name,
    member_codes, member_names, county, office_id, island
ORDER BY cohort_id, member_name, valid_from, municipality_code
