"""What a notebook may ask a release."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from pipeline.api import Release, open_release
from pipeline.problems import BadInput
from pipeline.warehouse.release import NoRelease


@pytest.fixture
def norway(releases: dict[str, Path]) -> Release:
    return open_release("norway", releases["norway"])


@pytest.fixture
def england(releases: dict[str, Path]) -> Release:
    return open_release("england", releases["england"])


def test_a_release_says_what_it_knows_and_that_it_is_synthetic(norway: Release, releases: dict[str, Path]) -> None:
    assert (norway.as_of, norway.is_synthetic) == (date(2026, 9, 4), True)
    assert not open_release("england", releases["england"]).is_synthetic


def test_every_table_of_the_contract_is_there(norway: Release) -> None:
    tables = norway.tables()
    names = set(tables["schema_name"] + "." + tables["table_name"])
    assert names >= {
        "raw.file", "raw.observation", "core.municipality", "core.municipality_link", "core.service",
        "core.service_member", "core.office", "core.indicator_value", "result.need_score", "result.need_rank",
        "result.indicator_estimate", "result.service_peer", "result.need_adjusted",
        "result.indicator_context", "result.funnel_limit", "result.need_vintage_round", "result.change", "ops.run", "ops.check",
    }  # fmt: skip


def test_a_table_there_is_not_says_which_there_are(norway: Release) -> None:
    with pytest.raises(BadInput, match="given 'core.services'; allowed: one of core.cohort_timeline, "):
        norway.table("core.services")


def test_the_ranking_has_no_bare_place(norway: Release) -> None:
    ranking = norway.ranking()
    assert "rank" not in ranking.columns and {"rank_best", "rank_worst", "tier"} <= set(ranking.columns)
    for _, tier in ranking.groupby("tier"):
        assert tier["name"].tolist() == sorted(tier["name"])


def test_the_ranking_can_be_computed_again_and_comes_out_the_same(england: Release) -> None:
    columns = ["service_id", "probability_top_15", "score", "rank_best", "rank_worst", "alike", "is_dialogue", "tier"]
    stored = england.sql("SELECT * FROM mart.ranking WHERE is_current AND is_ranked")
    now = england.rank()
    pd.testing.assert_frame_equal(
        now[columns].sort_values("service_id", ignore_index=True),
        stored[columns].sort_values("service_id", ignore_index=True),
        check_dtype=False,
    )
    for _, tier in now.groupby("tier"):
        assert tier["name"].tolist() == sorted(tier["name"])


def test_other_choices_give_another_ranking(england: Release) -> None:
    found = england.rank(weights={"timeliness": 3}, top=10, without=["rereferrals"])
    assert found["probability_top_10"].sum() == pytest.approx(10)
    told = found["probability_top_10"] >= 0.8
    assert set(found.loc[told, "tier"]) == {"A"} and "A" not in set(found.loc[~told, "tier"])
    declared = england.sql("SELECT service_id, score FROM mart.ranking WHERE is_current AND is_ranked")
    both = found.merge(declared, on="service_id", suffixes=("", "_declared"))
    assert (both["score"] - both["score_declared"]).abs().max() > 5


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ({"weights": {"speed": 2}}, "weight: given 'speed'; allowed: one of timeliness"),
        ({"weights": {"timeliness": 0}}, "weight: given '0'; allowed: a number above 0"),
        ({"top": 0}, "top: given '0'; allowed: a number of places"),
        ({"without": ["speed"]}, "without: given 'speed'; allowed: one of "),
        ({"round_id": "2025"}, "round: given '2025'; allowed: one of round_2025"),
    ],
)
def test_a_choice_there_is_not_is_told(england: Release, choice: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        england.rank(**choice)


def test_a_weight_of_a_dimension_the_round_does_not_see_is_refused(norway: Release) -> None:
    with pytest.raises(BadInput, match="weight: given 'follow_up'; allowed: one of timeliness, capacity"):
        norway.rank(weights={"follow_up": 2})


def test_nobody_moved_since_the_same_release(england: Release) -> None:
    found = england.compare(england)
    assert found.rank_correlation == pytest.approx(1) and found.dialogue_kept == found.dialogue_before > 0
    assert (found.services["moved_by"] == 0).all() and set(found.services["why"]) == {"others"}
    assert (found.services["tier"] == found.services["tier_before"]).all()
    assert found.services["name"].notna().all()


def test_the_peers_of_a_service_come_nearest_first(norway: Release, releases: dict[str, Path]) -> None:
    peers = norway.peers("municipality_0301")
    assert peers["place"].tolist() == list(range(1, 11)) and peers["distance"].is_monotonic_increasing
    assert "Oslo" not in set(peers["peer_name"]) and set(peers["version"]) == {"2026-1"}
    assert norway.peers("municipality_0301", "round_2020h2")["round_id"].unique().tolist() == ["round_2020h2"]
    assert open_release("england", releases["england"]).peers("municipality_301").empty
    with pytest.raises(BadInput, match="service: given 'Oslo'"):
        norway.peers("Oslo")
    with pytest.raises(BadInput, match="round: given '2025'; allowed: one of round_2025, round_2020h2"):
        norway.peers("municipality_0301", "2025")


def test_an_indicator_comes_with_its_reasons(norway: Release) -> None:
    values = norway.indicator("foster_supervision_missed", "municipality")
    assert {"suppressed_source", "not_reported", "zero_denominator"} <= set(values["status"])
    assert values.loc[values["status"] == "ok", "value"].notna().all()
    with pytest.raises(BadInput, match="one of action_plan_evaluated"):
        norway.indicator("supervision")


def test_nothing_can_be_changed(norway: Release) -> None:
    with pytest.raises(duckdb.Error, match="read-only"):
        norway.sql("DELETE FROM core.service")


def test_synthetic_values_are_marked_down_to_the_row(norway: Release) -> None:
    marked = norway.sql(
        "SELECT dataset_id, bool_and(is_synthetic) AS every_row, bool_or(is_synthetic) AS any_row FROM raw.observation GROUP BY 1"
    ).set_index("dataset_id")
    assert not marked.loc["population_07459", "any_row"]
    others = marked.drop("population_07459")
    assert others["every_row"].all() and len(others) == 12


def test_without_a_release_the_error_says_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))
    with pytest.raises(NoRelease, match="run `veiviser build --jurisdiction norway`"):
        open_release("norway")
