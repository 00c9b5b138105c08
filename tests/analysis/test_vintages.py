"""First-published figures against the newest: which cells these are, and where there is only one edition."""

from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipeline.analysis.need import ranked
from pipeline.analysis.vintages import EDITIONS, vintage_tables
from pipeline.registry.load import load
from pipeline.warehouse.release import connect

SLOW = """
SELECT cell.period, cell.unit_code, arg_min(cell.numerator, cell.vintage) AS first,
    arg_max(cell.numerator, cell.vintage) AS newest, count(*) AS vintages
FROM core.indicator_value AS cell
WHERE cell.indicator_id = 'caseload' AND cell.era = 'register' AND cell.unit_kind = 'service' AND cell.status = 'ok'
GROUP BY ALL
"""


def test_first_cells_are_those_of_the_first_edition(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        pooled = {
            name: con.execute(
                f"""SELECT service_id, period, sum(numerator) AS numerator FROM staging.{name}
                    WHERE indicator_id = 'caseload' AND era = 'register' GROUP BY ALL"""
            )
            .df()
            .set_index(["service_id", "period"])["numerator"]
            for name in ("first_cell", "pooled_cell")
        }
        slow = con.execute(SLOW).df().rename(columns={"unit_code": "service_id"}).set_index(["service_id", "period"])
    slow = slow[slow["vintages"] == 2]
    revised = slow[(slow["first"] - slow["newest"]).abs() > 0.01]
    revised = revised[revised.index.isin(pooled["first_cell"].index)]
    assert len(revised) > 5
    for name, column in (("first_cell", "first"), ("pooled_cell", "newest")):
        pd.testing.assert_series_equal(
            pooled[name].reindex(revised.index), revised[column], check_names=False, atol=1e-6
        )


def test_norway_says_how_many_indicators_were_revised_and_what_stays(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        rounds = con.execute("SELECT * FROM result.need_vintage_round").df().set_index("round_id")
        moved = con.execute("SELECT * FROM result.need_vintage").df()
        chance = con.execute("SELECT round_id, service_id, probability_top_15 FROM result.need_rank").df()
    assert (rounds["indicators_twice"] == 2).all()
    assert rounds["indicators_revised"].to_dict() == {"round_2025": 2, "round_2020h2": 0}
    assert (moved.loc[moved["round_id"] == "round_2020h2", "moved_by"] == 0).all()
    assert (rounds["rank_correlation"] > 0.99).all()
    assert (rounds["kept_15"] <= 15).all() and (rounds["kept_30"] >= rounds["kept_15"]).all()
    both = moved.merge(chance, on=["round_id", "service_id"], validate="one_to_one")
    assert len(both) == len(chance)
    assert both["probability"].tolist() == both["probability_top_15"].tolist()
    assert set(moved["why"]) <= {"revision", "new data", "new data, revision", "others"}
    assert "revision" in set(moved["why"])


@pytest.mark.parametrize("changed", [0.0, 1.0])
def test_an_indicator_published_again_unchanged_is_not_revised(releases: dict[str, Path], changed: float) -> None:
    """Every newest figure made what was first published, but for one that is another."""
    with connect(releases["norway"]) as con:
        again = con.execute(
            "SELECT * FROM staging.pooled_vintage WHERE indicator_id = 'caseload' AND era = 'register'"
        ).df()
    first = again[again["is_first"]]
    newest = first.assign(is_first=False, is_newest=True)
    newest.loc[newest.index[-1:], "numerator"] += changed
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA staging")
        con.register("cells", pd.concat([first.assign(is_newest=False), newest]))
        con.execute("CREATE TABLE staging.pooled_vintage AS FROM cells")
        found = con.execute(EDITIONS, ["register", date(1900, 1, 1), date(2100, 1, 1), ["caseload"]]).fetchall()
    assert found == [(1, int(changed > 0))]


def test_where_there_is_one_edition_nothing_is_compared(releases: dict[str, Path]) -> None:
    registry = load("england")
    with connect(releases["england"]) as con:
        index = registry.index.model_copy(update={"draws": 100})
        made = vintage_tables(con, registry, ranked(con, registry, registry.index.current_round, index))
    [row] = made["result.need_vintage_round"].itertuples()
    assert row.indicators_revised == 0
    if row.indicators_twice:
        pytest.fail("England has one edition of each figure; say what came")
    assert made["result.need_vintage"].empty and pd.isna(row.rank_correlation)
