-- One row per municipality of a map, with the days the map holds; valid_to is null on the map of the as-of date.
-- The name is that of the code list, as everywhere else: a map may spell it otherwise.
SELECT
    span.valid_from,
    span.valid_to,
    border.municipality_code,
    coalesce(municipality.name, border.name) AS name,
    border.geometry,
    file.publisher,
    file.licence,
    file.url,
    span.file_id
FROM staging.map_span AS span
JOIN raw.border AS border USING (file_id)
JOIN raw.file AS file USING (file_id)
LEFT JOIN core.municipality AS municipality
    ON municipality.municipality_code = border.municipality_code
    AND municipality.valid_from <= span.valid_from
    AND (municipality.valid_to IS NULL OR municipality.valid_to > span.valid_from)
ORDER BY span.valid_from, border.municipality_code
