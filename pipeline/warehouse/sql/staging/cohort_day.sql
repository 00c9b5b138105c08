-- One row per cohort and service of today: whether it was guided, and the day up to which its figures are frozen: that of the
-- agreement, else the cohort's start.
WITH cohort AS (
    SELECT cohort_id, era, CAST(min(start_date) AS DATE) AS start_day FROM staging.cohort_member GROUP BY cohort_id, era
),
agreed AS (
    SELECT
        guided.cohort_id,
        guided.service_id,
        CAST(min(member.agreement_day) AS DATE) AS agreement_day,
        bool_or(member.is_agreement_known) AS is_agreement_known
    FROM staging.guided AS guided
    JOIN staging.cohort_member AS member USING (cohort_id, member_name)
    GROUP BY guided.cohort_id, guided.service_id
)
SELECT
    cohort.cohort_id,
    cohort.era,
    service.service_id,
    agreed.service_id IS NOT NULL AS is_guided,
    coalesce(agreed.agreement_day, cohort.start_day) AS agreement_day,
    coalesce(agreed.is_agreement_known, false) AS is_agreement_known
FROM cohort
CROSS JOIN (SELECT DISTINCT service_id FROM staging.member) AS service
LEFT JOIN agreed ON agreed.cohort_id = cohort.cohort_id AND agreed.service_id = service.service_id
ORDER BY cohort.cohort_id, service.service_id
