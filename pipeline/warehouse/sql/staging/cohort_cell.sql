-- One row per cohort, indicator, municipality of today and period of the cohort's era: its count as known on the day of agreement
-- (…_then, for periods that had ended by then), and as known now. Where no file of that day has the period, the first that has
-- it stands as known then; is_known_then says which. is_guided_elsewhere: guided by then as a member of another cohort.
-- is_hidden_since: a later file hides the count; then it is hidden as known then, too, or the sum of a baseline would tell it.
WITH frozen AS (
    SELECT
        day.cohort_id,
        cell.indicator_id,
        cell.era,
        day.service_id,
        cell.unit_code,
        cell.period,
        cell.vintage,
        CAST(cell.vintage AS DATE) <= day.agreement_day AS is_known_then,
        cell.numerator,
        cell.numerator_low,
        cell.numerator_high,
        cell.denominator
    FROM staging.cohort_day AS day
    JOIN staging.pooled_vintage AS cell
        ON cell.era = day.era AND cell.service_id = day.service_id AND cell.period_end <= day.agreement_day
    QUALIFY row_number() OVER (
        PARTITION BY day.cohort_id, cell.indicator_id, cell.unit_code, cell.period
        -- The newest of those known then, else the oldest.
        ORDER BY is_known_then DESC, CASE WHEN is_known_then THEN -epoch(cell.vintage) ELSE epoch(cell.vintage) END
    ) = 1
),
hidden AS (
    SELECT indicator_id, era, unit_code, period, vintage, numerator_low, numerator_high
    FROM core.indicator_value
    WHERE unit_kind = 'municipality' AND status = 'suppressed_source'
),
veiled AS (
    SELECT
        frozen.* EXCLUDE (numerator, numerator_low, numerator_high),
        hidden.vintage IS NOT NULL AS is_hidden_since,
        CASE WHEN hidden.vintage IS NULL THEN frozen.numerator END AS numerator,
        CASE WHEN hidden.vintage IS NULL THEN frozen.numerator_low ELSE coalesce(hidden.numerator_low, 0) END AS numerator_low,
        CASE WHEN hidden.vintage IS NULL THEN frozen.numerator_high ELSE coalesce(hidden.numerator_high, frozen.denominator) END AS numerator_high
    FROM frozen
    LEFT JOIN hidden
        ON frozen.numerator IS NOT NULL
        AND hidden.indicator_id = frozen.indicator_id AND hidden.era = frozen.era
        AND hidden.unit_code = frozen.unit_code AND hidden.period = frozen.period AND hidden.vintage > frozen.vintage
    QUALIFY row_number() OVER (
        PARTITION BY frozen.cohort_id, frozen.indicator_id, frozen.unit_code, frozen.period ORDER BY hidden.vintage DESC
    ) = 1
),
now AS (
    SELECT day.cohort_id, day.agreement_day, cell.*
    FROM staging.cohort_day AS day
    JOIN staging.pooled_vintage AS cell ON cell.era = day.era AND cell.service_id = day.service_id
    WHERE cell.is_newest
)
SELECT
    coalesce(now.cohort_id, veiled.cohort_id) AS cohort_id,
    coalesce(now.indicator_id, veiled.indicator_id) AS indicator_id,
    day.era,
    day.service_id,
    day.is_guided,
    day.agreement_day,
    day.is_agreement_known,
    coalesce(now.unit_code, veiled.unit_code) AS unit_code,
    period.period,
    CAST(period.period_start AS DATE) AS period_start,
    CAST(period.period_end AS DATE) AS period_end,
    CAST(period.period_end AS DATE) > day.agreement_day AS is_later,
    coalesce(CAST(period.period_end AS DATE) > elsewhere.agreement_day, false) AS is_guided_elsewhere,
    phase.phase,
    veiled.numerator AS numerator_then,
    veiled.numerator_low AS numerator_low_then,
    veiled.numerator_high AS numerator_high_then,
    veiled.denominator AS denominator_then,
    veiled.vintage AS vintage_then,
    veiled.is_known_then,
    coalesce(veiled.is_hidden_since, false) AS is_hidden_since,
    now.numerator,
    now.numerator_low,
    now.numerator_high,
    now.denominator,
    now.vintage
FROM now
FULL JOIN veiled
    ON veiled.cohort_id = now.cohort_id AND veiled.indicator_id = now.indicator_id
    AND veiled.unit_code = now.unit_code AND veiled.period = now.period
JOIN staging.cohort_day AS day
    ON day.cohort_id = coalesce(now.cohort_id, veiled.cohort_id)
    AND day.service_id = coalesce(now.service_id, veiled.service_id)
LEFT JOIN (
    SELECT mine.cohort_id, other.service_id, min(other.agreement_day) AS agreement_day
    FROM (SELECT DISTINCT cohort_id FROM staging.cohort_day) AS mine
    JOIN staging.cohort_day AS other ON other.cohort_id <> mine.cohort_id AND other.is_guided
    GROUP BY mine.cohort_id, other.service_id
) AS elsewhere
    ON elsewhere.cohort_id = day.cohort_id AND elsewhere.service_id = day.service_id
JOIN registry.period AS period ON period.period = coalesce(now.period, veiled.period)
LEFT JOIN registry.phase AS phase
    ON phase.cohort_id = day.cohort_id
    AND CAST(period.period_start AS DATE) >= CAST(phase.phase_start AS DATE)
    AND CAST(period.period_end AS DATE) <= CAST(phase.phase_end AS DATE)
ORDER BY 1, 2, day.service_id, unit_code, period_start, period_end
