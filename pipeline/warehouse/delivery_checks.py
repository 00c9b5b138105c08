"""What is asked of a delivery at the door of a build: of its figures, and of code lists against each other."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from itertools import islice, pairwise

import pandas as pd
import pandera.pandas as pa

from pipeline.problems import Problem
from pipeline.registry.dataset import DatasetBase
from pipeline.registry.load import Registry
from pipeline.registry.model import Jurisdiction
from pipeline.sources.table import PROBLEMS_SHOWN
from pipeline.warehouse.checks import STATUSES

PERIOD = r"^\d{4}(H[12])?$"
KEY = ["unit_code", "period", "measure", "dimensions"]
AHEAD = 5  # years between the newest code list and a change that is known already
EACH_ONCE = {
    "municipality_code": ["year", "code"],
    "municipality_change": ["old_code", "new_code", "changed_on"],
    "peer_group": ["code"],
}


@dataclass(frozen=True)
class CodesInUse:
    """The municipality codes in use in each year, and the carried ones, which are always in use."""

    years: dict[int, frozenset[str]]
    carried: frozenset[str] = frozenset()

    @classmethod
    def of(cls, tables: Iterable[pd.DataFrame], place: Jurisdiction) -> "CodesInUse":
        """From the code lists as read (columns year and code)."""
        rows = pd.concat([pd.DataFrame({"year": [], "code": []}), *tables])
        years = {int(str(year)): frozenset(codes) for year, codes in rows.groupby("year")["code"]}
        return cls(years, frozenset(each.code for each in place.carried))

    @cached_property
    def every(self) -> frozenset[str]:
        """All codes of all years."""
        return self.carried.union(*self.years.values())

    def in_use(self, year: int) -> frozenset[str]:
        """The codes of a year; of one that the list does not have, all codes of all years."""
        return self.years[year] | self.carried if year in self.years else self.every

    def expected(self, code: str, year: int) -> str:
        """What could have stood in the place of a code that is not in use that year."""
        nearest = get_close_matches(code, sorted(self.in_use(year)), 1, cutoff=0)
        return f"a municipality code in use in {year}" + (f", such as {nearest[0]!r}" if nearest else "")


def check_observations(
    table: pd.DataFrame, dataset: DatasetBase, registry: Registry, codes: CodesInUse, published: date
) -> list[Problem]:
    """What is wrong with the cells of one file: a unit unknown or gone, a year that cannot be, a key twice.

    published: the day of the file; no figure is of a later year.
    """
    file = str(table["file_id"].iloc[0])
    failures = _failures(_door(dataset, registry.jurisdiction, codes, published), table)
    problems = []
    for (name, allowed), rows in failures.groupby(["column", "check"], sort=False):
        cells = table.loc[rows["index"].unique()]
        for _, cell in cells.drop_duplicates([str(name)] if name != "key" else KEY).head(PROBLEMS_SHOWN).iterrows():
            given = "/".join(cell[KEY]) if name == "key" else cell[str(name)]
            problems.append(Problem(file, str(cell["place"]), str(name), repr(given), str(allowed)))
    return problems or list(_not_in_use(table, dataset, registry, codes, published))


def check_reference(table: pd.DataFrame, role: str, codes: CodesInUse) -> list[Problem]:
    """What is wrong with a code list: a row twice, a code that is not in use that year, a code left out."""
    if table.empty or role not in EACH_ONCE:
        return []
    file = str(table["file_id"].iloc[0])
    key = EACH_ONCE[role]
    twice = [
        Problem(file, f"row {row['line']}", "row", " ".join(row[key]), "each once")
        for _, row in table[table.duplicated(key)].head(PROBLEMS_SHOWN).iterrows()
    ]
    wrong = {"municipality_code": _years, "municipality_change": _changes, "peer_group": _groups}[role]
    return [*twice, *wrong(table, file, codes)][:PROBLEMS_SHOWN]


def _door(dataset: DatasetBase, place: Jurisdiction, codes: CodesInUse, published: date) -> pa.DataFrameSchema:
    aggregate = re.compile(dataset.aggregate_pattern or "(?!)")
    first, last, every = dataset.first_year or 1900, published.year, codes.every

    def well_formed(unit: "pd.Series[str]") -> "pd.Series[bool]":
        return unit.str.fullmatch(place.unit_code) | unit.str.fullmatch(aggregate)

    def known(unit: "pd.Series[str]") -> "pd.Series[bool]":
        return unit.isin(every) | ~unit.str.fullmatch(place.unit_code) | unit.str.fullmatch(aggregate)

    def in_span(period: "pd.Series[str]") -> "pd.Series[bool]":
        return period.str[:4].isin([str(year) for year in range(first, last + 1)])

    return pa.DataFrameSchema(
        {
            "period": pa.Column(
                checks=[
                    pa.Check.str_matches(PERIOD, error="a year, or a half-year such as 2019H2"),
                    pa.Check(in_span, error=f"a year from {first} to {last}, when the file was published"),
                ]
            ),
            "unit_code": pa.Column(
                checks=[
                    pa.Check(well_formed, error=f"{place.unit_code_hint}, or an aggregate {dataset.aggregate_pattern}"),
                    pa.Check(known, error="a code of the list of municipality codes"),
                ]
            ),
            "value": pa.Column(
                float, nullable=True, checks=pa.Check.in_range(0, 1e12, error="a number from 0 to 1e12")
            ),
            "status": pa.Column(checks=pa.Check.isin(STATUSES, error="one of " + ", ".join(STATUSES))),
        },
        checks=pa.Check(_first_of_its_key, error="one row for each " + ", ".join(KEY), name="key"),
    )


def _first_of_its_key(table: pd.DataFrame) -> "pd.Series[bool]":
    return ~table.duplicated(KEY)


def _failures(schema: pa.DataFrameSchema, table: pd.DataFrame) -> pd.DataFrame:
    """The failing cells: index of the row, the column (`key` for the whole row) and what is allowed."""
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        return cases.assign(column=cases["column"].where(cases["schema_context"] == "Column", "key"))
    return pd.DataFrame(columns=["index", "column", "check"])


def _not_in_use(
    table: pd.DataFrame, dataset: DatasetBase, registry: Registry, codes: CodesInUse, published: date
) -> Iterator[Problem]:
    """Figures of a code that was not in use in their year, which would fall out of all sums.

    0 is no such figure: publishers give it for places that are not there. Nor is a cell with a declared correction.
    Where years start within calendar years, a dataset may count either, and the codes of both are in use.
    """
    figure = (table["value"] > 0) | (table["status"] == "suppressed_source")
    asked = table[figure & table["unit_code"].isin(codes.every)].drop_duplicates(["unit_code", "period"])
    corrected = {(each.unit_code, each.period) for each in registry.corrections if each.dataset == dataset.id}
    borders = pd.Series(published.year, asked.index) if dataset.borders == "publication" else _year(asked["period"])
    later = registry.jurisdiction.year_starts_month > 1
    either = {year: codes.in_use(year) | codes.in_use(year + later) for year in borders.unique()}
    cells = zip(asked["unit_code"], asked["period"], asked["place"], borders, strict=True)
    wrong = (each for each in cells if each[0] not in either[each[3]] and each[:2] not in corrected)
    for unit, period, place, year in islice(wrong, PROBLEMS_SHOWN):
        file = str(table["file_id"].iloc[0])
        yield Problem(file, place, "unit_code", f"{unit!r} {period}", codes.expected(unit, year))


def _year(day: "pd.Series[str]") -> "pd.Series[int]":
    """The year of a period or a day."""
    return day.str[:4].astype(int)


def _years(table: pd.DataFrame, file: str, codes: CodesInUse) -> Iterator[Problem]:
    """A code list whose years have a gap."""
    for before, after in pairwise(sorted(set(table["year"].astype(int)))):
        if after != before + 1:
            yield Problem(file, "", "year", f"{before}, then {after}", "years without a gap")


def _changes(table: pd.DataFrame, file: str, codes: CodesInUse) -> Iterator[Problem]:
    """Changes of codes that are not in use before or after, and codes that end or start without a change."""
    for row in table.itertuples():
        year = int(str(row.changed_on)[:4])
        if year > max(codes.years) + AHEAD:
            yield Problem(
                file, f"row {row.line}", "changed_on", str(row.changed_on), f"{AHEAD} years ahead at the most"
            )
        for name, code, when in (("old_code", str(row.old_code), year - 1), ("new_code", str(row.new_code), year)):
            if code not in codes.in_use(when):
                yield Problem(file, f"row {row.line}", name, repr(code), codes.expected(code, when))
    years = _year(table["changed_on"])
    for before, after in pairwise(sorted(codes.years)):
        told = table[(years > before) & (years <= after)]
        for name, gone in (
            ("old_code", codes.years[before] - codes.years[after] - set(told["old_code"])),
            ("new_code", codes.years[after] - codes.years[before] - set(told["new_code"])),
        ):
            for code in sorted(gone):
                yield Problem(file, f"{after}", name, "no change", f"one for {code}, which the code list changes then")


def _groups(table: pd.DataFrame, file: str, codes: CodesInUse) -> Iterator[Problem]:
    """A code that is not in use on the day the list's codes are of, and municipalities of that year left out."""
    year = int(str(table["code_date"].iloc[0])[:4])
    for row in table[~table["code"].isin(codes.in_use(year))].itertuples():
        yield Problem(file, f"row {row.line}", "code", repr(row.code), codes.expected(str(row.code), year))
    for code in sorted(codes.years.get(year, frozenset()) - set(table["code"])):
        yield Problem(file, "", "code", "no row", f"one for {code}, a municipality of {year}")
