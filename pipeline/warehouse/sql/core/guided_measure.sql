-- One row per cohort, guided service of today, other measure that reached it, and phase of the cohort the two overlap in.
-- A measure for the whole country reaches all; one of an office, the services that lay under it on the measure's first day.
WITH placed AS (
    SELECT DISTINCT guided.cohort_id, guided.service_id, timeline.office_id, timeline.valid_from, timeline.valid_to
    FROM staging.guided AS guided
    JOIN core.cohort_timeline AS timeline USING (cohort_id, member_name)
),
reached AS (
    SELECT DISTINCT placed.cohort_id, placed.service_id, measure.measure_id
    FROM registry.measure AS measure
    JOIN placed
        ON placed.office_id = measure.office_id
        AND placed.valid_from <= CAST(measure.first_day AS DATE)
        AND coalesce(placed.valid_to, DATE '9999-12-31') > CAST(measure.first_day AS DATE)
    UNION
    SELECT guided.cohort_id, guided.service_id, measure.measure_id
    FROM registry.measure AS measure
    JOIN staging.successor AS successor
        ON successor.old_code = measure.municipality_code
        AND successor.old_valid_from <= CAST(measure.first_day AS DATE)
        AND coalesce(successor.old_valid_to, DATE '9999-12-31') > CAST(measure.first_day AS DATE)
    JOIN staging.member AS member ON member.municipality_code = successor.municipality_code
    JOIN staging.guided AS guided ON guided.service_id = member.service_id
    UNION
    SELECT guided.cohort_id, guided.service_id, measure.measure_id
    FROM staging.guided AS guided
    CROSS JOIN registry.measure AS measure
    WHERE measure.office_id IS NULL AND measure.municipality_code IS NULL
),
dated AS (
    SELECT DISTINCT measure_id, kind, CAST(first_day AS DATE) AS first_day, CAST(last_day AS DATE) AS last_day, days
    FROM registry.measure
)
SELECT
    reached.cohort_id,
    reached.service_id,
    phase.phase,
    reached.measure_id,
    dated.kind,
    dated.first_day,
    dated.last_day,
    dated.days
FROM reached
JOIN dated USING (measure_id)
JOIN registry.phase AS phase
    ON phase.cohort_id = reached.cohort_id
    AND dated.first_day < CAST(phase.phase_end AS DATE)
    AND coalesce(dated.last_day, DATE '9999-12-31') >= CAST(phase.phase_start AS DATE)
ORDER BY reached.cohort_id, reached.service_id, phase.phase_start, dated.first_day, reached.measure_id
