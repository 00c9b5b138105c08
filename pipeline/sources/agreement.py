"""Whether a delivery agrees with itself, as its declaration says it does; so a changed digit is found, not believed."""

import re
from collections.abc import Iterable, Iterator
from typing import cast

import numpy as np
import pandas as pd

from pipeline.problems import BadInput, Problem
from pipeline.registry.agreement import Same, Share, Span, Sum, Total
from pipeline.registry.dataset import DatasetBase, DelimitedDataset, ReferenceDataset
from pipeline.sources.table import PROBLEMS_SHOWN, TINY, number

CELL = ["period", "measure", "dimensions"]


def check_rows(rows: pd.DataFrame, dataset: DelimitedDataset | ReferenceDataset, file: str) -> None:
    """Raises BadInput where the rows of a text file contradict each other or themselves.

    What is declared of a column that is not in the file is not asked: nothing is read from it either.
    """

    def here(*columns: str | None) -> bool:
        return all(column is None or column in rows for column in columns)

    problems = [problem for each in dataset.same if here(*each.by, *each.same) for problem in _same(rows, each, file)]
    if isinstance(dataset, DelimitedDataset):
        shares = [each for each in dataset.shares if here(each.share, each.part, each.whole, each.where_filled)]
        sums = [each for each in dataset.sums if here(each.whole, *each.parts)]
        columns = {column for share in shares for column in (share.share, share.part, share.whole)}
        columns |= {column for each in sums for column in (each.whole, *each.parts)}
        values = {column: number(rows[column], dataset.decimal) for column in columns}
        problems += [problem for share in shares for problem in _share(rows, values, share, file)]
        problems += [problem for each in sums for problem in _sum(rows, values, each, file)]
    if isinstance(dataset, ReferenceDataset):
        spans = [each for each in dataset.spans if here(each.year, each.start, each.end, *each.by)]
        problems += [problem for each in spans for problem in _span(rows, each, file)]
    if problems:
        raise BadInput(problems[:PROBLEMS_SHOWN])


def check_totals(cells: pd.DataFrame, dataset: DatasetBase, file: str) -> None:
    """Raises BadInput where a declared total is not the sum of its units."""
    problems = [problem for total in dataset.totals for problem in _total(cells, dataset, total, file)]
    if problems:
        raise BadInput(problems[:PROBLEMS_SHOWN])


def _same(rows: pd.DataFrame, same: Same, file: str) -> Iterator[Problem]:
    by = list(same.by)
    asked = rows[(rows[by] != "").all(axis=1)] if by else rows
    if asked.empty:
        return
    key = asked.groupby(by).ngroup() if by else pd.Series(0, index=asked.index)
    for column in same.same:
        several = asked[asked[column].groupby(key).transform("nunique") > 1]
        if several.empty:
            continue
        usual = several[column].groupby(key).transform(lambda each: each.value_counts().index[0])
        for index in several.index[several[column] != usual][:PROBLEMS_SHOWN]:
            who = ", ".join(rows.loc[index, by]) or "the file"
            allowed = f"{usual[index]!r}, as the other rows of {who} say; one of them is wrong"
            yield Problem(file, f"row {rows.loc[index, 'line']}", column, repr(rows.loc[index, column]), allowed)


def _span(rows: pd.DataFrame, span: Span, file: str) -> Iterator[Problem]:
    years = sorted(set(rows[span.year]))
    for found, given in rows.groupby([*span.by, span.start, span.end])[span.year]:
        *who, start, end = (str(each) for each in cast(tuple[str, ...], found))
        wanted = [year for year in years if start <= f"{year}-01-01" < (end or "9999")]
        if sorted(given) != wanted:
            allowed = f"{', '.join(wanted) or 'none'}: each year from {start or 'the first'} until {end or 'now'}, once"
            place = f"row {rows.loc[given.index[0], 'line']}, {' '.join(who)}"
            yield Problem(file, place, span.year, ", ".join(given), allowed)


def _share(rows: pd.DataFrame, values: dict[str, "pd.Series[float]"], share: Share, file: str) -> Iterator[Problem]:
    part, whole, given = (values[name] for name in (share.part, share.whole, share.share))
    half, off = share.rounded_to / 2, 0.5 * 10**-share.decimals + TINY
    low = (part - half).clip(lower=0) / (whole + half) * share.per - off
    high = (part + half) / (whole - half).where(whole > half) * share.per + off
    asked = rows[share.where_filled] != "" if share.where_filled else pd.Series(True, index=rows.index)
    unfounded = given.notna() & (part.isna() | (whole.isna() & (part != 0)))
    left_out = given.isna() & part.notna() & (whole > 0)
    wrong = asked & (left_out | unfounded | (given < low) | (given > high))
    for index in rows.index[wrong][:PROBLEMS_SHOWN]:
        texts = rows.loc[index, [share.part, share.whole]]
        allowed = f"{texts.iloc[0]!r} of {texts.iloc[1]!r}, per {share.per}; one of the three is wrong"
        place = f"row {rows.loc[index, 'line']}"
        yield Problem(file, place, share.share, repr(rows.loc[index, share.share]), allowed)


def _sum(rows: pd.DataFrame, values: dict[str, "pd.Series[float]"], each: Sum, file: str) -> Iterator[Problem]:
    parts = sum((values[name] for name in each.parts), start=pd.Series(0.0, index=rows.index))
    off = values[each.whole] - parts
    wrong = off < -TINY if each.at_least else off.abs() > TINY
    for index in rows.index[wrong][:PROBLEMS_SHOWN]:
        allowed = f"{'at least ' if each.at_least else ''}{parts[index]:.12g}, the sum of {', '.join(each.parts)}"
        place = f"row {rows.loc[index, 'line']}"
        yield Problem(file, place, each.whole, repr(rows.loc[index, each.whole]), allowed)


def _total(cells: pd.DataFrame, dataset: DatasetBase, total: Total, file: str) -> Iterable[Problem]:
    of = cells[cells["measure"].isin(total.measures)] if total.measures else cells
    given = of[(of["unit_code"] == total.unit) & of["value"].notna()].set_index(CELL)
    addends = of[of["unit_code"].str.fullmatch(re.compile(total.units)) & (of["unit_code"] != total.unit)]
    hidden = (addends["status"] == "suppressed_source").astype(float)
    bounds = (dataset.hidden.low, dataset.hidden.high) if dataset.hidden else (0, 0)
    more = addends["value"].isna() & (addends["status"] == "not_reported") & total.may_hold_more
    sums = pd.DataFrame({name: addends[name] for name in CELL}).assign(
        low=addends["value"].fillna(0.0) + hidden * bounds[0],
        high=(addends["value"].fillna(0.0) + hidden * bounds[1]).mask(more, np.inf),
    )
    both = given[["value", "place"]].join(sums.groupby(CELL)[["low", "high"]].sum(), how="inner")
    off = total.slack + TINY
    wrong = both[(both["value"] < both["low"] - off) | (both["value"] > both["high"] + off)]
    for row in wrong.reset_index().head(PROBLEMS_SHOWN).to_dict("records"):
        what = f"{row['low']:.12g}" if row["low"] == row["high"] else f"{row['low']:.12g} to {row['high']:.12g}"
        what = what.replace(" to inf", " or more")
        place = f"{row['place']}, {'/'.join(row[name] for name in CELL if row[name])}"
        allowed = f"{what}, the sum of the units below; one of them is wrong"
        yield Problem(file, place, "total", f"{row['value']:.12g}", allowed)
