"""The tables of the page of revisions, in words."""

from typing import Any

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.registry.model import Indicator
from pipeline.reports.facts import records
from pipeline.reports.tables import Cell, Column, Table, rows
from pipeline.reports.voice import Voice

SHOWN = 300  # rows of changed cells on a page; the CSV file has them all
WITH_VALUE = ("ok", "incomplete_merger")  # whether or not the value is told again: hidden since, it is not


def cells(say: Voice, registry: Registry, title: str, dataset: str, table: pd.DataFrame) -> Table:
    """One row a changed cell; those that an indicator uses come first, and say which."""
    used = _used(say, registry, dataset)
    ordered = table.sort_values(["is_used", "file_after", "unit_code"], ascending=[False, False, True], kind="stable")
    shown = ordered.head(SHOWN)
    body = [
        (
            _place(row.unit_code, row.name),
            Cell(row.measure, [each for each in (row.dimensions, used.get((row.measure, row.dimensions))) if each]),
            say.period(row.period),
            say(f"revisions.kind_{row.kind}"),
            _figure(say, row.value_before, row.status_before),
            _figure(say, row.value_after, row.status_after),
            "" if pd.isna(row.change) else ("+" if row.change > 0 else "") + _number(say, row.change),
        )
        for row in records(shown)
    ]
    caption = (
        say("revisions.table_cells", title=title, n=say.number(len(table)))
        if len(shown) == len(table)
        else say("revisions.table_cells_part", title=title, shown=say.number(SHOWN), n=say.number(len(table)))
    )
    columns = [
        Column(say("revisions.place")),
        Column(say("revisions.figure"), is_wide=True),
        Column(say("column.period")),
        Column(say("revisions.kind")),
        *(Column(say(f"revisions.{each}"), is_number=True) for each in ("before", "after", "change")),
    ]
    return Table(f"cells-{dataset}", caption, columns, rows(body))


def values(say: Voice, registry: Registry, title: str, dataset: str, table: pd.DataFrame) -> Table:
    """One row an indicator and vintage: how many services moved, and how far."""
    body = []
    for (indicator_id, _), moved in table.groupby(["indicator_id", "vintage"]):
        indicator, size = registry.indicators[str(indicator_id)], moved["change"].abs()
        most = list(records(moved[size == size.max()].head(1)))
        came = int((moved["status"].isin(WITH_VALUE) != moved["status_before"].isin(WITH_VALUE)).sum())
        body.append(
            (
                Cell(say.of(indicator.short_label), [say.date(moved["vintage"].iloc[0].date())]),
                say.number(int((size > 0).sum())),
                say.change(float(size.median()), indicator).lstrip("+") if most else "",
                _largest(say, indicator, most[0]) if most else "",
                say.number(came),
            )
        )
    headings = ("indicator", "moved", "median_move", "largest_move", "came")
    columns = [Column(say(f"revisions.{each}"), is_number=place > 0) for place, each in enumerate(headings)]
    return Table(f"values-{dataset}", say("revisions.table_values", title=title), columns, rows(body))


def reporting(say: Voice, title: str, dataset: str, table: pd.DataFrame) -> Table:
    """One row a municipality that lacks something in the newest period."""
    body = [
        (
            _place(row.municipality_code, row.name),
            say.period(row.period),
            say("revisions.reported_none")
            if row.reported == "none"
            else say("revisions.reported_some", known=row.cells_known + row.cells_hidden, n=row.cells),
        )
        for row in records(table)
    ]
    columns = [Column(say("revisions.place")), Column(say("column.period")), Column(say("revisions.reported"))]
    caption = say("revisions.table_reporting", title=title, n=say.number(len(body)))
    return Table(f"reporting-{dataset}", caption, columns, rows(body))


def wholes(say: Voice, title: str, dataset: str, country_code: str | None, table: pd.DataFrame) -> Table:
    """One row a total that does not agree with its parts, or whose parts are not all there."""
    body = [
        (
            say("revisions.whole_country") if row.whole_code == country_code else row.whole_code,
            Cell(row.measure, [row.dimensions] if row.dimensions else []),
            say.period(row.period),
            _number(say, row.whole),
            _number(say, row.low) if row.low == row.high else say.between(row.low, row.high, 0),
            say("revisions.verdict_parts_missing", n=row.parts_missing)
            if row.verdict == "parts_missing"
            else say(f"revisions.verdict_{row.verdict}"),
        )
        for row in records(table.sort_values(["verdict", "period"], ascending=False, kind="stable"))
    ]
    columns = [
        Column(say("revisions.place")),
        Column(say("revisions.figure"), is_wide=True),
        Column(say("column.period")),
        Column(say("revisions.whole"), is_number=True),
        Column(say("revisions.parts"), is_number=True),
        Column(say("revisions.verdict")),
    ]
    caption = say("revisions.table_wholes", title=title, n=say.number(len(body)))
    return Table(f"wholes-{dataset}", caption, columns, rows(body))


def outliers(
    say: Voice, registry: Registry, title: str, dataset: str, names: dict[str, str], table: pd.DataFrame
) -> Table:
    """One row an unusual figure and what it was held against, the most surprising first."""
    body = [
        (
            _place(row.municipality_code, names.get(row.municipality_code)),
            say.of(registry.indicators[row.indicator_id].short_label),
            say.period(row.period),
            Cell(say(f"revisions.direction_{row.direction}"), [say(f"revisions.judged_{row.judged_by}")]),
            say("number.spread", count=say.count(row.numerator), all=say.count(row.denominator)),
            say.number(row.expected_numerator, 1),
        )
        for row in records(table.sort_values(["surprise", "municipality_code"], kind="stable"))
    ]
    columns = [
        Column(say("revisions.place")),
        Column(say("revisions.indicator")),
        Column(say("column.period")),
        Column(say("revisions.verdict")),
        Column(say("revisions.figure"), is_number=True),
        Column(say("revisions.expected"), is_number=True),
    ]
    caption = say("revisions.table_outliers", title=title, n=say.number(len(body)))
    return Table(f"outliers-{dataset}", caption, columns, rows(body))


def _used(say: Voice, registry: Registry, dataset: str) -> dict[tuple[str, str], str]:
    """(measure, dimensions) of the dataset → the indicators that use it, in words."""
    labels: dict[tuple[str, str], list[str]] = {}
    for indicator in registry.indicators.values():
        for part in (part for series in indicator.series for part in series.parts.values()):
            for measure in part.measures if part.dataset == dataset else ():
                found = labels.setdefault((measure, part.key), [])
                found += [label for label in [say.of(indicator.short_label)] if label not in found]
    return {key: say("revisions.used_in", indicators=say.list(each)) for key, each in labels.items()}


def _largest(say: Voice, indicator: Indicator, row: Any) -> Cell:
    """The largest move, with whose and when it was."""
    return Cell(say.change(row.change, indicator), [f"{row.name}, {say.period(row.period)}"])


def _place(code: str, name: Any) -> Cell:
    """A place by its name, its code below; an aggregate has a code alone."""
    return Cell(name, [code]) if isinstance(name, str) else Cell(code)


def _figure(say: Voice, value: Any, status: Any) -> Cell:
    """A number, or why there is none."""
    if not pd.isna(value):
        return Cell(_number(say, value))
    return Cell(say(f"status.{status}") if isinstance(status, str) else say("revisions.no_row"), is_missing=True)


def _number(say: Voice, value: float) -> str:
    """A number with the decimals it has, two at the most."""
    decimals = next(each for each in (0, 1, 2) if each == 2 or abs(value - round(value, each)) < 1e-9)
    return say.number(value, decimals)
