-- One row per dataset, period and count of the newest file that has a row for the country or a county: does the sum of its
-- municipalities come to it? A county's row has the code of the county; the country's is declared (country_code).
-- low, high: the sum with what the source hides at its bounds, and half a unit of the last decimal for every figure; 5 more where
-- all wholes of a measure (five or more) are tens, as England's are. A part that did not report may hide behind a whole that is
-- above: then nothing can be said (verdict parts_missing).
WITH newest AS (
    SELECT observation.dataset_id, observation.period, max_by(file.file_id, file.published_at) AS file_id
    FROM raw.observation AS observation
    JOIN raw.file AS file USING (file_id)
    GROUP BY observation.dataset_id, observation.period
),
counted AS (
    SELECT DISTINCT dataset_id, measure, dimensions FROM registry.part WHERE part IN ('numerator', 'denominator')
),
cell AS (
    SELECT
        newest.dataset_id,
        newest.file_id,
        newest.period,
        counted.measure,
        counted.dimensions,
        observation.unit_code,
        observation.value,
        observation.status,
        observation.is_synthetic,
        max(length(regexp_extract(observation.text, '[.,]([0-9]+)$', 1))) FILTER (observation.value IS NOT NULL)
            OVER (PARTITION BY newest.file_id, counted.measure) AS decimals
    FROM newest
    JOIN counted USING (dataset_id)
    JOIN raw.observation AS observation
        ON observation.file_id = newest.file_id AND observation.period = newest.period
        AND observation.measure = counted.measure AND observation.dimensions = counted.dimensions
),
part AS (
    SELECT cell.*, municipality.name, municipality.county, dataset.country_code, dataset.hidden_low, dataset.hidden_high
    FROM cell
    JOIN registry.dataset AS dataset USING (dataset_id)
    JOIN raw.file AS file USING (file_id)
    JOIN registry.period AS period USING (period)
    JOIN core.municipality AS municipality
        ON municipality.municipality_code = cell.unit_code
        AND municipality.valid_from
            <= CASE dataset.borders WHEN 'publication' THEN CAST(file.published_at AS DATE) ELSE CAST(period.period_start AS DATE) END
        AND (
            municipality.valid_to IS NULL
            OR municipality.valid_to
                > CASE dataset.borders WHEN 'publication' THEN CAST(file.published_at AS DATE) ELSE CAST(period.period_start AS DATE) END
        )
),
belongs AS (
    SELECT *, country_code AS whole_code FROM part WHERE country_code IS NOT NULL
    UNION ALL
    SELECT *, county AS whole_code FROM part
),
summed AS (
    SELECT
        dataset_id,
        file_id,
        period,
        measure,
        dimensions,
        whole_code,
        count(*) AS parts,
        count(*) FILTER (status = 'suppressed_source') AS parts_hidden,
        count(*) FILTER (value IS NULL AND status <> 'suppressed_source') AS parts_missing,
        coalesce(sum(value), 0) AS parts_sum,
        coalesce(sum(hidden_low) FILTER (status = 'suppressed_source'), 0) AS hidden_low,
        coalesce(sum(hidden_high) FILTER (status = 'suppressed_source'), 0) AS hidden_high,
        -- A count of whole cases is not rounded; one with decimals is.
        CASE WHEN max(decimals) > 0 THEN 0.5 * pow(10, -max(decimals)) * (count(value) + 1) ELSE 0 END AS rounding
    FROM belongs
    GROUP BY dataset_id, file_id, period, measure, dimensions, whole_code
),
tens AS (
    SELECT cell.file_id, cell.measure, CASE WHEN count(*) >= 5 AND bool_and(cell.value % 10 = 0) THEN 5 ELSE 0 END AS half
    FROM cell
    JOIN summed
        ON summed.file_id = cell.file_id AND summed.period = cell.period AND summed.measure = cell.measure
        AND summed.dimensions = cell.dimensions AND summed.whole_code = cell.unit_code
    WHERE cell.value IS NOT NULL
    GROUP BY cell.file_id, cell.measure
),
held AS (
    SELECT
        cell.dataset_id,
        cell.file_id,
        cell.period,
        cell.measure,
        cell.dimensions,
        cell.unit_code AS whole_code,
        cell.value AS whole,
        summed.parts,
        summed.parts_hidden,
        summed.parts_missing,
        summed.parts_sum,
        summed.parts_sum + summed.hidden_low - summed.rounding - tens.half AS low,
        summed.parts_sum + summed.hidden_high + summed.rounding + tens.half AS high,
        cell.is_synthetic
    FROM cell
    JOIN summed
        ON summed.file_id = cell.file_id AND summed.period = cell.period AND summed.measure = cell.measure
        AND summed.dimensions = cell.dimensions AND summed.whole_code = cell.unit_code
    JOIN tens ON tens.file_id = cell.file_id AND tens.measure = cell.measure
    WHERE cell.value IS NOT NULL
)
SELECT
    * EXCLUDE (is_synthetic),
    CASE WHEN whole < low - 1e-6 THEN whole - low WHEN whole > high + 1e-6 THEN whole - high ELSE 0 END AS beyond,
    CASE
        WHEN whole < low - 1e-6 THEN 'parts_above_whole'
        WHEN whole <= high + 1e-6 THEN 'agrees'
        WHEN parts_missing > 0 THEN 'parts_missing'
        ELSE 'whole_above_parts'
    END AS verdict,
    is_synthetic
FROM held
ORDER BY dataset_id, period, measure, dimensions, whole_code
