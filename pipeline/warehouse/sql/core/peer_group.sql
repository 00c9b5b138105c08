-- One row per municipality code, scheme and group: the group as listed, carried along where only the number changed.
SELECT
    municipality.municipality_code,
    listed.scheme,
    listed.peer_group,
    listed.peer_group_name,
    greatest(municipality.valid_from, CAST(listed.valid_from AS DATE)) AS valid_from,
    CAST(nullif(
        least(coalesce(municipality.valid_to, DATE '9999-12-31'), coalesce(CAST(nullif(listed.valid_to, '') AS DATE), DATE '9999-12-31')),
        DATE '9999-12-31'
    ) AS DATE) AS valid_to
FROM raw.peer_group AS listed
JOIN core.municipality_successor AS same
    ON same.is_same
    AND (
        same.old_code = listed.code AND same.old_valid_from <= CAST(listed.code_date AS DATE)
            AND (same.old_valid_to IS NULL OR same.old_valid_to > CAST(listed.code_date AS DATE))
        OR same.new_code = listed.code AND same.new_valid_from <= CAST(listed.code_date AS DATE)
            AND (same.new_valid_to IS NULL OR same.new_valid_to > CAST(listed.code_date AS DATE))
    )
JOIN core.municipality AS municipality
    ON municipality.municipality_code IN (same.old_code, same.new_code)
    AND municipality.valid_from IN (same.old_valid_from, same.new_valid_from)
WHERE municipality.valid_from < coalesce(CAST(nullif(listed.valid_to, '') AS DATE), DATE '9999-12-31')
    AND coalesce(municipality.valid_to, DATE '9999-12-31') > CAST(listed.valid_from AS DATE)
GROUP BY ALL
ORDER BY municipality.municipality_code, valid_from
