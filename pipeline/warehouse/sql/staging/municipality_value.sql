-- One row per series, vintage, period, kind of borders (as staging.route) and municipality. Missing has a reason; a hidden numerator has bounds.
-- numerator and denominator are given only where both are known for the same parts.
WITH joined AS (
    SELECT
        expected.*,
        indicator.per,
        series.is_implied,
        numerator.value AS numerator_value,
        numerator.low AS numerator_low,
        numerator.high AS numerator_high,
        coalesce(numerator.parts_present, 0) AS numerator_parts,
        coalesce(numerator.status, share.status, 'not_reported') AS numerator_status,
        denominator.value AS denominator_value,
        coalesce(denominator.parts_present, 0) AS denominator_parts,
        coalesce(denominator.parts_total, 0) AS denominator_total,
        coalesce(denominator.status, 'not_reported') AS denominator_status,
        coalesce(denominator.parts_present = denominator.parts_total, false) AS is_denominator_complete,
        share.value AS share_value,
        -- The same parts: the same codes, or, where the two tables have borders of different days, all of each.
        CASE
            WHEN numerator.dataset_borders = denominator.dataset_borders THEN numerator.known_codes = denominator.known_codes
            ELSE numerator.parts_present = numerator.parts_total
                AND denominator.parts_present = denominator.parts_total
        END AS is_paired,
        coalesce(numerator.is_split, share.is_split, false) OR coalesce(denominator.is_split, false) AS is_split,
        list_sort(list_distinct(list_concat(
            coalesce(numerator.file_ids, share.file_ids, []), coalesce(denominator.file_ids, [])
        ))) AS file_ids,
        coalesce(numerator.is_synthetic, share.is_synthetic, false)
            OR coalesce(denominator.is_synthetic, false) AS is_synthetic
    FROM staging.expected AS expected
    JOIN registry.indicator AS indicator USING (indicator_id)
    JOIN registry.series AS series USING (indicator_id, era)
    LEFT JOIN staging.part_placed AS numerator
        ON numerator.part = 'numerator' AND numerator.indicator_id = expected.indicator_id AND numerator.era = expected.era
        AND numerator.vintage = expected.vintage AND numerator.period = expected.period
        AND numerator.municipality_code = expected.municipality_code
        AND numerator.borders = expected.borders
    LEFT JOIN staging.part_placed AS denominator
        ON denominator.part = 'denominator' AND denominator.indicator_id = expected.indicator_id
        AND denominator.era = expected.era AND denominator.vintage = expected.vintage
        AND denominator.period = expected.period AND denominator.municipality_code = expected.municipality_code
        AND denominator.borders = expected.borders
    LEFT JOIN staging.part_placed AS share
        ON share.part = 'share' AND share.indicator_id = expected.indicator_id AND share.era = expected.era
        AND share.vintage = expected.vintage AND share.period = expected.period
        AND share.municipality_code = expected.municipality_code
        AND share.borders = expected.borders
),
known AS (
    SELECT
        *,
        CASE
            WHEN is_implied AND is_denominator_complete THEN share_value / per * denominator_value
            WHEN NOT is_implied AND is_paired THEN numerator_value
        END AS numerator_known,
        is_denominator_complete AND numerator_low IS NOT NULL AND numerator_status = 'suppressed_source' AS is_hidden
    FROM joined
),
judged AS (
    SELECT
        *,
        CASE
            WHEN NOT existed THEN 'unit_absent'
            WHEN NOT is_listed AND numerator_known IS NULL THEN 'not_applicable'
            WHEN is_denominator_complete AND denominator_value = 0 THEN 'zero_denominator'
            WHEN is_denominator_complete AND numerator_known IS NOT NULL THEN 'ok'
            WHEN is_hidden THEN 'suppressed_source'
            WHEN denominator_parts > 0
                AND (denominator_parts < denominator_total OR numerator_parts > 0 OR numerator_status = 'ok')
                THEN 'incomplete_merger'
            WHEN is_denominator_complete THEN numerator_status
            ELSE denominator_status
        END AS status
    FROM known
)
SELECT
    indicator_id,
    era,
    vintage,
    period,
    period_start,
    period_end,
    borders,
    municipality_code,
    is_listed,
    CASE WHEN status IN ('ok', 'incomplete_merger') THEN numerator_known END AS numerator,
    CASE
        WHEN status IN ('ok', 'zero_denominator') OR status = 'suppressed_source' AND is_hidden THEN denominator_value
        WHEN status = 'incomplete_merger' AND numerator_known IS NOT NULL THEN denominator_value
    END AS denominator,
    CASE WHEN status = 'suppressed_source' AND is_hidden THEN numerator_low END AS numerator_low,
    CASE WHEN status = 'suppressed_source' AND is_hidden THEN numerator_high END AS numerator_high,
    status,
    is_split OR is_implied AS is_estimated,
    is_split,
    denominator_parts AS parts_present,
    denominator_total AS parts_total,
    file_ids,
    is_synthetic
FROM judged
