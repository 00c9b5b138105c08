"""`who`: what a municipality was and became, who served it, and on which basis that is said."""

import difflib
from datetime import date

import duckdb
import pandas as pd

from pipeline.problems import bad_input
from pipeline.registry.load import Registry

# The municipalities that a code or a name (in any of its languages) means; one that only changed its number is one.
MEANT = """
SELECT DISTINCT last_value(same.new_code) OVER (
    PARTITION BY same.old_code, same.old_valid_from ORDER BY same.new_valid_from
    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
) AS last_code
FROM core.municipality_successor AS same
WHERE same.is_same
    AND (same.old_code = $place OR same.old_code IN (
        SELECT municipality_code FROM staging.municipality_spelling WHERE spelling = lower($place)
    ))
ORDER BY last_code
"""
IN_USE = """
SELECT DISTINCT new_code FROM core.municipality_successor
WHERE is_same AND new_code IN (SELECT unnest($codes))
    AND old_valid_from <= $day AND coalesce(old_valid_to, DATE '9999-12-31') > $day
"""
CALLED = """
SELECT municipality_code || ' ' || name || coalesce(' (until ' || valid_to || ')', '')
FROM core.municipality WHERE municipality_code IN (SELECT unnest($codes))
ORDER BY municipality_code
"""
ALL_NAMES = "SELECT DISTINCT name FROM core.municipality_name ORDER BY name"
HISTORY = """
WITH itself AS (
    SELECT DISTINCT old_code AS code, old_valid_from AS valid_from
    FROM core.municipality_successor WHERE is_same AND new_code = $code
),
related AS (
    SELECT code, valid_from, valid_from AS since, 'itself' AS relation, 1.0 AS share_of_children, false AS is_split
    FROM itself
    UNION
    SELECT new_code, new_valid_from, since, 'became', weight, is_split
    FROM core.municipality_successor JOIN itself ON old_code = code AND old_valid_from = valid_from
    WHERE NOT is_same
    UNION
    SELECT old_code, old_valid_from, old_valid_from, 'was', weight, is_split
    FROM core.municipality_successor JOIN itself ON new_code = code AND new_valid_from = valid_from
    WHERE NOT is_same
)
SELECT
    related.relation,
    history.municipality_code,
    history.name,
    greatest(history.valid_from, related.since) AS valid_from,
    history.valid_to,
    history.county,
    history.county_name,
    history.office_name AS office,
    history.service_id,
    history.service_name,
    history.host,
    history.host_name,
    history.host_sure,
    history.service_office_name AS service_office,
    history.peer_group,
    history.peer_group_scheme,
    history.regions,
    history.known_from,
    history.known_to,
    history.source,
    related.share_of_children,
    related.is_split,
    history.valid_from = (SELECT min(valid_from) FROM core.municipality) AS is_first_listed
FROM related
JOIN core.municipality AS municipality
    ON municipality.municipality_code = related.code AND municipality.valid_from = related.valid_from
JOIN core.municipality_history AS history
    ON history.municipality_code = municipality.municipality_code
    AND history.valid_from >= municipality.valid_from
    AND coalesce(history.valid_to, DATE '9999-12-31') > related.since
    AND coalesce(history.valid_to, DATE '9999-12-31') <= coalesce(municipality.valid_to, DATE '9999-12-31')
WHERE $day IS NULL
    OR greatest(history.valid_from, related.since) <= $day AND coalesce(history.valid_to, DATE '9999-12-31') > $day
ORDER BY CASE related.relation WHEN 'was' THEN 0 WHEN 'itself' THEN 1 ELSE 2 END, 4, history.municipality_code
"""


def who(con: duckdb.DuckDBPyConnection, registry: Registry, place: str, day: date | None = None) -> pd.DataFrame:
    """One row a municipality code and span: the municipality itself, what it was made of, and what it became.

    place: a code of any year, or a name. day: only what held then. share_of_children: how much of the older unit's
    children went along. is_first_listed: the code list starts there, and the span may have started before.
    Outside known_from to known_to the membership of the service is assumed.
    Raises BadInput when nothing, or more than one municipality, is of that name.
    """
    codes = [row[0] for row in con.execute(MEANT, {"place": place}).fetchall()]
    if not codes and registry.jurisdiction.unit_code.fullmatch(place.partition(" ")[0]):
        return who(con, registry, place.partition(" ")[0], day)
    if len(codes) > 1 and day is not None:
        codes = [row[0] for row in con.execute(IN_USE, {"codes": codes, "day": day}).fetchall()] or codes
    if len(codes) != 1:
        named = [row[0] for row in con.execute(CALLED, {"codes": codes}).fetchall()]
        near = difflib.get_close_matches(place, [row[0] for row in con.execute(ALL_NAMES).fetchall()])
        allowed = (
            "one of " + ", ".join(named or near)
            if named or near
            else registry.jurisdiction.unit_code_hint + ", or a name"
        )
        raise bad_input("who", "", "municipality", place, allowed)
    return con.execute(HISTORY, {"code": codes[0], "day": day}).df()
