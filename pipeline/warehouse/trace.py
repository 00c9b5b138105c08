"""`why`: walks from a number of the release to the cells as sent, the files they stood in, and the rules in between."""

import json
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from pipeline.problems import bad_input
from pipeline.registry.load import Registry

# A unit of today, or one that was there when the period started.
VALUE = """
SELECT * FROM staging.indicator_value
WHERE indicator_id = ? AND unit_code = ? AND period = ? AND is_newest
ORDER BY borders, unit_kind LIMIT 1
"""
# The municipalities behind the unit, back to the codes of the day, and the cells as sent.
CELLS = """
SELECT
    part_cell.part,
    part_cell.unit_code AS code_as_sent,
    municipality.name,
    route.municipality_code AS code_today,
    route.weight,
    observation.text AS as_sent,
    observation.value,
    part_cell.status,
    observation.measure,
    observation.dimensions,
    observation.place,
    observation.file_id,
    observation.is_synthetic,
    correction.reason AS correction
FROM staging.part_cell AS part_cell
JOIN staging.vintage AS vintage
    ON vintage.indicator_id = part_cell.indicator_id AND vintage.era = part_cell.era
    AND vintage.vintage = part_cell.vintage AND vintage.is_newest AND vintage.period = part_cell.period
JOIN registry.part AS part
    ON part.indicator_id = part_cell.indicator_id AND part.era = part_cell.era
    AND part.part = part_cell.part AND part.dataset_id = vintage.dataset_id
JOIN staging.route AS route
    ON route.borders = $borders AND route.border_date = part_cell.border_date
    AND route.period_start = part_cell.period_start AND route.sent_code = part_cell.unit_code AND route.is_whole
JOIN core.municipality AS municipality
    ON municipality.municipality_code = part_cell.unit_code AND municipality.valid_from <= part_cell.border_date
    AND (municipality.valid_to IS NULL OR municipality.valid_to > part_cell.border_date)
JOIN staging.placement AS placement
    ON placement.borders = $borders AND placement.municipality_code = route.municipality_code
    AND coalesce(placement.span_start, part_cell.period_start) <= part_cell.period_start
    AND coalesce(placement.span_end, DATE '9999-12-31') > part_cell.period_start
JOIN raw.observation AS observation
    ON observation.file_id = vintage.file_id AND observation.measure = part.measure
    AND observation.dimensions = part.dimensions AND observation.unit_code = part_cell.unit_code
    AND observation.period = part_cell.period
LEFT JOIN registry.correction AS correction
    ON correction.dataset_id = observation.dataset_id AND correction.unit_code = observation.unit_code
    AND correction.period = observation.period AND correction.measure = observation.measure
    AND correction.dimensions = observation.dimensions AND correction.expected_value = observation.value
WHERE part_cell.indicator_id = $indicator AND part_cell.period = $period AND part_cell.era = $era
    AND CASE $kind
        WHEN 'municipality' THEN placement.municipality_code
        WHEN 'service' THEN placement.service_id
        WHEN 'county' THEN placement.county
        WHEN 'county_area' THEN placement.own_county
        WHEN 'office' THEN placement.office_id
        ELSE '0'
    END = $unit
ORDER BY part_cell.part DESC, code_today, code_as_sent
"""
FILES = """
SELECT DISTINCT file.* EXCLUDE (query), dataset.title
FROM raw.file AS file JOIN registry.dataset AS dataset USING (dataset_id)
WHERE file.file_id IN (SELECT unnest(?)) ORDER BY file.file_id
"""


@dataclass(frozen=True)
class Trace:
    """Where a number comes from.

    value: its row of core.indicator_value. cells: one row a cell as sent. files: one row a file.
    rules: what was done in between, in words.
    """

    value: dict[str, Any]
    cells: pd.DataFrame
    files: pd.DataFrame
    rules: tuple[str, ...]

    def to_json(self) -> str:
        """The trace for a machine; a missing number is null."""
        told = {"value": pd.DataFrame([self.value]), "cells": self.cells, "files": self.files}
        tables = {name: json.loads(table.to_json(orient="records", date_format="iso")) for name, table in told.items()}
        return json.dumps(
            {"value": tables["value"][0], "rules": self.rules, "cells": tables["cells"], "files": tables["files"]},
            ensure_ascii=False,
        )


def trace(con: duckdb.DuckDBPyConnection, registry: Registry, indicator_id: str, unit: str, period: str) -> Trace:
    """The trace of the newest vintage. Raises BadInput when there is no such number, with what there is."""
    if indicator_id not in registry.indicators:
        raise bad_input("why", "", "indicator", indicator_id, "one of " + ", ".join(sorted(registry.indicators)))
    found = con.execute(VALUE, [indicator_id, _unit_code(con, unit), period]).df()
    if found.empty:
        raise bad_input(
            "why", indicator_id, "unit and period", f"{unit} {period}", _what_there_is(con, indicator_id, unit)
        )
    value = {str(name): cell for name, cell in found.iloc[0].items()}
    cells = con.execute(
        CELLS,
        {
            "indicator": indicator_id,
            "period": period,
            "era": value["era"],
            "borders": value["borders"],
            "kind": value["unit_kind"],
            "unit": value["unit_code"],
        },
    ).df()
    files = con.execute(FILES, [sorted(set(cells["file_id"]))]).df()
    return Trace(value, cells, files, tuple(_rules(registry, value, cells)))


def _unit_code(con: duckdb.DuckDBPyConnection, unit: str) -> str:
    """The unit itself, or the code of the only unit of that name."""
    named = con.execute(
        """SELECT DISTINCT service_id FROM core.service WHERE lower(name) = lower($1)
           UNION SELECT office_id FROM core.office WHERE lower(name_nb) = lower($1) OR lower(name_nn) = lower($1)""",
        [unit],
    ).fetchall()
    return str(named[0][0]) if len(named) == 1 else unit


def _what_there_is(con: duckdb.DuckDBPyConnection, indicator_id: str, unit: str) -> str:
    periods = con.execute(
        "SELECT DISTINCT period FROM staging.indicator_value WHERE indicator_id = ? AND unit_code = ? ORDER BY 1",
        [indicator_id, _unit_code(con, unit)],
    ).fetchall()
    if periods:
        return "periods " + ", ".join(row[0] for row in periods)
    return "a municipality code, a service id or name, an office, a county, or 0, the country (`veiviser list units`)"


def _rules(registry: Registry, value: dict[str, Any], cells: pd.DataFrame) -> list[str]:
    """What was done between the cells and the number, one sentence each."""
    indicator = registry.indicators[value["indicator_id"]]
    series = indicator.in_era(value["era"])
    assert series is not None
    rules = [
        f"value = numerator / denominator × {indicator.per} ({indicator.unit}); counts are summed, shares are computed"
    ]
    if series.share is not None:
        rules.append("numerator = published share × denominator: the publisher gives the share without its counts")
    if value["borders"] == "period":
        code = cells["code_as_sent"].iloc[0] if len(cells) else value["unit_code"]
        rules.append(f"the unit as it was when the period started; it has become another since (`veiviser why {code}`)")
    elif (cells["code_as_sent"] != cells["code_today"]).any():
        rules.append("codes are followed from the day of the data to those of the as-of date (core.municipality_link)")
    if (cells["weight"] < 1).any():
        rules.append("a split municipality is shared out by the children who went each way: the number is an estimate")
    if cells["correction"].notna().any():
        rules.append("a declared correction was applied")
    if value["unit_kind"] in ("county", "office"):
        rules.append("sum of the services whose host lies there; unit_kind county_area has the municipalities that do")
    if value["parts_present"] < value["parts_total"]:
        rules.append(f"{value['parts_present']} of {value['parts_total']} parts are known; the others are left out")
    if value["status"] == "suppressed_source":
        rules.append(
            f"hidden by the source: between {value['numerator_low']:g} and {value['numerator_high']:g}; "
            "the ranking reads it so"
        )
    return rules
