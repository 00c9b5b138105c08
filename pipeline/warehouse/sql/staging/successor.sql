-- One row per municipality validity and the municipality it has become by the as-of date, with the share of its counts.
-- A municipality that ended without a successor is its own.
WITH RECURSIVE chain AS (
    SELECT
        municipality_code AS old_code,
        valid_from AS old_valid_from,
        valid_to AS old_valid_to,
        municipality_code,
        valid_to,
        CAST(1.0 AS DOUBLE) AS weight,
        false AS is_split
    FROM core.municipality
    UNION ALL
    SELECT
        chain.old_code,
        chain.old_valid_from,
        chain.old_valid_to,
        later.municipality_code,
        later.valid_to,
        chain.weight * link.weight,
        chain.is_split OR link.kind = 'split'
    FROM chain
    JOIN core.municipality_link AS link
        ON link.old_code = chain.municipality_code AND link.changed_on = chain.valid_to
    JOIN core.municipality AS later
        ON later.municipality_code = link.new_code
        AND later.valid_from <= link.changed_on
        AND (later.valid_to IS NULL OR later.valid_to > link.changed_on)
)
SELECT
    old_code,
    old_valid_from,
    old_valid_to,
    chain.municipality_code,
    sum(weight) AS weight,
    bool_or(is_split) AS is_split
FROM chain
WHERE valid_to IS NULL
    OR NOT EXISTS (
        FROM core.municipality_link AS link
        WHERE link.old_code = chain.municipality_code AND link.changed_on = chain.valid_to
    )
GROUP BY old_code, old_valid_from, old_valid_to, chain.municipality_code
ORDER BY old_code, old_valid_from, chain.municipality_code
