-- One row per cohort, indicator, municipality of today and period of the cohort's era: its count as known on the day of agreement
-- (…_then, for periods that had ended by then), and as known now. Where no file of that day has the period, the first that has
-- it stands as known then; is_known_then says which. is_guided_elsewhere: guided by then as a member of another cohort.
-- is_hidden_since: later files hide a part of it, a case or a count, that was not hidden then. Then it stands as known then, too,
-- just as the newest files have it (or not at all): anything older beside that, even a sum or a bound, could tell the part.
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
hidden_then AS (
    SELECT vintage.indicator_id, vintage.era, vintage.vintage, observation.*
    FROM staging.vintage AS vintage
    JOIN staging.observation AS observation ON observation.file_id = vintage.file_id AND observation.period = vintage.period
    WHERE observation.status = 'suppressed_source'
),
hidden_since AS (
    SELECT DISTINCT frozen.cohort_id, frozen.indicator_id, frozen.unit_code, frozen.period
    FROM frozen
    JOIN staging.hidden_part AS part
        ON part.indicator_id = frozen.indicator_id AND part.era = frozen.era
        AND part.unit_code = frozen.unit_code AND part.period = frozen.period
    ANTI JOIN hidden_then AS already
        ON already.indicator_id = frozen.indicator_id AND already.era = frozen.era AND already.vintage = frozen.vintage
        AND already.dataset_id = part.dataset_id AND already.unit_code = part.sent_code AND already.period = part.period
        AND already.measure = part.measure AND already.dimensions = part.dimensions
),
now AS (
    SELECT day.cohort_id, day.agreement_day, cell.*
    FROM staging.cohort_day AS day
    JOIN staging.pooled_vintage AS cell ON cell.era = day.era AND cell.service_id = day.service_id
    WHERE cell.is_newest
)
SELECT
    coalesce(now.cohort_id, frozen.cohort_id) AS cohort_id,
    coalesce(now.indicator_id, frozen.indicator_id) AS indicator_id,
    day.era,
    day.service_id,
    day.is_guided,
    day.agreement_day,
    day.is_agreement_known,
    coalesce(now.unit_code, frozen.unit_code) AS unit_code,
    period.period,
    CAST(period.period_start AS DATE) AS period_start,
    CAST(period.period_end AS DATE) AS period_end,
    CAST(period.period_end AS DATE) > day.agreement_day AS is_later,
    coalesce(CAST(period.period_end AS DATE) > elsewhere.agreement_day, false) AS is_guided_elsewhere,
    phase.phase,
    CASE WHEN since.period IS NULL THEN frozen.numerator ELSE now.numerator END AS numerator_then,
    CASE WHEN since.period IS NULL THEN frozen.numerator_low ELSE now.numerator_low END AS numerator_low_then,
    CASE WHEN since.period IS NULL THEN frozen.numerator_high ELSE now.numerator_high END AS numerator_high_then,
    CASE WHEN since.period IS NULL THEN frozen.denominator ELSE now.denominator END AS denominator_then,
    frozen.vintage AS vintage_then,
    frozen.is_known_then,
    since.period IS NOT NULL AS is_hidden_since,
    now.numerator,
    now.numerator_low,
    now.numerator_high,
    now.denominator,
    now.vintage
FROM now
FULL JOIN frozen
    ON frozen.cohort_id = now.cohort_id AND frozen.indicator_id = now.indicator_id
    AND frozen.unit_code = now.unit_code AND frozen.period = now.period
LEFT JOIN hidden_since AS since
    ON since.cohort_id = frozen.cohort_id AND since.indicator_id = frozen.indicator_id
    AND since.unit_code = frozen.unit_code AND since.period = frozen.period
JOIN staging.cohort_day AS day
    ON day.cohort_id = coalesce(now.cohort_id, frozen.cohort_id)
    AND day.service_id = coalesce(now.service_id, frozen.service_id)
LEFT JOIN (
    SELECT mine.cohort_id, other.service_id, min(other.agreement_day) AS agreement_day
    FROM (SELECT DISTINCT cohort_id FROM staging.cohort_day) AS mine
    JOIN staging.cohort_day AS other ON other.cohort_id <> mine.cohort_id AND other.is_guided
    GROUP BY mine.cohort_id, other.service_id
) AS elsewhere
    ON elsewhere.cohort_id = day.cohort_id AND elsewhere.service_id = day.service_id
JOIN registry.period AS period ON period.period = coalesce(now.period, frozen.period)
LEFT JOIN registry.phase AS phase
    ON phase.cohort_id = day.cohort_id
    AND CAST(period.period_start AS DATE) >= CAST(phase.phase_start AS DATE)
    AND CAST(period.period_end AS DATE) <= CAST(phase.phase_end AS DATE)
ORDER BY 1, 2, day.service_id, unit_code, period_start, period_end
