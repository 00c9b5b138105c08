-- One row per inspection of a service and topic, as the newest delivery that has it says; finding 'withdrawn' takes one back.
SELECT
    inspection.office_id,
    inspection.case_number,
    inspection.municipality_code,
    member.service_id,
    CAST(inspection.inspected_on AS DATE) AS inspected_on,
    inspection.topic,
    inspection.finding,
    CAST(nullif(inspection.closed_on, '') AS DATE) AS closed_on,
    nullif(inspection.report_address, '') AS report_address,
    inspection.file_id,
    CAST(inspection.line AS INTEGER) AS line,
    file.is_synthetic
FROM raw.inspection AS inspection
JOIN raw.file AS file ON file.file_id = inspection.file_id
LEFT JOIN core.service_member AS member
    ON member.municipality_code = inspection.municipality_code
    AND coalesce(member.valid_from, DATE '0001-01-01') <= CAST(inspection.inspected_on AS DATE)
    AND (member.valid_to IS NULL OR member.valid_to > CAST(inspection.inspected_on AS DATE))
QUALIFY row_number() OVER (
    PARTITION BY inspection.office_id, inspection.case_number, inspection.municipality_code, inspection.topic
    ORDER BY file.published_at DESC, file.file_id DESC, inspection.line DESC
) = 1
ORDER BY inspected_on, inspection.office_id, inspection.case_number, inspection.municipality_code, inspection.topic
