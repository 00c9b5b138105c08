-- One row per split municipality and successor: the share of its children that went there, and what that rests on.
-- Declared, or counted: the successor's children on the first day of the new borders, beyond those its other parts had
-- a year before. Null where neither can tell.
WITH change AS (
    SELECT DISTINCT old_code, new_code, CAST(changed_on AS DATE) AS changed_on
    FROM raw.municipality_change
    WHERE old_code <> new_code
),
split AS (
    SELECT * FROM change QUALIFY count(*) OVER (PARTITION BY old_code, changed_on) > 1
),
other_part AS (
    SELECT split.old_code, split.new_code, split.changed_on, other.old_code AS code
    FROM split
    JOIN change AS other
        ON other.new_code = split.new_code AND other.changed_on = split.changed_on AND other.old_code <> split.old_code
    UNION
    SELECT split.old_code, split.new_code, split.changed_on, kept.municipality_code
    FROM split
    JOIN core.municipality AS kept
        ON kept.municipality_code = split.new_code AND kept.valid_from < split.changed_on
),
others AS (
    SELECT
        other_part.old_code,
        other_part.new_code,
        other_part.changed_on,
        CASE WHEN count(*) = count(before.children) THEN sum(before.children) END AS children
    FROM other_part
    LEFT JOIN staging.child_population AS before
        ON before.municipality_code = other_part.code
        AND before.period_start = other_part.changed_on - INTERVAL 1 YEAR
    GROUP BY other_part.old_code, other_part.new_code, other_part.changed_on
),
counted AS (
    SELECT
        split.*,
        after.period,
        after.children - CASE WHEN others.new_code IS NULL THEN 0 ELSE others.children END AS children,
        declared.weight AS declared_weight,
        declared.basis AS declared_basis
    FROM split
    LEFT JOIN others USING (old_code, new_code, changed_on)
    LEFT JOIN staging.child_population AS after
        ON after.municipality_code = split.new_code AND after.period_start = split.changed_on
    LEFT JOIN registry.split_weight AS declared
        ON declared.old_code = split.old_code AND declared.new_code = split.new_code
        AND CAST(declared.changed_on AS DATE) = split.changed_on
),
shared AS (
    SELECT
        *,
        CASE
            WHEN min(children) OVER whole > 0 AND count(children) OVER whole = count(*) OVER whole
                THEN sum(children) OVER whole
        END AS all_children
    FROM counted
    WINDOW whole AS (PARTITION BY old_code, changed_on)
)
SELECT
    old_code,
    new_code,
    changed_on,
    coalesce(declared_weight, children / all_children) AS weight,
    coalesce(
        declared_basis,
        'children in ' || period || ' beyond those of its other parts the year before: '
            || CAST(children AS BIGINT) || ' of ' || CAST(all_children AS BIGINT)
    ) AS basis
FROM shared
ORDER BY changed_on, old_code, new_code
