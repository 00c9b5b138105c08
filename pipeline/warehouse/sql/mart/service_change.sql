-- One row per cohort, guided service of today, outcome (an indicator, or the protocol's composite) and scored phase: the verdict,
-- with the frozen baseline, whether its source has moved, how much of the service was guided, and what else was done there then.
SELECT
    change.*,
    service.name AS service_name,
    service.office_id,
    guided.guided_share,
    baseline.baseline_now,
    coalesce(baseline.has_source_moved, false) AS has_source_moved,
    baseline.frozen_on,
    baseline.frozen_reason,
    measure.measures
FROM result.service_change AS change
JOIN core.service AS service ON service.service_id = change.service_id AND service.valid_to IS NULL
LEFT JOIN mart.cohort_service AS guided
    ON guided.cohort_id = change.cohort_id AND guided.service_id = change.service_id
LEFT JOIN result.baseline AS baseline
    ON baseline.cohort_id = change.cohort_id AND baseline.service_id = change.service_id
    AND baseline.indicator_id = change.outcome
LEFT JOIN (
    SELECT cohort_id, service_id, phase, list(DISTINCT measure_id ORDER BY measure_id) AS measures
    FROM core.guided_measure
    GROUP BY cohort_id, service_id, phase
) AS measure
    ON measure.cohort_id = change.cohort_id AND measure.service_id = change.service_id AND measure.phase = change.phase
ORDER BY change.cohort_id, change.service_id, change.outcome, change.phase
