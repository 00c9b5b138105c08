-- One row per declared member (of a service or a region), municipality validity it is followed to, and day since when: forwards
-- along the way most of it went (one that is alone, along all ways), backwards from those that mostly became it.
SELECT declared.entry, declared.municipality_code, later.new_code AS code, later.new_valid_from AS code_valid_from, later.since
FROM registry.member AS declared
JOIN core.municipality_successor AS later
    ON later.old_code = declared.municipality_code
    AND later.old_valid_from <= CAST(declared.code_date AS DATE)
    AND (later.old_valid_to IS NULL OR later.old_valid_to > CAST(declared.code_date AS DATE))
    AND (later.is_main OR declared.kind = 'alone')
UNION
SELECT declared.entry, declared.municipality_code, earlier.old_code, earlier.old_valid_from, earlier.old_valid_from
FROM registry.member AS declared
JOIN core.municipality_successor AS earlier
    ON earlier.new_code = declared.municipality_code
    AND earlier.new_valid_from <= CAST(declared.code_date AS DATE)
    AND (earlier.new_valid_to IS NULL OR earlier.new_valid_to > CAST(declared.code_date AS DATE))
    AND earlier.since <= CAST(declared.code_date AS DATE)
    AND earlier.is_main
ORDER BY entry, municipality_code, since, code
