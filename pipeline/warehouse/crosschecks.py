"""Checks between tables: SQL that returns the wrong rows, run once staging stands. Nothing may be lost on the way.

Each query gives file, place, field, given and allowed, as `Problem` has them.
"""

from collections.abc import Iterator

import duckdb

from pipeline.problems import Problem
from pipeline.registry.load import Registry
from pipeline.warehouse.checks import Outcome, passed
from pipeline.warehouse.models import TABLE
from pipeline.warehouse.register import register_problems, wrong_rows

# A cell with a number, of a known code that is not in use on the day its borders are of, would fall out of all sums.
CODE_NOT_IN_USE = """
SELECT DISTINCT
    cell.file_id,
    cell.unit_code || ' ' || cell.period,
    'unit_code',
    '''' || cell.unit_code || '''',
    'a municipality code in use on ' || cell.border_date
FROM staging.part_cell AS cell
WHERE (cell.value IS NOT NULL OR cell.status = 'suppressed_source')
    AND cell.unit_code IN (SELECT municipality_code FROM core.municipality)
    AND NOT EXISTS (
        FROM staging.successor AS successor
        WHERE successor.old_code = cell.unit_code AND successor.old_valid_from <= cell.border_date
            AND (successor.old_valid_to IS NULL OR successor.old_valid_to > cell.border_date)
    )
"""
# A measure that no file of a delivered dataset has: mistyped here, or renamed there.
MEASURE_NOT_THERE = """
SELECT
    'indicators/' || part.indicator_id || '.toml',
    'series ' || part.era,
    part.part,
    '''' || part.measure || '''' || CASE part.dimensions WHEN '' THEN '' ELSE ' at ' || part.dimensions END,
    'a measure and dimensions that the files of ' || part.dataset_id || ' have'
FROM registry.part AS part
WHERE part.dataset_id IN (SELECT dataset_id FROM raw.file)
    AND NOT EXISTS (
        FROM raw.observation AS observation
        WHERE observation.dataset_id = part.dataset_id AND observation.measure = part.measure
            AND observation.dimensions = part.dimensions
    )
"""
# A series that finds nothing in a dataset that has periods within its span: a wrong frequency, say.
SERIES_WITHOUT_CELLS = """
SELECT DISTINCT
    'indicators/' || part.indicator_id || '.toml',
    'series ' || part.era,
    part.part,
    series.frequency || ' figures from ' || series.series_start,
    'a frequency and a span in which ' || part.dataset_id || ' has figures'
FROM registry.part AS part
JOIN registry.series AS series USING (indicator_id, era)
WHERE EXISTS (
        FROM raw.observation AS observation
        JOIN registry.period AS period ON period.period = observation.period
        WHERE observation.dataset_id = part.dataset_id
            AND period.period_start >= series.series_start AND period.period_end <= series.series_end
    )
    AND EXISTS (
        FROM staging.vintage AS vintage
        WHERE vintage.indicator_id = part.indicator_id AND vintage.era = part.era
    )
    AND NOT EXISTS (
        FROM staging.part_cell AS cell
        WHERE cell.indicator_id = part.indicator_id AND cell.era = part.era AND cell.part = part.part
    )
"""
# Of a percentage, more in the numerator than in the denominator, in the units as sent.
MORE_THAN_ALL = """
SELECT
    numerator.file_id,
    numerator.unit_code || ' ' || numerator.period,
    numerator.indicator_id,
    numerator.value || ' of ' || denominator.value,
    'a part of the whole: correct it at the source, or declare a correction'
FROM staging.part_cell AS numerator
JOIN staging.part_cell AS denominator
    ON denominator.indicator_id = numerator.indicator_id AND denominator.era = numerator.era
    AND denominator.vintage = numerator.vintage AND denominator.unit_code = numerator.unit_code
    AND denominator.period = numerator.period AND denominator.part = 'denominator'
JOIN registry.series AS series
    ON series.indicator_id = numerator.indicator_id AND series.era = numerator.era AND series.likelihood = 'binomial'
WHERE numerator.part = 'numerator' AND numerator.value > denominator.value
"""
# A cohort's municipality that was none on the day the agreement was signed.
NO_SUCH_MEMBER = """
SELECT
    'programme/' || declared.cohort_id || '.toml',
    declared.member_name,
    'municipality_code',
    '''' || declared.municipality_code || '''',
    'a municipality code in use on ' || CAST(declared.code_date AS DATE)
FROM registry.cohort_member AS declared
WHERE NOT EXISTS (
    FROM core.municipality AS municipality
    WHERE municipality.municipality_code = declared.municipality_code
        AND municipality.valid_from <= CAST(declared.code_date AS DATE)
        AND (municipality.valid_to IS NULL OR municipality.valid_to > CAST(declared.code_date AS DATE))
)
"""
# A measure's municipality that was none on its first day.
NO_SUCH_PLACE = """
SELECT
    'measures',
    declared.measure_id,
    'municipalities',
    '''' || declared.municipality_code || '''',
    'a municipality code in use on ' || CAST(declared.first_day AS DATE)
FROM registry.measure AS declared
WHERE declared.municipality_code IS NOT NULL AND NOT EXISTS (
    FROM core.municipality AS municipality
    WHERE municipality.municipality_code = declared.municipality_code
        AND municipality.valid_from <= CAST(declared.first_day AS DATE)
        AND (municipality.valid_to IS NULL OR municipality.valid_to > CAST(declared.first_day AS DATE))
)
"""
# A map shows the municipalities in use on its border date: these it lacks.
NOT_ON_THE_MAP = """
SELECT
    span.file_id,
    municipality.municipality_code || ' ' || municipality.name,
    'feature',
    'none',
    'one for each municipality in use on ' || span.valid_from || ', which its borders are of'
FROM staging.map_span AS span
JOIN core.municipality AS municipality
    ON municipality.is_listed AND municipality.valid_from <= span.valid_from
    AND (municipality.valid_to IS NULL OR municipality.valid_to > span.valid_from)
WHERE NOT EXISTS (
        FROM raw.border AS border
        WHERE border.file_id = span.file_id AND border.municipality_code = municipality.municipality_code
    )
    AND municipality.municipality_code NOT IN (SELECT municipality_code FROM registry.not_ranked)
"""
ONLY_ON_THE_MAP = """
SELECT
    span.file_id,
    border.municipality_code || ' ' || border.name,
    'municipality_code',
    '''' || border.municipality_code || '''',
    'a municipality code in use on ' || span.valid_from || ', which its borders are of'
FROM staging.map_span AS span
JOIN raw.border AS border USING (file_id)
WHERE NOT EXISTS (
        FROM core.municipality AS municipality
        WHERE municipality.municipality_code = border.municipality_code AND municipality.valid_from <= span.valid_from
            AND (municipality.valid_to IS NULL OR municipality.valid_to > span.valid_from)
    )
    AND border.municipality_code NOT IN (SELECT municipality_code FROM registry.not_ranked)
"""
# A name that shares no part with any that the code list has for the code: the borders of another place. Spelling may
# differ (Røros - Rossen, Røros - Rosse), and so may what tells two apart: Herøy, Herøy (Nordland).
NAME_OF_ANOTHER = """
SELECT
    border.file_id,
    border.municipality_code,
    'name',
    '''' || border.name || '''',
    'a name of ' || border.municipality_code || ', such as ' || min(known.full_name)
FROM raw.border AS border
JOIN staging.municipality_spelling AS known USING (municipality_code)
GROUP BY border.file_id, border.municipality_code, border.name
HAVING NOT bool_or(
    list_contains(string_split(regexp_replace(lower(border.name), ' [(].*', ''), ' - '), known.spelling)
)
"""
NO_SUCH_SERVICE = """
SELECT DISTINCT 'breaks.toml', own.break_id, 'services', '''' || own.service_id || '''',
    'a service of today, as veiviser list units names it'
FROM registry.series_break_service AS own
WHERE own.service_id NOT IN (SELECT service_id FROM core.service WHERE valid_to IS NULL)
"""
OBSERVED = "raw.observation"
# What must hold, in words, and the query for what breaks it.
QUERIES = {
    "every code is in use on the day of its borders": CODE_NOT_IN_USE,
    "every declared measure is delivered": MEASURE_NOT_THERE,
    "every series finds figures": SERIES_WITHOUT_CELLS,
    "no part is more than its whole": MORE_THAN_ALL,
    "every municipality is on the map": NOT_ON_THE_MAP,
    "nothing else is on the map": ONLY_ON_THE_MAP,
    "names on the map belong to their codes": NAME_OF_ANOTHER,
    "every member of a cohort was a municipality": NO_SUCH_MEMBER,
    "every place of a measure was a municipality": NO_SUCH_PLACE,
    "every service of a break is one of today": NO_SUCH_SERVICE,
}


def crosschecks(con: duckdb.DuckDBPyConnection, registry: Registry) -> Iterator[Problem]:
    """What is wrong between tables, in the register of services, and in corrections whose error is gone."""
    yield from wrong_rows(con, QUERIES.values())
    yield from register_problems(con, registry)
    yield from _mended(con, registry)


def crosschecked(con: duckdb.DuckDBPyConnection) -> list[Outcome]:
    """The outcomes of these checks where they stopped nothing, with the rows of the table each starts from."""
    return [passed(table, name, _count(con, table)) for name, table in starts().items()] + [
        passed(OBSERVED, f"units, periods, statuses and keys are sound: {dataset}", rows)
        for dataset, rows in con.execute(
            "SELECT dataset_id, count(*) FROM raw.observation GROUP BY dataset_id ORDER BY dataset_id"
        ).fetchall()
    ]


def starts() -> dict[str, str]:
    """Check → the table it starts from."""
    return {name: TABLE.findall(query)[0] for name, query in QUERIES.items()} | {
        "every municipality is in one service on every day": "core.service_member",
        "every correction finds its error": "registry.correction",
    }


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]


def _mended(con: duckdb.DuckDBPyConnection, registry: Registry) -> Iterator[Problem]:
    """Corrections whose error stands in no file any more: the publisher has mended it, and the entry can go."""
    unused = con.execute(
        """SELECT dataset_id, unit_code, period, measure, dimensions, expected_value FROM registry.correction
           WHERE dataset_id IN (SELECT dataset_id FROM raw.file)"""
    ).fetchall()
    for dataset, unit, period, measure, dimensions, expected in unused:
        found = con.execute(
            """SELECT DISTINCT text, value FROM raw.observation
               WHERE dataset_id = ? AND unit_code = ? AND period = ? AND measure = ? AND dimensions = ?""",
            [dataset, unit, period, measure, dimensions],
        ).fetchall()
        if expected not in [value for _, value in found]:
            there = " and ".join(sorted(repr(text) for text, _ in found)) or "nothing"
            yield Problem(
                f"{registry.jurisdiction.id}/corrections",
                f"{dataset} {unit} {period}",
                "expected_value",
                f"{expected:g}",
                f"{there}, as the files have it (mended? then remove the correction)",
            )
