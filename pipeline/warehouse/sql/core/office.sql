-- One row per county governor's office (in England: region). Its counties have dates, in registry.office_county.
SELECT
    office_id,
    name_nb,
    name_nn,
    name_en,
    language,
    organisation_number
FROM registry.office
ORDER BY office_id
