-- One row per series and period that was the newest of its indicator when it was first published: preliminary then.
-- is_settled: other files have it by now. What the first vintage brought of older periods was settled already.
WITH used AS (
    SELECT indicator_id, era, count(DISTINCT dataset_id) AS datasets FROM registry.part GROUP BY indicator_id, era
),
made AS (
    SELECT indicator_id, era, vintage, period, list_sort(list(file_id)) AS files
    FROM staging.vintage AS vintage
    JOIN used USING (indicator_id, era)
    GROUP BY indicator_id, era, vintage, period
    HAVING count(DISTINCT dataset_id) = max(used.datasets)
),
dated AS (
    SELECT
        made.*,
        period.period_end = max(period.period_end) OVER (PARTITION BY indicator_id, vintage) AS is_last
    FROM made
    JOIN registry.series AS series USING (indicator_id, era)
    JOIN registry.period AS period
        ON period.period = made.period
        AND period.frequency = series.frequency
        AND period.period_start >= series.series_start
        AND period.period_end <= series.series_end
)
SELECT
    indicator_id,
    era,
    period,
    min(vintage) AS first_vintage,
    max(vintage) AS newest_vintage,
    count(DISTINCT files) > 1 AS is_settled
FROM dated
GROUP BY indicator_id, era, period
HAVING arg_min(is_last, vintage)
ORDER BY indicator_id, era, period
