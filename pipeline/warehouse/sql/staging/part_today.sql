-- One row per series, vintage, part, municipality of today and period: the parts it was made of, summed over those that are known.
SELECT
    cell.indicator_id,
    cell.era,
    cell.part,
    cell.vintage,
    successor.municipality_code,
    cell.period,
    sum(cell.value * successor.weight) AS value,
    count(cell.value) AS parts_present,
    count(*) AS parts_total,
    min(cell.borders) || list_sort(list(cell.unit_code) FILTER (cell.value IS NOT NULL))::VARCHAR AS parts_known,
    sum(CASE WHEN cell.status = 'suppressed_source' THEN cell.hidden_low * successor.weight ELSE 0 END) AS hidden_low,
    sum(CASE WHEN cell.status = 'suppressed_source' THEN cell.hidden_high * successor.weight ELSE 0 END) AS hidden_high,
    bool_and(cell.value IS NOT NULL OR cell.status = 'suppressed_source') AS is_bounded,
    coalesce(min(cell.status) FILTER (cell.status <> 'ok'), 'ok') AS status,
    bool_or(successor.is_split) AS is_split,
    list(DISTINCT cell.file_id ORDER BY cell.file_id) AS file_ids,
    bool_or(cell.is_synthetic) AS is_synthetic
FROM staging.part_cell AS cell
JOIN staging.successor AS successor
    ON successor.old_code = cell.unit_code
    AND successor.old_valid_from <= cell.border_date
    AND (successor.old_valid_to IS NULL OR successor.old_valid_to > cell.border_date)
GROUP BY cell.indicator_id, cell.era, cell.part, cell.vintage, successor.municipality_code, cell.period
