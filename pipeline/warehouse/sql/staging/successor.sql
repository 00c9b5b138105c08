-- One row per municipality validity and the municipality it has become by the as-of date, with the share of its counts.
-- A municipality that ended without a successor is its own.
SELECT
    successor.old_code,
    successor.old_valid_from,
    successor.old_valid_to,
    successor.new_code AS municipality_code,
    sum(successor.weight) AS weight,
    bool_or(successor.is_split) AS is_split
FROM core.municipality_successor AS successor
WHERE successor.new_valid_to IS NULL
    OR NOT EXISTS (
        FROM core.municipality_link AS link
        WHERE link.old_code = successor.new_code AND link.changed_on = successor.new_valid_to AND link.kind <> 'kept'
    )
GROUP BY successor.old_code, successor.old_valid_from, successor.old_valid_to, successor.new_code
ORDER BY successor.old_code, successor.old_valid_from, municipality_code
