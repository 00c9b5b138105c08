"""The ranking under other data, in words."""

from dataclasses import replace

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.registry.model import Text
from pipeline.reports import refits
from pipeline.reports.facts import gather
from pipeline.reports.tables import Cell, Table
from pipeline.reports.voice import Voice


def told(made: Table) -> list[list[str]]:
    return [[cell.text if isinstance(cell, Cell) else cell for cell in row.cells] for row in made.rows]


def test_each_refit_is_told_and_one_that_was_not_made_says_why(tables: dict, registry: Registry) -> None:
    made = refits.table(Voice("nb"), gather(tables, registry))
    assert told(made) == [
        ["Uten 2023", "13 av 15 de samme", "25 av 30 de samme", "38 prosentpoeng"],
        ["Uten pandemien (2024, 2. halvår 2024)", "for lite igjen til å rangere", "–", "–"],
        ["Skjulte antall kan være 1 høyere", "14 av 15 de samme", "30 av 30 de samme", "4 prosentpoeng"],
    ]


def test_a_span_and_hidden_counts_are_told_as_declared(tables: dict, registry: Registry) -> None:
    index = registry.index
    [span] = index.alternatives.left_out
    strike = span.model_copy(update={"label": Text(nb="streiken", nn="streiken", en="the strike")})
    others = index.alternatives.model_copy(update={"left_out": (strike,), "hidden_more": 3})
    declared = replace(registry, index=index.model_copy(update={"alternatives": others}))
    _, without, hidden = told(refits.table(Voice("en"), gather(tables, declared)))
    assert without[0] == "Without the strike (2024, second half of 2024)"
    assert hidden[0] == "Hidden counts may be 3 higher"


def test_lists_of_another_length_are_left_out(tables: dict, registry: Registry) -> None:
    bare = tables | {"mart.need_refit": tables["mart.need_refit"].drop(columns="kept_top_30")}
    made = refits.table(Voice("en"), gather(bare, registry))
    assert told(made)[0] == ["Without 2023", "13 of 15 the same", "38 percentage points"]


def test_nothing_is_told_where_nothing_was_fitted(tables: dict, registry: Registry) -> None:
    bare: dict[str, pd.DataFrame] = tables | {"mart.need_refit": tables["mart.need_refit"].iloc[:0]}
    assert refits.table(Voice("nn"), gather(bare, registry)).rows == []
