-- One row per service and municipality it serves. Membership is today's; the geography issue gives it dates.
SELECT service_id, municipality_code, is_host, valid_to, source
FROM staging.member
ORDER BY service_id, municipality_code
