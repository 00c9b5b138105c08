-- One row per old code, new code and date of change; the weight is the share of the old unit's counts that goes to the new one.
WITH change AS (
    SELECT DISTINCT old_code, new_code, CAST(changed_on AS DATE) AS changed_on
    FROM raw.municipality_change
    WHERE old_code <> new_code
),
counted AS (
    SELECT
        *,
        count(*) OVER (PARTITION BY old_code, changed_on) AS successors,
        count(*) OVER (PARTITION BY new_code, changed_on) AS predecessors
    FROM change
)
SELECT
    counted.old_code,
    counted.new_code,
    counted.changed_on,
    CASE WHEN successors > 1 THEN 'split' WHEN predecessors > 1 THEN 'merged' ELSE 'renumbered' END AS kind,
    CASE WHEN successors > 1 THEN declared.weight ELSE 1.0 END AS weight,
    declared.basis
FROM counted
LEFT JOIN registry.split_weight AS declared
    ON declared.old_code = counted.old_code
    AND declared.new_code = counted.new_code
    AND CAST(declared.changed_on AS DATE) = counted.changed_on
ORDER BY counted.changed_on, counted.old_code, counted.new_code
