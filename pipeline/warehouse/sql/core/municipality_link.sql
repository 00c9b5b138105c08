-- One row per old code, new code and date of change; the weight is the share of the old unit's children that goes along.
-- kind: renumbered, merged, split, or kept (the same code: a new name, or borders adjusted). moved_county: it went to a
-- county that most of its old county did not go to, and that is not made of its old county either.
WITH change AS (
    SELECT DISTINCT old_code, new_code, CAST(changed_on AS DATE) AS changed_on
    FROM raw.municipality_change
    WHERE CAST(changed_on AS DATE) <= (SELECT as_of FROM registry.release)
),
placed AS (
    SELECT
        change.*,
        old.county AS old_county,
        new.county AS new_county,
        change.old_code = change.new_code AS is_kept,
        EXISTS (
            FROM core.municipality AS before
            WHERE before.municipality_code = change.new_code AND before.valid_from < change.changed_on
        ) AS new_existed
    FROM change
    LEFT JOIN core.municipality AS old
        ON old.municipality_code = change.old_code AND old.valid_from < change.changed_on
        AND (old.valid_to IS NULL OR old.valid_to >= change.changed_on)
    LEFT JOIN core.municipality AS new
        ON new.municipality_code = change.new_code AND new.valid_from <= change.changed_on
        AND (new.valid_to IS NULL OR new.valid_to > change.changed_on)
),
-- Where the municipalities of a county were the day before, and the day after; those that did not change stayed.
moved AS (
    SELECT changed_on, old_county, new_county, count(*) AS municipalities
    FROM (
        SELECT changed_on, old_county, new_county FROM placed WHERE NOT is_kept
        UNION ALL
        SELECT day.changed_on, stayed.county, stayed.county
        FROM (SELECT DISTINCT changed_on FROM change) AS day
        JOIN core.municipality AS stayed
            ON stayed.valid_from < day.changed_on AND (stayed.valid_to IS NULL OR stayed.valid_to > day.changed_on)
    )
    GROUP BY changed_on, old_county, new_county
),
flow AS (
    SELECT
        *,
        municipalities / sum(municipalities) OVER (PARTITION BY changed_on, old_county) AS share_of_old,
        municipalities / sum(municipalities) OVER (PARTITION BY changed_on, new_county) AS share_of_new
    FROM moved
),
counted AS (
    SELECT
        *,
        count(*) FILTER (NOT is_kept) OVER (PARTITION BY old_code, changed_on) AS successors,
        count(*) FILTER (NOT is_kept) OVER (PARTITION BY new_code, changed_on) + CAST(new_existed AS INTEGER) AS predecessors
    FROM placed
)
SELECT
    counted.old_code,
    counted.new_code,
    counted.changed_on,
    CASE
        WHEN is_kept THEN 'kept'
        WHEN successors > 1 THEN 'split'
        WHEN predecessors > 1 THEN 'merged'
        ELSE 'renumbered'
    END AS kind,
    CASE WHEN successors > 1 AND NOT is_kept THEN split.weight ELSE 1.0 END AS weight,
    split.basis,
    counted.old_county,
    counted.new_county,
    coalesce(flow.share_of_old < 0.5 AND flow.share_of_new < 0.5, false) AS moved_county
FROM counted
LEFT JOIN staging.split_weight AS split USING (old_code, new_code, changed_on)
LEFT JOIN flow
    ON flow.changed_on = counted.changed_on AND flow.old_county = counted.old_county
    AND flow.new_county = counted.new_county AND flow.old_county <> flow.new_county
ORDER BY counted.changed_on, counted.old_code, counted.new_code
