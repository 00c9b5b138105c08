-- One row per other measure and pot of it (one row where it has none): what was done beside the guidance, where and when.
-- offices and municipalities are empty for a measure of the whole country.
SELECT
    measure.measure_id,
    measure.kind,
    CAST(measure.first_day AS DATE) AS first_day,
    CAST(measure.last_day AS DATE) AS last_day,
    measure.days,
    list(DISTINCT measure.office_id ORDER BY measure.office_id) FILTER (measure.office_id IS NOT NULL) AS offices,
    list(DISTINCT measure.municipality_code ORDER BY measure.municipality_code)
        FILTER (measure.municipality_code IS NOT NULL) AS municipalities,
    measure.finding,
    measure.sure,
    measure.source,
    measure.label_nb,
    measure.label_nn,
    measure.label_en,
    pot.pot_id,
    pot.amount_kroner,
    pot.year AS pot_year,
    CAST(pot.deadline AS DATE) AS pot_deadline,
    CAST(pot.report_due AS DATE) AS pot_report_due
FROM registry.measure AS measure
LEFT JOIN registry.measure_pot AS pot USING (measure_id)
GROUP BY ALL
ORDER BY first_day, measure.measure_id, pot.pot_id
