-- One row per series, municipality of today and cell as sent of which the last that any file says is that it is hidden.
-- A file that does not have the cell, or has it blank, says nothing of it.
WITH hidden AS (
    SELECT dataset_id, unit_code AS sent_code, period, measure, dimensions
    FROM staging.observation
    WHERE value IS NOT NULL OR status = 'suppressed_source'
    GROUP BY ALL
    HAVING arg_max(status, published_at) = 'suppressed_source'
)
SELECT DISTINCT part.indicator_id, part.era, route.municipality_code AS unit_code, hidden.*
FROM hidden
JOIN registry.part AS part
    ON part.dataset_id = hidden.dataset_id AND part.measure = hidden.measure AND part.dimensions = hidden.dimensions
JOIN staging.part_cell AS cell
    ON cell.indicator_id = part.indicator_id AND cell.era = part.era AND cell.part = part.part
    AND cell.unit_code = hidden.sent_code AND cell.period = hidden.period
JOIN staging.route AS route
    ON route.borders = 'as_of' AND route.border_date = cell.border_date AND route.period_start = cell.period_start
    AND route.sent_code = hidden.sent_code
ORDER BY ALL
