-- One row per series, vintage, part, municipality of today and period, made of the municipalities of the border date
-- that have become it: all of them are expected, also those that sent no row.
-- Counts are summed by weight; a share is not summed, so it is known only where there is one part.
WITH slot AS (
    SELECT DISTINCT indicator_id, era, part, vintage, period, borders, border_date FROM staging.part_cell
)
SELECT
    slot.indicator_id,
    slot.era,
    slot.part,
    slot.vintage,
    slot.period,
    successor.municipality_code,
    CASE
        WHEN slot.part <> 'share' THEN sum(cell.value * successor.weight)
        WHEN count(*) = 1 THEN max(cell.value)
    END AS value,
    CASE WHEN bool_and(cell.low IS NOT NULL) THEN sum(cell.low * successor.weight) END AS low,
    CASE WHEN bool_and(cell.high IS NOT NULL) THEN sum(cell.high * successor.weight) END AS high,
    count(cell.value) AS parts_present,
    count(*) AS parts_total,
    coalesce(list_sort(list(successor.old_code) FILTER (cell.value IS NOT NULL)), []) AS known_codes,
    slot.borders,
    coalesce(min(coalesce(cell.status, 'not_reported')) FILTER (coalesce(cell.status, 'not_reported') <> 'ok'), 'ok') AS status,
    bool_or(successor.is_split) AS is_split,
    coalesce(list_sort(list(DISTINCT cell.file_id) FILTER (cell.file_id IS NOT NULL)), []) AS file_ids,
    coalesce(bool_or(cell.is_synthetic), false) AS is_synthetic
FROM slot
JOIN staging.successor AS successor
    ON successor.old_valid_from <= slot.border_date
    AND (successor.old_valid_to IS NULL OR successor.old_valid_to > slot.border_date)
LEFT JOIN staging.part_cell AS cell
    ON cell.indicator_id = slot.indicator_id
    AND cell.era = slot.era
    AND cell.part = slot.part
    AND cell.vintage = slot.vintage
    AND cell.period = slot.period
    AND cell.unit_code = successor.old_code
GROUP BY
    slot.indicator_id, slot.era, slot.part, slot.vintage, slot.period, slot.borders, successor.municipality_code
