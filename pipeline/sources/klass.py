"""Statistics Norway's code lists, KLASS: which list to ask for, and its JSON as the rows of the separated form."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import Klass, ReferenceDataset
from pipeline.sources import strict_json
from pipeline.sources.table import PROBLEMS_SHOWN

HOLDS = {"codes": "codes", "changes": "codeChanges", "correspondences": "correspondenceItems"}
FIELDS = {
    "codes": ("code", "name", "validFromInRequestedRange", "validToInRequestedRange"),
    "changes": ("oldCode", "oldName", "newCode", "newName", "changeOccurred"),
    "correspondences": ("sourceCode", "sourceName", "targetCode", "targetName"),
}
DAYS = ("validFromInRequestedRange", "validToInRequestedRange", "changeOccurred")
YEARS = range(1800, 2200)
MAY_LACK = ("oldCode", "oldName", "newCode", "newName")  # a code that began with no predecessor, or ended with no heir


def address(dataset: ReferenceDataset, today: date) -> str:
    """What to ask: everything since the declared day, and what is decided for next year. `to` is exclusive."""
    klass = dataset.klass
    assert klass is not None, f"{dataset.id} is not declared to be in KLASS"
    if klass.list == "correspondences":
        asked = {"targetClassificationId": str(klass.target), "date": str(klass.since)}
    else:
        asked = {"from": str(klass.since), "to": f"{today.year + 2}-01-01", "includeFuture": "true"}
    return f"{dataset.address}?{urlencode(asked)}"


def rows(body: bytes, klass: Klass, file: str) -> pd.DataFrame:
    """The list as text columns; `line` is the number of its entry. A code has a row for each year that begins with it.

    Raises BadInput for another list, an entry without what it must have, one that overlaps, and a list cut short.
    """
    given = strict_json.parse(body, file)
    items = given.get(HOLDS[klass.list]) if isinstance(given, dict) else None
    if not isinstance(items, list):
        raise bad_input(file, "", "JSON", list(given)[:5], f"an object with the list `{HOLDS[klass.list]}`")
    problems = list(_lacking(items, klass, file))
    if problems:
        raise BadInput(problems[:PROBLEMS_SHOWN])
    table = pd.DataFrame(items, columns=list(FIELDS[klass.list])).assign(line=range(1, len(items) + 1))
    table = table.fillna("").rename(columns=klass.names)
    if klass.list == "changes":  # what began or ended alone is in the list of codes, and no change from one to another
        table = table[(table["oldCode"] != "") & (table["newCode"] != "")]
    _check_length(len(table), "in all", klass, file)
    if klass.list == "codes":
        table = _yearly(table, file)
        for year, count in table["year"].value_counts().items():
            _check_length(count, str(year), klass, file)
    return table.reset_index(drop=True)


def _lacking(items: list[Any], klass: Klass, file: str) -> Iterator[Problem]:
    """Fields that are no text, or empty, or no day, where they must be."""
    for number, item in enumerate(items, start=1):
        for field in FIELDS[klass.list]:
            value = item.get(field) if isinstance(item, dict) else None
            if field in MAY_LACK and (value is None or isinstance(value, str)):
                continue
            if not isinstance(value, str) or not value.strip():
                allowed = "a day: ask with `from` and `to`" if field in DAYS else "a text"
                yield Problem(file, f"entry {number}", field, repr(value), allowed)
            elif field in DAYS and not _is_day(value):
                yield Problem(file, f"entry {number}", field, repr(value), "a day, 2020-01-01")


def _is_day(text: str) -> bool:
    try:
        day = date.fromisoformat(text)
        return day.isoformat() == text and day.year in YEARS
    except ValueError:
        return False


def _yearly(codes: pd.DataFrame, file: str) -> pd.DataFrame:
    """One row per code and year on whose first day it held; the spans are half-open, and cut at what was asked for."""
    start, end, _ = DAYS
    years = [int(day[:4]) for day in (*codes[start], *codes[end])]
    each_year = pd.DataFrame({"year": [str(year) for year in range(min(years), max(years) + 1)]})
    table = codes.merge(each_year, how="cross")
    first_day = table["year"] + "-01-01"
    table = table[(table[start] <= first_day) & (first_day < table[end])]
    problems = [
        Problem(file, f"entry {line}", "code", repr(code), f"one entry that holds on 1 January {year}")
        for line, code, year in table.loc[table.duplicated(["code", "year"]), ["line", "code", "year"]].to_numpy()
    ]
    if problems:
        raise BadInput(problems[:PROBLEMS_SHOWN])
    return table.sort_values(["year", "code"])


def _check_length(count: int, when: str, klass: Klass, file: str) -> None:
    if count < klass.at_least:
        allowed = f"at least {klass.at_least}: the list was cut short, fetch it again"
        raise bad_input(file, when, HOLDS[klass.list], count, allowed)
