"""Checks of the register of services, in the light of the code list: SQL that returns the wrong rows.

Each query gives file, place, field, given and allowed, as `Problem` has them; files below the jurisdiction's folder.
"""

from collections.abc import Iterable, Iterator

import duckdb

from pipeline.problems import Problem
from pipeline.registry.load import Registry

SHOWN = 20
TABLES = (
    "staging.municipality_spelling",
    "staging.in_use",
    "staging.membership",
    "staging.service_span",
    "core.municipality_link",
)  # what they read

# Municipalities in use over the span of an entry: what its members are called, and whether they are there at all.
MEMBER = """
SELECT
    declared.*,
    declared.place || ', ' || declared.municipality_code AS member,
    CAST(declared.code_date AS DATE) AS day,
    coalesce(CAST(declared.valid_from AS DATE), DATE '0001-01-01') AS first_day,
    coalesce(CAST(declared.valid_to AS DATE), DATE '9999-12-31') AS end_day
FROM registry.member AS declared
"""
UNKNOWN_CODE = f"""
SELECT file, member, 'members', '''' || municipality_code || ' ' || municipality_name || '''',
    'a municipality code in use on ' || day
FROM ({MEMBER}) AS declared
WHERE NOT EXISTS (FROM staging.municipality_spelling AS known
    WHERE known.municipality_code = declared.municipality_code AND known.valid_from <= day AND known.valid_to > day)
"""
WRONG_NAME = f"""
SELECT declared.file, declared.member, 'members',
    '''' || declared.municipality_code || ' ' || declared.municipality_name || '''',
    declared.municipality_code || ' was ' || min(known.full_name) || ' on ' || declared.day
        || coalesce('; ' || declared.municipality_name || ' was ' || min(namesake.municipality_code), '')
FROM ({MEMBER}) AS declared
JOIN staging.municipality_spelling AS known
    ON known.municipality_code = declared.municipality_code AND known.valid_from <= day AND known.valid_to > day
LEFT JOIN staging.municipality_spelling AS namesake
    ON namesake.spelling = lower(declared.municipality_name) AND namesake.valid_from <= day AND namesake.valid_to > day
GROUP BY declared.file, declared.member, declared.municipality_code, declared.municipality_name, declared.day
HAVING NOT bool_or(known.spelling = lower(declared.municipality_name))
"""
HOST_OUTSIDE = f"""
SELECT file, place, 'host', '''' || any_value(host_code) || '''',
    'one of the members: ' || string_agg(municipality_code, ', ' ORDER BY municipality_code)
FROM ({MEMBER}) AS declared
WHERE service_id IS NOT NULL
GROUP BY file, entry, place
HAVING NOT bool_or(is_host)
"""
HOST_NAME = f"""
SELECT DISTINCT file, place, 'host', '''' || host_code || ' ' || host_name || '''',
    '''' || municipality_code || ' ' || municipality_name || '''' || ', as among its members'
FROM ({MEMBER}) AS declared
WHERE kind = 'joint' AND host_code = municipality_code AND host_name <> municipality_name
"""
TWICE_IN_ITS_GROUP = f"""
SELECT file, member, 'members', municipality_code || ', ' || count(*) || ' times', 'each member once'
FROM ({MEMBER}) AS declared
GROUP BY file, member, entry, municipality_code
HAVING count(*) > 1
"""
ONE_ALONE = f"""
SELECT file, place, 'members', 'only ' || any_value(municipality_code || ' ' || municipality_name),
    'two members or more; one that is alone stands in services/alone.toml'
FROM ({MEMBER}) AS declared
WHERE service_id IS NOT NULL
GROUP BY file, entry, place
HAVING count(DISTINCT municipality_code) = 1
"""
ENDS_BEFORE_IT_STARTS = f"""
SELECT DISTINCT file, place, 'valid_to', CAST(end_day AS VARCHAR),
    'a day after valid_from, ' || first_day
FROM ({MEMBER}) AS declared
WHERE end_day <= first_day
"""
CODES_OF_ANOTHER_DAY = f"""
SELECT DISTINCT file, place, 'code_date', CAST(day AS VARCHAR),
    'a day of its own span, from ' || coalesce(CAST(CAST(valid_from AS DATE) AS VARCHAR), 'the first')
        || ' until ' || coalesce(CAST(CAST(valid_to AS DATE) AS VARCHAR), 'now')
FROM ({MEMBER}) AS declared
WHERE (day < first_day OR day >= end_day) AND end_day > first_day
"""
SEEN_OUTSIDE = f"""
SELECT DISTINCT file, place, 'evidence',
    CAST(CASE WHEN known_from < first_day THEN known_from ELSE known_to END AS DATE)::VARCHAR,
    'a day of its own span, from ' || coalesce(CAST(CAST(valid_from AS DATE) AS VARCHAR), 'the first')
        || ' until ' || coalesce(CAST(CAST(valid_to AS DATE) AS VARCHAR), 'now')
FROM ({MEMBER}) AS declared
WHERE end_day > first_day AND (known_from < first_day OR known_to >= end_day)
"""
# The same service in two entries: they follow each other without a gap and without an overlap.
GAP_OR_OVERLAP = f"""
SELECT file, place, 'valid_from', CAST(first_day AS VARCHAR),
    CASE WHEN first_day > end_before THEN 'no gap: it ended on ' ELSE 'no overlap: it lasts until ' END || end_before
FROM (
    SELECT *, lag(end_day) OVER (PARTITION BY service_id ORDER BY first_day, entry) AS end_before
    FROM (
        SELECT DISTINCT file, place, entry, service_id, first_day, end_day FROM ({MEMBER}) WHERE service_id IS NOT NULL
    )
)
WHERE first_day <> end_before
"""
# Followed through all changes of codes: in two services at a time, or in none.
IN_TWO_SERVICES = """
WITH several AS (
    SELECT
        *,
        CASE WHEN is_joint THEN 'in ' || service_id ELSE 'alone' END AS place,
        count(*) OVER (PARTITION BY span, municipality_code) AS services,
        span - dense_rank() OVER (PARTITION BY municipality_code ORDER BY span) AS island
    FROM staging.membership
    QUALIFY services > 1
)
SELECT min(file), municipality_code || ' ' || min(municipality_name), 'members',
    array_to_string(list_sort(list(DISTINCT place)), ' and ') || ' from ' || min(span_start)
        || CASE WHEN bool_and(span_end IS NOT NULL) THEN ' until ' || max(span_end) ELSE '' END,
    'one service at a time: end the one before the other starts'
FROM several
GROUP BY municipality_code, island
"""
IN_NO_SERVICE = """
WITH missed AS (
    SELECT place.*, place.span - row_number() OVER (PARTITION BY place.municipality_code ORDER BY place.span) AS island
    FROM staging.in_use AS place
    LEFT JOIN staging.membership AS member
        ON member.span = place.span AND member.municipality_code = place.municipality_code
    WHERE member.span IS NULL
)
SELECT 'services', municipality_code || ' ' || min(name), 'members',
    'in no service from ' || min(span_start)
        || CASE WHEN bool_and(span_end IS NOT NULL) THEN ' until ' || max(span_end) ELSE '' END,
    'a place in services/joint_services.toml or services/alone.toml'
FROM missed
GROUP BY municipality_code, island
"""
HOST_LEFT = """
SELECT min(member.file), member.service_id, 'host',
    'no host from ' || min(member.span_start)
        || CASE WHEN bool_and(member.span_end IS NOT NULL) THEN ' until ' || max(member.span_end) ELSE '' END,
    'an entry of its own from the day the host changed'
FROM staging.membership AS member
LEFT JOIN staging.service_span AS service ON service.span = member.span AND service.service_id = member.service_id
WHERE service.span IS NULL
    AND member.entry IN (SELECT entry FROM registry.member WHERE is_host)
GROUP BY member.service_id
"""
SPLIT_WITHOUT_WEIGHT = """
SELECT 'services/split_weights.toml', link.old_code || ' → ' || link.new_code, 'weight', 'nothing',
    'a weight for the split of ' || link.changed_on || ', or the population of that year and the one before'
FROM core.municipality_link AS link
WHERE link.kind = 'split' AND link.weight IS NULL
"""
COUNTY_OF_NO_OFFICE = """
SELECT 'offices.toml', 'county ' || county, 'counties', 'in no office from ' || min(span_start), 'one office at a time'
FROM staging.in_use
WHERE office_id IS NULL AND county NOT IN (SELECT county FROM registry.carried)
GROUP BY county
"""
COUNTY_OF_TWO_OFFICES = """
SELECT 'offices.toml', 'county ' || county, 'counties',
    string_agg('in ' || office_id, ' and ' ORDER BY office_id) || ' on ' || span_start,
    'one office at a time, and once in it: end the one before the other starts'
FROM staging.span
JOIN registry.office_county AS county
    ON coalesce(CAST(county.valid_from AS DATE), span_start) <= span_start
    AND coalesce(CAST(county.valid_to AS DATE), DATE '9999-12-31') > span_start
GROUP BY county, span, span_start
HAVING count(*) > 1
QUALIFY row_number() OVER (PARTITION BY county ORDER BY span) = 1
"""
IN_TWO_GROUPS = """
SELECT 'datasets', min(peer.municipality_code) || ', one of ' || count(DISTINCT peer.municipality_code), 'valid_to',
    'in groups of the schemes of ' || array_to_string(list_sort(list(DISTINCT peer.scheme)), ' and ')
        || ' on ' || span.span_start,
    'one group at a time: end the list of one year before the next starts'
FROM (
    SELECT span.span, span.span_start, peer.municipality_code
    FROM staging.span AS span
    JOIN core.peer_group AS peer
        ON peer.valid_from <= span.span_start AND coalesce(peer.valid_to, DATE '9999-12-31') > span.span_start
    GROUP BY span.span, span.span_start, peer.municipality_code
    HAVING count(*) > 1
) AS span
JOIN core.peer_group AS peer USING (municipality_code)
WHERE peer.valid_from <= span.span_start AND coalesce(peer.valid_to, DATE '9999-12-31') > span.span_start
GROUP BY span.span_start
"""
# Declared weights of a split that is none, of some of its parts only, or that do not add up.
WEIGHT_OF_NO_SPLIT = """
WITH declared AS (
    SELECT 'weights' AS file, old_code, new_code, changed_on FROM registry.split_weight
    UNION ALL
    SELECT DISTINCT 'parts', old_code, new_code, changed_on FROM registry.split_part
)
SELECT 'services/split_' || file || '.toml', declared.old_code || ' → ' || declared.new_code, 'changed_on',
    CAST(CAST(declared.changed_on AS DATE) AS VARCHAR),
    'a split of the list of changes: two new codes or more on that day'
FROM declared
WHERE CAST(declared.changed_on AS DATE) <= (SELECT as_of FROM registry.release)
    AND NOT EXISTS (
        FROM core.municipality_link AS link
        WHERE link.kind = 'split' AND link.old_code = declared.old_code AND link.new_code = declared.new_code
            AND link.changed_on = CAST(declared.changed_on AS DATE)
    )
"""
WEIGHTS_DO_NOT_ADD_UP = """
SELECT 'services/split_weights.toml', old_code, 'weight', round(sum(weight), 4) || ' over ' || count(*) || ' parts',
    'weights for all parts that were split off on ' || changed_on || ', adding up to 1'
FROM core.municipality_link
WHERE kind = 'split'
GROUP BY old_code, changed_on
HAVING count(weight) = count(*) AND abs(sum(weight) - 1) > 1e-9
"""
QUERIES = [
    UNKNOWN_CODE, WRONG_NAME, HOST_OUTSIDE, HOST_NAME, TWICE_IN_ITS_GROUP, ONE_ALONE, ENDS_BEFORE_IT_STARTS,
    CODES_OF_ANOTHER_DAY, SEEN_OUTSIDE, GAP_OR_OVERLAP, IN_TWO_SERVICES, IN_NO_SERVICE, HOST_LEFT, SPLIT_WITHOUT_WEIGHT,
    WEIGHT_OF_NO_SPLIT, WEIGHTS_DO_NOT_ADD_UP, COUNTY_OF_NO_OFFICE, COUNTY_OF_TWO_OFFICES, IN_TWO_GROUPS,
]  # fmt: skip


def register_problems(con: duckdb.DuckDBPyConnection, registry: Registry, is_whole: bool = True) -> Iterator[Problem]:
    """What is wrong in the register of services, the offices and the split weights.

    is_whole: all of it could be read; otherwise nobody is missed, because what is missing may stand where it could not.
    """
    queries = QUERIES if is_whole else [query for query in QUERIES if query not in (IN_NO_SERVICE, HOST_LEFT)]
    yield from wrong_rows(con, queries, f"{registry.jurisdiction.id}/")


def wrong_rows(con: duckdb.DuckDBPyConnection, queries: Iterable[str], folder: str = "") -> Iterator[Problem]:
    """A problem for each wrong row; the first twenty of a kind, then how many there are."""
    for query in queries:
        rows = con.execute(f"SELECT * FROM ({query}) ORDER BY ALL").fetchall()
        for file, *rest in rows[:SHOWN]:
            yield Problem(f"{folder}{file}", *(str(each) for each in rest))
        if len(rows) > SHOWN:
            yield Problem(f"{folder}{rows[0][0]}", "and more", rows[0][2], f"{len(rows)} such rows", "none")
