-- One row per cohort and service of today that holds some of its members: how many of the children who lived there when the
-- cohort started lived in a service that was guided. Below 1 the figures of today's service tell of others as well.
WITH start AS (
    SELECT cohort_id, CAST(min(start_date) AS DATE) AS day FROM staging.cohort_member GROUP BY cohort_id
),
guided AS (
    SELECT DISTINCT cohort.cohort_id, member.municipality_code
    FROM mart.cohort_member AS cohort
    JOIN core.service_member AS member
        ON member.service_id = cohort.service_id
        AND member.valid_from <= cohort.day AND coalesce(member.valid_to, DATE '9999-12-31') > cohort.day
    WHERE cohort.moment = 'start'
),
lived AS (
    SELECT
        start.cohort_id,
        member.service_id,
        successor.old_code AS municipality_code,
        successor.weight * arg_max(population.children, population.period_start) AS children
    FROM start
    JOIN staging.successor AS successor
        ON successor.old_valid_from <= start.day
        AND (successor.old_valid_to IS NULL OR successor.old_valid_to > start.day)
    JOIN staging.member AS member ON member.municipality_code = successor.municipality_code
    JOIN staging.child_population AS population
        ON population.municipality_code = successor.old_code AND population.period_start <= start.day
    GROUP BY start.cohort_id, member.service_id, successor.old_code, successor.weight
),
shared AS (
    SELECT
        lived.cohort_id,
        lived.service_id,
        sum(lived.children) FILTER (guided.municipality_code IS NOT NULL) / sum(lived.children) AS guided_share
    FROM lived
    LEFT JOIN guided ON guided.cohort_id = lived.cohort_id AND guided.municipality_code = lived.municipality_code
    GROUP BY lived.cohort_id, lived.service_id
)
SELECT DISTINCT
    cohort.cohort_id,
    cohort.service_id,
    cohort.service_name,
    shared.guided_share,
    (SELECT bool_or(is_synthetic) FROM staging.cohort_member AS listed WHERE listed.cohort_id = cohort.cohort_id)
        AS is_synthetic
FROM mart.cohort_member AS cohort
LEFT JOIN shared ON shared.cohort_id = cohort.cohort_id AND shared.service_id = cohort.service_id
WHERE cohort.moment = 'as_of'
ORDER BY cohort.cohort_id, cohort.service_id
