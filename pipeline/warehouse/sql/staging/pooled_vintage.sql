-- One row per series, municipality of today, period and vintage whose counts may be pooled over periods and services: known, hidden
-- within bounds, or of no cases; not of a service any part of which was shared out over a split then, and not between a
-- service's own day of a break and the country's. is_first: of the vintage in which the period was first published.
WITH placed AS (
    SELECT
        cell.*,
        member.service_id,
        bool_or(cell.is_split) OVER (PARTITION BY cell.indicator_id, cell.era, member.service_id, cell.period, cell.vintage) AS has_split,
        cell.vintage = min(cell.vintage) OVER (PARTITION BY cell.indicator_id, cell.era, cell.period) AS is_first
    FROM core.indicator_value AS cell
    JOIN staging.member AS member ON member.municipality_code = cell.unit_code
    WHERE cell.unit_kind = 'municipality'
)
SELECT
    cell.indicator_id,
    cell.era,
    cell.service_id,
    cell.unit_code,
    cell.vintage,
    cell.is_first,
    cell.is_newest,
    cell.period,
    cell.period_start,
    cell.period_end,
    cell.numerator,
    cell.denominator,
    cell.numerator_low,
    cell.numerator_high
FROM placed AS cell
ANTI JOIN core.period_apart AS apart
    ON apart.indicator_id = cell.indicator_id AND apart.service_id = cell.service_id AND apart.period = cell.period
WHERE NOT cell.has_split
    AND cell.status IN ('ok', 'suppressed_source', 'zero_denominator', 'incomplete_merger')
    AND cell.denominator IS NOT NULL
    AND (cell.numerator IS NOT NULL OR cell.numerator_low IS NOT NULL OR cell.denominator = 0)
ORDER BY cell.indicator_id, cell.era, cell.service_id, cell.unit_code, cell.period, cell.vintage
