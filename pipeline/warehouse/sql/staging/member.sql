-- One row per municipality of the as-of date (or of its end) and the service it belongs to.
-- A member of a joint service that has changed code since the list is followed to its successor, the largest if it was split.
WITH followed AS (
    SELECT
        joint.service_id,
        joint.name,
        joint.is_host,
        joint.source,
        successor.municipality_code,
        row_number() OVER (
            PARTITION BY joint.service_id, joint.municipality_code ORDER BY successor.weight DESC
        ) AS place
    FROM registry.joint_service_member AS joint
    JOIN staging.successor AS successor
        ON successor.old_code = joint.municipality_code
        AND successor.old_valid_from <= CAST(joint.code_date AS DATE)
        AND (successor.old_valid_to IS NULL OR successor.old_valid_to > CAST(joint.code_date AS DATE))
),
joint AS (
    SELECT service_id, any_value(name) AS name, municipality_code, bool_or(is_host) AS is_host, any_value(source) AS source
    FROM followed
    WHERE place = 1
    GROUP BY service_id, municipality_code
),
terminal AS (
    SELECT
        successor.municipality_code,
        min(successor.old_valid_from) AS first_day,
        max_by(municipality.name, municipality.valid_from) AS name,
        max_by(municipality.county, municipality.valid_from) AS county,
        max(municipality.valid_from) AS valid_from,
        max_by(coalesce(municipality.valid_to, DATE '9999-12-31'), municipality.valid_from) AS valid_to
    FROM staging.successor AS successor
    JOIN core.municipality AS municipality USING (municipality_code)
    GROUP BY successor.municipality_code
)
SELECT
    coalesce(joint.service_id, 'municipality_' || terminal.municipality_code) AS service_id,
    coalesce(joint.name, terminal.name) AS service_name,
    coalesce(joint.is_host, true) AS is_host,
    coalesce(joint.source, 'alone in the list of joint services') AS source,
    terminal.municipality_code,
    terminal.name,
    terminal.county,
    terminal.first_day,
    nullif(terminal.valid_to, DATE '9999-12-31') AS valid_to
FROM terminal
LEFT JOIN joint USING (municipality_code)
ORDER BY service_id, terminal.municipality_code
