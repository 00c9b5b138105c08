"""The ranking under other data, in words."""

import pandas as pd

from pipeline.registry.load import Registry
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
        ["Uten unntakstiden (2024, 2. halvår 2024)", "for lite igjen til å rangere", "–", "–"],
        ["Skjulte antall kan være én høyere", "14 av 15 de samme", "30 av 30 de samme", "4 prosentpoeng"],
    ]


def test_lists_of_another_length_are_left_out(tables: dict, registry: Registry) -> None:
    bare = tables | {"mart.need_refit": tables["mart.need_refit"].drop(columns="kept_top_30")}
    made = refits.table(Voice("en"), gather(bare, registry))
    assert told(made)[0] == ["Without 2023", "13 of 15 the same", "38 percentage points"]


def test_nothing_is_told_where_nothing_was_fitted(tables: dict, registry: Registry) -> None:
    bare: dict[str, pd.DataFrame] = tables | {"mart.need_refit": tables["mart.need_refit"].iloc[:0]}
    assert refits.table(Voice("nn"), gather(bare, registry)).rows == []
