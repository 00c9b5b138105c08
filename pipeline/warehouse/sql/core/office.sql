-- One row per county governor's office (in England: region), valid as long as it has counties (registry.office_county).
SELECT
    office.office_id,
    office.name_nb,
    office.name_nn,
    office.name_en,
    office.language,
    office.organisation_number,
    CASE WHEN bool_and(county.valid_from IS NOT NULL) THEN CAST(min(county.valid_from) AS DATE) END AS valid_from,
    CASE WHEN bool_and(county.valid_to IS NOT NULL) THEN CAST(max(county.valid_to) AS DATE) END AS valid_to
FROM registry.office AS office
JOIN registry.office_county AS county USING (office_id)
GROUP BY ALL
ORDER BY office.office_id
