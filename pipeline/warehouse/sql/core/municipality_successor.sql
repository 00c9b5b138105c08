-- One row per municipality validity, municipality that it is or has become, and day since when, with the share of its children.
-- Between two days a and b: the old one valid on a, the new one valid on b, and since ≤ b. is_main: the way that most of it went. is_same: the same municipality, under this or another number.
-- A municipality of earlier that went whole to one part of a split (registry.split_part) goes there, and is no estimate.
WITH RECURSIVE link AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY old_code, changed_on ORDER BY weight DESC NULLS LAST, new_code) = 1 AS is_main
    FROM core.municipality_link
    WHERE kind <> 'kept'
),
chain AS (
    SELECT
        municipality_code AS old_code,
        valid_from AS old_valid_from,
        valid_to AS old_valid_to,
        municipality_code AS new_code,
        valid_from AS new_valid_from,
        valid_to AS new_valid_to,
        valid_from AS since,
        CAST(1.0 AS DOUBLE) AS weight,
        false AS is_split,
        true AS is_main,
        true AS is_same
    FROM core.municipality
    UNION ALL
    SELECT
        chain.old_code,
        chain.old_valid_from,
        chain.old_valid_to,
        later.municipality_code,
        later.valid_from,
        later.valid_to,
        link.changed_on,
        chain.weight * CASE WHEN part.origin_code IS NULL THEN link.weight ELSE 1 END,
        chain.is_split OR link.kind = 'split' AND part.origin_code IS NULL,
        chain.is_main AND (link.is_main OR part.origin_code IS NOT NULL),
        chain.is_same AND link.kind = 'renumbered'
    FROM chain
    JOIN link ON link.old_code = chain.new_code AND link.changed_on = chain.new_valid_to
    LEFT JOIN registry.split_part AS part
        ON part.origin_code = chain.old_code AND part.old_code = link.old_code
        AND CAST(part.changed_on AS DATE) = link.changed_on
    JOIN core.municipality AS later
        ON later.municipality_code = link.new_code
        AND later.valid_from <= link.changed_on
        AND (later.valid_to IS NULL OR later.valid_to > link.changed_on)
    WHERE part.origin_code IS NULL OR part.new_code = link.new_code
)
SELECT
    old_code,
    old_valid_from,
    old_valid_to,
    new_code,
    new_valid_from,
    new_valid_to,
    since,
    sum(weight) AS weight,
    bool_or(is_split) AS is_split,
    bool_or(is_main) AS is_main,
    bool_or(is_same) AS is_same
FROM chain
GROUP BY old_code, old_valid_from, old_valid_to, new_code, new_valid_from, new_valid_to, since
ORDER BY old_code, old_valid_from, since, new_code
