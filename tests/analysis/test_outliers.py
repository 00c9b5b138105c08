"""Outliers of a release: planted errors are pointed out, hidden figures are not judged, and one row is one judgement."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipeline.analysis.outliers import OUTLIER, outlier_tables
from pipeline.registry.load import load
from pipeline.warehouse.release import connect


def drawn(planted: float | None = None, hidden: bool = False) -> pd.DataFrame:
    """Forty places and six half-years of foster-home supervision, a tenth of it missed."""
    rng = np.random.default_rng(11)
    cells = pd.DataFrame(
        [
            (f"{1100 + unit}", period, float(rng.binomial(20 + 2 * unit, 0.1)), 20.0 + 2 * unit)
            for unit in range(40)
            for period in ("2018H1", "2018H2", "2019H1", "2019H2", "2020H1", "2020H2")
        ],
        columns=["unit_code", "period", "numerator", "denominator"],
    )
    newest = (cells["unit_code"] == "1120") & (cells["period"] == "2020H2")
    if planted is not None:
        cells.loc[newest, "numerator"] = planted
    status = np.where(newest & hidden, "suppressed_source", "ok")
    cells["numerator_low"], cells["numerator_high"] = np.where(newest, 1.0, np.nan), np.where(newest, 3.0, np.nan)
    cells.loc[newest & hidden, "numerator"] = np.nan
    return cells.assign(
        indicator_id="foster_supervision_missed", era="khr", unit_kind="municipality", is_newest=True, status=status,
        denominator_bounded=cells["denominator"], is_estimated=False, is_split=False, is_synthetic=True,
    )  # fmt: skip


def judged(cells: pd.DataFrame) -> pd.DataFrame:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA core").fetchall()
    con.register("cells", cells)
    con.execute("CREATE TABLE core.indicator_value AS SELECT * FROM cells").fetchall()
    return outlier_tables(con, load("norway"))["result.outlier"]


def test_where_nothing_is_wrong_nothing_is_pointed_out() -> None:
    table = judged(drawn())
    assert len(table) == 3 * 40 and not table["is_outlier"].any()
    assert table.groupby("judged_by")["period_before"].first().to_dict() == {
        "level": "", "history": "2018H1", "change": "2020H1",
    }  # fmt: skip


def test_a_planted_error_is_pointed_out_by_all_three_ways_and_nothing_else_is() -> None:
    table = judged(drawn(planted=55))
    found = table[table["is_outlier"]]
    assert sorted(zip(found["municipality_code"], found["judged_by"], found["direction"], strict=True)) == [
        ("1120", "change", "high"), ("1120", "history", "high"), ("1120", "level", "high"),
    ]  # fmt: skip


def test_a_hidden_figure_is_not_judged() -> None:
    table = judged(drawn(hidden=True))
    assert "1120" not in set(table["municipality_code"]) and len(table) == 3 * 39


def test_a_country_without_figures_has_an_empty_table() -> None:
    table = judged(drawn().head(0))
    assert table.empty and list(table) == list(OUTLIER)


@pytest.mark.parametrize("jurisdiction", ["norway", "england"])
def test_a_real_release_has_few(jurisdiction: str, releases: dict[str, Path]) -> None:
    with connect(releases[jurisdiction]) as con:
        table = con.execute("SELECT * FROM result.outlier").df()
    assert (
        table["surprise"].between(0, 1).all()
        and not table.duplicated(["indicator_id", "era", "municipality_code", "judged_by"]).any()
    )
    assert table["is_outlier"].mean() < 0.02
