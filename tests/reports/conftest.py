"""A tiny country: five services, drawn, with the indicators of the Norwegian registry's current round."""

import pandas as pd
import pytest

from pipeline.registry.load import Registry, load
from tests.drawn import table
from tests.reports.guided_tables import guided_tables

# p15 is the probability of being among the fifteen; Ås and Ærø stand in one tier, to show Norwegian order.
SERVICES = """
    service_id | name      | host | office_id | p15  | tier | best | worst | score | reason
    s1         | Ås        | 3218 | rogaland  | 0.95 | A    | 1    | 3     | 80    |
    s2         | =1+1      | 1103 | rogaland  | 0.60 | B    | 1    | 4     | 60    |
    s3         | Ærø       | 1104 | rogaland  | 0.97 | A    | 1    | 2     | 90    |
    s4         | <b>Nes    | 3401 | innlandet | 0.04 | E    | 4    | 4     | 20    |
    s5         | Tomt      | 1105 | rogaland  |      |      |      |       |       | too_little_reported
"""
# One service a status; s1 has a true zero.
CELLS = """
    service_id | status            | numerator | denominator | low | high
    s1         | ok                | 0         | 12          |     |
    s2         | suppressed_source |           | 20          | 1   | 3
    s3         | ok                | 7         | 30          |     |
    s4         | zero_denominator  |           | 0           |     |
    s5         | not_reported      |           |             |     |
"""
BORDERS = {
    "3218": [[[10.0, 59.0], [11.0, 59.0], [11.0, 60.0], [10.0, 60.0], [10.0, 59.0]]],
    "1103": [[[5.0, 58.0], [5.0, 59.0], [6.0, 59.0], [6.0, 58.0], [5.0, 58.0]]],
}


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load("norway")


@pytest.fixture
def tables(registry: Registry) -> dict[str, pd.DataFrame]:
    """All tables that the reports read. Not synthetic; `make_synthetic` turns that."""
    services = table(SERVICES).assign(p15=lambda t: pd.to_numeric(t["p15"]))
    cells = table(CELLS)
    numbers = ["numerator", "denominator", "low", "high"]
    cells[numbers] = cells[numbers].apply(pd.to_numeric)
    cells = cells.rename(columns={"low": "numerator_low", "high": "numerator_high"})
    current = registry.index.current_round
    indicators = [each.id for each in registry.entering(current)]
    cell = pd.concat(
        [cells.assign(indicator_id=each, position=n) for n, each in enumerate(indicators)], ignore_index=True
    )
    cell = cell.assign(round_id=current.id, period="2025", is_estimated=False, is_synthetic=False, value=0.0)
    return {
        "registry.release": pd.DataFrame({"as_of": [pd.Timestamp("2026-04-01")], "tier_top": [15]}),
        "ops.run": pd.DataFrame({"release": ["20260401_abc"]}),
        "mart.ranking": _ranking(services, current.id, registry.index.top),
        "mart.cell": cell,
        "mart.estimate": _estimate(cell, indicators),
        "mart.need_exit": _exits(indicators, current.id),
        "mart.need_round": pd.DataFrame(
            {"round_id": [current.id], "services": 4.0, "dialogue_services": 3.0, "dialogue_missed": 1.25,
             "small_listed": 0.5, "small_expected": 0.4, "draws": 4000.0, "seed": 20261122.0}
        ),
        "mart.need_model": _model(indicators, current.id),
        "mart.need_choice": pd.DataFrame(
            {"round_id": current.id, "choice": ["draw", "weights", "dropped"], "levels": [512, 3, 5],
             "first_order": [0.3, 0.04, 0.13], "total_order": [0.7, 0.2, 0.5]}
        ),
        "mart.need_dimension": pd.DataFrame(
            {"round_id": current.id, "dimension_id": ["timeliness", "plans", "capacity"], "weight": [0.25, 0.25, 0.5], "effective_weight": [0.9, 0.2, 0.3]}
        ),
        "mart.service_peer": _peers(services, current.id),
        **_second_view(services, indicators, current.id),
        **_funnel_and_vintages(indicators, current.id),
        "mart.coverage": _coverage(cell, current.era),
        "mart.source": pd.DataFrame(
            {
                "file_id": ["a"], "title": ["Kilde"], "publisher": ["SSB"], "licence": ["NLOD"], "url": ["x"],
                "published_at": [pd.Timestamp("2026-03-15", tz="UTC")], "published_is_known": [True], "revision": ["unrevised"], "is_synthetic": [False],
                "sha256": ["0"],
            }
        ),
        "mart.unit_absent": pd.DataFrame(
            {"municipality_code": ["1534"], "name": ["Haram"], "county": ["15"], "valid_from": [pd.Timestamp("2013-01-01")],
             "valid_to": [pd.Timestamp("2020-01-01")]}
        ),
        "mart.municipality": services[["service_id", "name", "office_id"]].assign(
            municipality_code=services["host"], service_name=services["name"], county="11"
        ),
        "mart.path": _path(registry),
        "mart.cohort_service": pd.DataFrame(
            {"cohort_id": registry.cohorts[0].id, "service_id": ["s1", "s3"], "service_name": ["Ås", "Ærø"], "guided_share": [1.0, 0.25], "is_synthetic": False}
        ),
        "result.change": _change(registry),
        "mart.border": _border(),
        **guided_tables(registry),
    }  # fmt: skip


@pytest.fixture
def synthetic(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    marked = ("mart.cell", "mart.coverage", "mart.source")
    return {name: each.assign(is_synthetic=True) if name in marked else each for name, each in tables.items()}


def _ranking(services: pd.DataFrame, round_id: str, top: tuple[int, ...]) -> pd.DataFrame:
    score = pd.to_numeric(services["score"])
    return services.assign(
        round_id=round_id, is_current=True, host_name=services["name"], municipalities=1, member_names=services["name"],
        county="11", child_population=1000.0, peer_group="EKG01", is_ranked=services["p15"].notna(),
        not_ranked_reason=services["reason"].where(services["reason"] != ""), not_ranked_words=None, score=score,
        score_low=score - 5, score_high=score + 5, observed_weight_share=services["p15"].notna().astype(float),
        rank_best=pd.to_numeric(services["best"]), rank_worst=pd.to_numeric(services["worst"]),
        tier=services["tier"].where(services["tier"] != ""), cohorts=None, **{f"probability_top_{k}": services["p15"] for k in top},
        companion_score=score + 1, companion_low=score - 3, companion_high=score + 3,
        companion_probability_top_15=services["p15"], tipping_shift=services["service_id"].map({"s4": 1.5}),
        is_in_top_at_best_weights=services["p15"].gt(0.9).where(services["p15"].notna()),
        alike=services["p15"].notna().map({True: 2, False: None}), variants=180, share_in_top=services["p15"], rank_least=1,
        is_dialogue=services["p15"].gt(0.1).where(services["p15"].notna()), rank_most=4,
        own_share=services["service_id"].eq("s1").map({True: 0.2, False: 0.8}),
    )  # fmt: skip


def _estimate(cell: pd.DataFrame, indicators: list[str]) -> pd.DataFrame:
    seen = cell["denominator"].gt(0)
    return cell.drop(columns=["is_estimated", "status", "period"]).assign(
        hidden_cells=cell["status"].eq("suppressed_source").astype(int), cells=1, observed_value=10.0, value=12.0,
        value_low=8.0, value_high=17.0, own_information_share=cell["denominator"].gt(15).map({True: 0.8, False: 0.2}),
        need=50.0, contribution_points=10.0 + cell["position"], is_observed=seen, is_small=False, newest_period="2025",
        newest_status=cell["status"], gaps=None, country_median=9.0, peer_group_median=8.0, peer_group_pooled_mean=7.5,
        peer_group_services=3, peer_median=11.0, peer_pooled_mean=10.5, peers=2, numerator=cell["numerator"].fillna(0), borrowed_cases=14.0,
        numerator_low=cell["numerator"].fillna(cell["numerator_low"]).fillna(0), numerator_high=cell["numerator"].fillna(cell["numerator_high"]).fillna(0),
        expected_value=13.0, expected_low=6.0, expected_high=22.0, own_share=0.4, chance=0.3,
        duty=cell["position"].eq(0).map({True: "not_met", False: "no_duty"}).where(seen, "no_cases"),
        others=seen.map({True: "like_others", False: "too_little"}),
    )  # fmt: skip


def _exits(indicators: list[str], round_id: str) -> pd.DataFrame:
    """What would take s3 off the list: much by the first indicator, nothing by the second."""
    return pd.DataFrame(
        {
            "round_id": round_id, "service_id": "s3", "indicator_id": indicators[:2], "position": [0, 1],
            "cases": 30.0, "fewer_cases": 4.0, "probability": 0.97, "probability_then": [0.4, 0.96], "score_then": 55.0,
        }
    )  # fmt: skip


def _second_view(services: pd.DataFrame, indicators: list[str], round_id: str) -> dict[str, pd.DataFrame]:
    """s3 has half its need from its conditions; s2 has more than they explain; of s4 they are not known."""
    ranked = services[services["p15"].notna()]
    score = pd.to_numeric(ranked["score"])
    points = ranked["service_id"].map({"s3": 45.0}).fillna(-2.0)
    word = {"s2": "more_need", "s4": "less_need"}
    context = pd.MultiIndex.from_product([services["service_id"], indicators]).to_frame(
        False, ["service_id", "indicator_id"]
    )
    return {
        "result.need_adjusted": pd.DataFrame(
            {
                "round_id": round_id, "service_id": ranked["service_id"], "score": score - points, "score_low": score - points - 5,
                "score_high": score - points + 5, "context_points": points, "rank_best": 1, "rank_worst": 4, "probability_top": 0.5,
            }
        ),
        "result.adjusted_round": pd.DataFrame(
            {"round_id": [round_id], "services": 4, "narrower_share": 0.25, "rank_correlation": 0.9, "kept_top": 3.0}
        ),
        "result.context_model": pd.DataFrame(
            {"round_id": round_id, "indicator_id": indicators, "lasting_sd": 0.7, "explained_share": 0.125, "fit_rounds": 40.0}
        ),
        "result.indicator_context": context.assign(
            round_id=round_id, context_value=14.0, context_low=12.0, context_high=16.0,
            context_is_known=context["service_id"].ne("s4"),
            probability_more_need=context["service_id"].map({"s2": 0.95, "s4": 0.05}).fillna(0.6),
            beyond=context["service_id"].map(word).fillna("as_expected"),
        ),
    }  # fmt: skip


def _funnel_and_vintages(indicators: list[str], round_id: str) -> dict[str, pd.DataFrame]:
    """Limits at two sizes; s1 fell by more than five percentage points when its own figures were revised."""
    limit = pd.MultiIndex.from_product([indicators, [10.0, 40.0]]).to_frame(False, ["indicator_id", "denominator"])
    return {
        "result.funnel_limit": limit.assign(
            round_id=round_id, middle=12.0, low_95=2.0, high_95=22.0, low_998=0.0, high_998=60.0
        ),
        "mart.need_expert": pd.DataFrame(columns=["round_id", "service_id", "experts", "share_in_top"]),
        "mart.need_refit": table(
            """
            position | refit            | kind        | left_out     | reason          | largest_change | kept_top_15 | kept_top_30
            0        | as_it_is         | none        |              |                 | 0              | 15          | 30
            1        | without_2023     | half_year   | 2023         |                 | 0.376          | 13          | 25
            2        | without_pandemic | span        | 2024, 2024H2 | too_few_figures |                |             |
            3        | hidden_more      | suppression | 1 more       |                 | 0.041          | 14          | 30
            """
        ).assign(
            round_id=round_id,
            **{n: lambda t, n=n: pd.to_numeric(t[n]) for n in ("largest_change", "kept_top_15", "kept_top_30")},
        ),
        "result.need_vintage": pd.DataFrame(
            {
                "round_id": round_id, "service_id": ["s1", "s2"], "tier": ["A", "B"], "tier_first": ["A", "C"], "probability": [0.95, 0.6],
                "probability_first": [0.94, 0.4], "moved_by": [0.01, 0.2], "why": ["others", "new data, revision"],
            }
        ),
        "result.need_vintage_round": pd.DataFrame(
            {
                "round_id": [round_id], "indicators": 4, "indicators_twice": 3, "indicators_revised": 2, "services": 4, "rank_correlation": 0.987,
                "kept_15": 14.0, "kept_30": 29.0,
            }
        ),
    }  # fmt: skip


def _model(indicators: list[str], round_id: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "round_id": round_id, "indicator_id": indicators, "position": range(len(indicators)), "level": 10.0,
            "lasting_sd": 0.8, "lasting_low": 5.0, "lasting_high": 20.0, "passing_sd": 0.3, "passing_low": 8.0,
            "passing_high": 13.0, "memory": 0.6, "dispersion": 3.9, "services": 4, "fit_rounds": 40,
            "revision_sd": None, "revision_low": None, "revision_high": None, "revision_pairs": 0, "revision_enters": False,
            "revision_reason": "one_vintage_only",
        }
    )  # fmt: skip


def _border() -> pd.DataFrame:
    """The map of today with two municipalities, and an earlier one with another in their place."""
    today = pd.DataFrame(
        {
            "valid_from": pd.Timestamp("2024-01-01"), "valid_to": pd.NaT, "municipality_code": list(BORDERS),
            "name": ["Ås", "Stavanger"], "geometry": [f'{{"type": "Polygon", "coordinates": {rings}}}' for rings in BORDERS.values()],
            "publisher": "Kartverket", "licence": "CC BY 4.0", "url": "x", "file_id": "map_municipalities_2024/a.geojson",
        }
    )  # fmt: skip
    earlier = today.head(1).assign(
        valid_from=pd.Timestamp("2020-01-01"), valid_to=pd.Timestamp("2024-01-01"), municipality_code="3021",
        file_id="map_municipalities_2020/a.geojson",
    )  # fmt: skip
    return pd.concat([earlier, today.iloc[::-1]], ignore_index=True)


def _peers(services: pd.DataFrame, round_id: str) -> pd.DataFrame:
    """Each service has the two that come after it, in a circle."""
    order = services[["service_id", "name"]].reset_index(drop=True)
    rows = [
        order.assign(
            place=place, peer_id=order["service_id"].to_numpy()[behind], peer_name=order["name"].to_numpy()[behind]
        )
        for place in (1, 2)
        for behind in [[(n + place) % len(order) for n in order.index]]
    ]
    return pd.concat(rows, ignore_index=True).assign(
        round_id=round_id,
        distance=0.25,
        version="2026-1",
        peer_child_population=1000.0,
        peer_municipalities=1,
        peer_peer_group="EKG01",
    )


def _coverage(cell: pd.DataFrame, era: str) -> pd.DataFrame:
    counts = cell.groupby(["indicator_id", "period", "status"]).size().reset_index(name="municipalities")
    return counts.assign(era=era, is_synthetic=False)


def _path(registry: Registry) -> pd.DataFrame:
    indicator = next(each.id for each in registry.ranked if each.in_era("khr"))
    rows = [
        (registry.cohorts[0].id, indicator, group, period, 12.0, 8.0, 17.0)
        for group in ("guided", "rest")
        for period in ("2015H1", "2018H1", "2020H1")
    ]
    columns = ["cohort_id", "indicator_id", "group_name", "period", "value", "value_low", "value_high"]
    return pd.DataFrame(rows, columns=columns)


def _change(registry: Registry) -> pd.DataFrame:
    indicator = next(each.id for each in registry.ranked if each.in_era("khr"))
    return pd.DataFrame(
        {
            "cohort_id": registry.cohorts[0].id, "indicator_id": indicator, "group_name": "guided", "service_id": [None, None], "borders": "as_of",
            "phase": ["baseline", "during"], "services": 13, "numerator": [20.0, 10.0], "denominator": 100.0,
            "value": [20.0, 10.0], "value_low": [13.0, 5.0], "value_high": [29.0, 18.0], "change": [None, -10.0],
            "change_low": [None, -20.0], "change_high": [None, 0.5], "hidden_cells": 0,
        }
    )  # fmt: skip
