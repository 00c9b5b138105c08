-- One row per series, vintage, part, kind of borders (as staging.route), municipality and period, made of the codes as sent
-- that belong to it: all of them are expected, also those that sent no row.
-- Counts are summed by weight; a share is not summed, so it is known only where there is one part.
WITH slot AS (
    SELECT DISTINCT indicator_id, era, part, vintage, period, period_start,
        dataset_borders, border_date
    FROM staging.part_cell
)
SELECT
    slot.indicator_id,
    slot.era,
    slot.part,
    slot.vintage,
    slot.period,
    route.borders,
    route.municipality_code,
    CASE
        WHEN slot.part <> 'share' THEN sum(cell.value * route.weight)
        WHEN count(*) = 1 THEN max(cell.value)
    END AS value,
    CASE WHEN bool_and(cell.low IS NOT NULL) THEN sum(cell.low * route.weight) END AS low,
    CASE WHEN bool_and(cell.high IS NOT NULL) THEN sum(cell.high * route.weight) END AS high,
    count(cell.value) AS parts_present,
    count(*) AS parts_total,
    coalesce(list_sort(list(route.sent_code) FILTER (cell.value IS NOT NULL)), []) AS known_codes,
    slot.dataset_borders,
    coalesce(min(CASE
        WHEN NOT route.is_whole THEN 'not_published'
        WHEN cell.status IS NULL THEN 'not_reported'
        WHEN cell.status <> 'ok' THEN cell.status
    END), 'ok') AS status,
    bool_or(route.is_split) AS is_split,
    coalesce(list_sort(list(DISTINCT cell.file_id) FILTER (cell.file_id IS NOT NULL)), []) AS file_ids,
    coalesce(bool_or(cell.is_synthetic), false) AS is_synthetic
FROM slot
JOIN staging.route AS route ON route.border_date = slot.border_date AND route.period_start = slot.period_start
LEFT JOIN staging.part_cell AS cell
    ON cell.indicator_id = slot.indicator_id
    AND cell.era = slot.era
    AND cell.part = slot.part
    AND cell.vintage = slot.vintage
    AND cell.period = slot.period
    AND cell.unit_code = route.sent_code
    AND route.is_whole
GROUP BY
    slot.indicator_id, slot.era, slot.part, slot.vintage, slot.period, slot.dataset_borders, route.borders,
    route.municipality_code
