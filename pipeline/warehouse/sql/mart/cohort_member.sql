-- One row per member of a cohort and moment (start, end, as_of): what it was called then, who served it, and whose it was.
-- A member is followed along the way most of it went; office_id is that of the service's host.
WITH moment AS (
    SELECT DISTINCT cohort_id, 'start' AS moment, CAST(start_date AS DATE) AS day FROM staging.cohort_member
    UNION SELECT cohort_id, 'end', CAST(end_date AS DATE) FROM staging.cohort_member
    UNION SELECT cohort.cohort_id, 'as_of', CAST(release.as_of AS DATE)
    FROM staging.cohort_member AS cohort
    CROSS JOIN registry.release AS release
)
SELECT
    cohort.cohort_id,
    cohort.member_name,
    moment.moment,
    moment.day,
    later.new_code AS municipality_code,
    history.name,
    history.service_id,
    history.service_name,
    history.host,
    history.host_name,
    service.member_names,
    history.county,
    history.service_office_id AS office_id,
    history.peer_group_scheme,
    history.peer_group,
    later.is_split
FROM staging.cohort_member AS cohort
JOIN moment USING (cohort_id)
JOIN core.municipality_successor AS later
    ON later.old_code = cohort.municipality_code AND later.is_main
    AND later.since <= moment.day
    AND later.old_valid_from <= CAST(cohort.code_date AS DATE)
    AND coalesce(later.old_valid_to, DATE '9999-12-31') > CAST(cohort.code_date AS DATE)
JOIN core.municipality_history AS history
    ON history.municipality_code = later.new_code
    AND history.valid_from <= moment.day AND coalesce(history.valid_to, DATE '9999-12-31') > moment.day
JOIN core.service AS service
    ON service.service_id = history.service_id
    AND service.valid_from <= moment.day AND coalesce(service.valid_to, DATE '9999-12-31') > moment.day
WHERE moment.day <= (SELECT as_of FROM registry.release)
ORDER BY cohort.cohort_id, moment.day, cohort.member_name
