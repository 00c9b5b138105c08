-- One row per cohort and member: those that are declared, and those that a delivered list of inspections has.
SELECT *, false AS is_listed, false AS is_synthetic
FROM registry.cohort_member
UNION ALL
SELECT
    listed.cohort_id,
    listed.era,
    named.name AS member_name,
    inspection.municipality_code,
    listed.code_date,
    listed.start_date,
    listed.end_date,
    min(inspection.inspected_on) AS agreement_day,
    true AS is_agreement_known,
    true AS is_listed,
    bool_or(inspection.is_synthetic) AS is_synthetic
FROM registry.cohort_listed AS listed
JOIN core.inspection AS inspection
    ON inspection.finding = listed.finding
    AND inspection.inspected_on BETWEEN CAST(listed.first_day AS DATE) AND CAST(listed.last_day AS DATE)
JOIN core.municipality_name AS named
    ON named.municipality_code = inspection.municipality_code
    AND named.valid_from <= CAST(listed.code_date AS DATE)
    AND coalesce(named.valid_to, DATE '9999-12-31') > CAST(listed.code_date AS DATE)
GROUP BY
    listed.cohort_id, listed.era, named.name, inspection.municipality_code, listed.code_date, listed.start_date,
    listed.end_date
ORDER BY cohort_id, municipality_code
