"""The evaluation of a group: rows that are all there, figures found again by hand, and what must move nothing."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.analysis import effect_methods as methods
from pipeline.analysis.effect import effect_rows
from pipeline.analysis.effect_methods import Question
from pipeline.analysis.effect_panel import COMPOSITE, Panel, panel
from pipeline.analysis.effect_power import power_rows
from pipeline.analysis.effect_questions import COMPARISONS, Questions
from pipeline.analysis.effect_words import course, departures, judged, why_not
from pipeline.methods.imputation import NEVER, Windows
from pipeline.methods.verdict import Interval, Verdict
from pipeline.registry.load import load
from pipeline.registry.protocol import Check, Placebo
from pipeline.warehouse.models import models
from pipeline.warehouse.release import connect
from tests.slow_ways import two_stage_effect

NORWAY = load("norway")
[PROTOCOL], [COHORT] = NORWAY.protocols, NORWAY.cohorts


@pytest.fixture(scope="module")
def tables(releases: dict[str, Path]) -> dict[str, pd.DataFrame]:
    names = ("effect", "effect_by_period", "power")
    with connect(releases["norway"]) as con:
        return {name: con.execute(f"SELECT * FROM result.{name}").df() for name in names}


@pytest.fixture(scope="module")
def of(releases: dict[str, Path]) -> Panel:
    with connect(releases["norway"]) as con:
        return panel(con, NORWAY, PROTOCOL)


@pytest.fixture(scope="module")
def questions(of: Panel) -> Questions:
    return Questions(of, PROTOCOL, [COHORT])


def drawn(seed: int, effect: float = 0.0) -> Question:
    """Sixty units, six guided from period 8 and 9."""
    rng = np.random.default_rng(seed)
    y = 20 + rng.normal(0, 4, (60, 1)) + rng.normal(0, 3, (60, 16)) + rng.normal(0, 2, 16)
    start = np.full(60, NEVER)
    start[:6] = [8, 8, 8, 9, 9, 9]
    y += effect * (np.arange(16) >= start[:, None])
    ones = np.ones(60, bool)
    strata = np.arange(60) % 3
    return Question(
        y, rng.lognormal(7, 0.5, 60), start, ones, y[:, 4:8].mean(1), strata, Windows((-8, -5), (2, 5)), 399, 1, 0.95
    ).told()


def test_every_outcome_comparison_and_method_has_a_row_or_a_reason(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["effect"]
    outcomes = {*PROTOCOL.primary.dimensions, COMPOSITE} | {
        each.id for each in NORWAY.ranked if each.in_era(COHORT.era) and each.dimension in PROTOCOL.primary.dimensions
    }
    own = table[table["comparison"] == "all_not_guided"]
    assert set(own["outcome_id"]) == outcomes
    expected = {"imputation", *PROTOCOL.checks, *PROTOCOL.placebos}
    assert all(set(rows["method"]) == expected for _, rows in own.groupby("outcome_id"))
    assert set(get_args(Check)) | set(get_args(Placebo)) | {"imputation"} == expected
    others = table[table["comparison"] != "all_not_guided"]
    assert set(others["comparison"]) == set(COMPARISONS) - {"all_not_guided"}
    assert set(others["reason"]) == {"nobody_declared"} and others["estimate"].isna().all()
    assert not others["follows_protocol"].any() and own["follows_protocol"].all()
    assert (table["estimate"].notna() ^ table["reason"].notna()).all()
    assert table["is_primary"].sum() == 1
    assert table.loc[table["is_primary"], ["outcome_id", "method"]].to_numpy().tolist() == [[COMPOSITE, "imputation"]]


def test_only_dimensions_and_the_composite_are_tested_and_have_a_verdict(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["effect"]
    told = table["verdict"].notna()
    assert (told == ((table["method"] == "imputation") & (table["kind"] != "indicator"))).all()
    assert set(table.loc[told, "verdict"]) <= set(Verdict)
    holm = table[table["p_holm"].notna()]
    assert set(holm["outcome_id"]) == set(PROTOCOL.primary.dimensions) and (holm["p_holm"] >= holm["p_value"]).all()
    improved = table[table["verdict"] == Verdict.IMPROVED_MORE]
    assert (improved["high"] < 0).all() and (improved["change_high"] < 0).all()


def test_the_estimate_is_that_of_two_regressions_from_the_counts_of_the_release(
    tables: dict[str, pd.DataFrame], releases: dict[str, Path]
) -> None:
    """A share that nobody hides, taken out of SQL: services of today, split ones left out, by the root of children."""
    name = "action_plan_in_place"
    with connect(releases["norway"]) as con:
        cells = con.execute(
            """SELECT service_id, period, sum(numerator) AS y, sum(denominator) AS n, bool_or(numerator IS NULL) AS hidden,
                      bool_or(is_split) AS is_split, any_value(child_population) AS children, any_value(g.cohort_id) AS cohort
               FROM core.indicator_value JOIN staging.member ON municipality_code = unit_code
               JOIN core.service AS s USING (service_id) LEFT JOIN staging.guided AS g USING (service_id)
               WHERE indicator_id = ? AND core.indicator_value.era = 'khr' AND unit_kind = 'municipality' AND is_newest
                 AND denominator > 0 AND s.valid_to IS NULL AND s.not_ranked_reason IS NULL
                 AND (numerator IS NOT NULL OR numerator_low IS NOT NULL) GROUP BY ALL""",
            [name],
        ).df()
        split = set(
            con.execute(
                "SELECT service_id FROM staging.member JOIN core.indicator_value ON municipality_code = unit_code AND is_split AND era = 'khr'"
            ).df()["service_id"]
        )
    kept = cells[~cells["service_id"].isin(split)]
    periods = [f"{year}H{half}" for year in range(2013, 2021) for half in (1, 2)]
    share = (100 - 100 * kept["y"] / kept["n"]).where(~kept["hidden"])
    wide = kept.assign(share=share).pivot_table(index="service_id", columns="period", values="share", dropna=False)[
        periods
    ]
    one = kept.groupby("service_id")[["children", "cohort"]].first().loc[wide.index]
    start = np.where(one["cohort"].notna(), periods.index("2018H2"), np.inf)
    weight = np.repeat(np.sqrt(one["children"].to_numpy(float))[:, None], len(periods), axis=1)
    slow = two_stage_effect(wide.to_numpy().tolist(), weight.tolist(), start.tolist(), (-8, -6), (2, 4))
    table = tables["effect"]
    row = table[
        (table["outcome_id"] == name) & (table["method"] == "imputation") & (table["comparison"] == "all_not_guided")
    ]
    hidden = kept["hidden"].mean()
    assert row["estimate"].item() == pytest.approx(slow, abs=1e-6 if hidden == 0 else 0.5)


def test_the_selection_phase_stands_above_the_baseline_and_is_not_scored(tables: dict[str, pd.DataFrame]) -> None:
    """The thirteen of the bundled country were chosen on two bad years; the design does not read them."""
    table = tables["effect_by_period"]
    own = table[table["outcome_id"] == COMPOSITE].set_index("periods_since_start")
    assert own["phase"].to_dict() == {
        **dict.fromkeys(range(-8, -5), "baseline"), -5: "between", **dict.fromkeys(range(-4, 0), "selection"),
        **dict.fromkeys((0, 1), "start_up"), **dict.fromkeys((2, 3, 4), "during"),
    }  # fmt: skip
    assert own.loc[-1, "low"] > 0
    assert own.loc[range(-8, -5), "low"].isna().all() and own.loc[range(-5, 5), "low"].notna().all()
    primary = tables["effect"].query("is_primary").iloc[0]
    scored = own.loc[[2, 3, 4], "estimate"]
    assert scored.min() <= primary["estimate"] <= scored.max()


def test_every_row_says_what_could_be_seen_at_all(tables: dict[str, pd.DataFrame], questions: Questions) -> None:
    """The larger of what was simulated and what the draws of that very test allow."""
    power = tables["power"].drop_duplicates("outcome_id").set_index("outcome_id")["smallest_visible"]
    effect = tables["effect"]
    own = effect[effect["comparison"] == "all_not_guided"]
    for name, rows in own.groupby("outcome_id"):
        found = methods.tested(questions.ask(questions.outcomes[str(name)], "all_not_guided"), 1999)
        assert not isinstance(found, str)
        by_draws = np.quantile(np.abs(found.drawn), 0.95) + 0.8416212 * found.drawn.std()
        np.testing.assert_allclose(rows["smallest_visible"], max(power[name], by_draws), rtol=1e-6)
    assert effect.loc[effect["comparison"] != "all_not_guided", "smallest_visible"].isna().all()  # nobody is declared
    at = tables["power"].pivot_table(index="outcome_id", columns="odds_ratio", values="detected")
    assert (at[0.5] >= at[0.7]).all() and (at[0.7] > 0.05).all()
    assert (tables["power"]["effect"] < 0).all()
    assert tables["power"]["runs"].unique().tolist() == [300]


def test_a_placebo_that_shows_something_leaves_its_outcome_unconfirmed(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["effect"]
    placebos = table[table["method"].isin(PROTOCOL.placebos) & ((table["low"] > 0) | (table["high"] < 0))]
    doubted = set(placebos["outcome_id"])
    told = table[table["verdict"].notna() & (table["comparison"] == "all_not_guided")].set_index("outcome_id")
    assert doubted & set(told.index) and (~told["is_confirmed"] == told.index.isin(doubted)).all()


def test_who_was_guided_twice_is_on_neither_side(of: Panel) -> None:
    """Three of the guided were also in a cohort of another protocol: before the scored periods ended, or after them."""
    guided = np.flatnonzero(np.isfinite(of.start["cohort_2018"]))[:3]
    start = of.start["cohort_2018"][guided[0]]
    for late, left_out in ((4, 3), (5, 0)):
        elsewhere = np.full(len(of.services), np.inf)
        elsewhere[guided] = start + late
        asked = Questions(replace(of, start=dict(of.start) | {"other": elsewhere}), PROTOCOL, [COHORT])
        assert asked.twice.sum() == left_out and not asked.never[guided].any()
        assert np.isfinite(asked.start).sum() == np.isfinite(of.start["cohort_2018"]).sum() - left_out
        assert departures(asked, COMPOSITE, "all_not_guided") == (["guided_elsewhere"] if left_out else [])


def test_england_has_empty_tables(releases: dict[str, Path]) -> None:
    with connect(releases["england"]) as con:
        for name in ("effect", "effect_by_period", "power"):
            assert con.execute(f"SELECT count(*) FROM result.{name}").fetchall() == [(0,)]


@given(st.integers(0, 10_000), st.sampled_from([*methods.CHECKS]))
def test_a_shift_of_all_in_one_period_and_the_order_of_units_move_nothing(seed: int, check: Check) -> None:
    asked = drawn(seed)
    shifted = replace(asked, outcome=asked.outcome + np.random.default_rng(seed).normal(0, 9, 16))
    order = np.random.default_rng(seed + 1).permutation(len(asked.start))
    for other in (shifted, asked.only(order)):
        for method in (methods.imputed, methods.CHECKS[check]):
            assert method(other).effect.value == pytest.approx(method(asked).effect.value, abs=1e-8)
    assert methods.imputed(shifted).p_value == methods.imputed(asked).p_value


@given(st.integers(0, 10_000))
def test_turned_round_everything_is_the_same_with_the_other_sign(seed: int) -> None:
    asked = drawn(seed)
    turned = replace(asked, outcome=-asked.outcome)
    for method in (methods.imputed, methods.within_strata, methods.sun_and_abraham, methods.earlier_start):
        one, other = method(asked), method(turned)
        assert other.p_value == pytest.approx(one.p_value)
        assert (other.effect.low, other.effect.high) == pytest.approx((-one.effect.high, -one.effect.low), abs=1e-8)


def test_an_effect_is_found_by_all_and_by_no_placebo() -> None:
    asked = drawn(3, effect=-30.0)
    for method in (methods.imputed, *(methods.CHECKS[each] for each in methods.CHECKS)):
        assert method(asked).effect.high < -15
    for method in methods.PLACEBOS.values():
        found, plain = method(asked), method(drawn(3))
        assert found.effect.is_known and found == plain
    without = methods.without_columns(asked, np.arange(16) == 11)
    assert without.effect.value == pytest.approx(methods.imputed(asked).effect.value, abs=3) and without.effect.high < 0


def test_a_start_that_nobody_has_figures_of_takes_nobody_out_of_the_deal() -> None:
    """A series that ends after the first start's scored periods: the later start is left out, the others can be dealt."""
    asked = drawn(8)
    ended = replace(
        asked, outcome=np.where(np.arange(16) < 11, asked.outcome, np.nan), windows=Windows((-8, -5), (2, 2))
    )
    told = ended.told()
    assert set(told.start[told.guided]) == {8} and told.eligible.sum() == 3 + 54
    assert methods.imputed(told).effect.is_known


def test_drift_bounds_add_the_largest_step_of_the_baseline_for_each_period_on_the_way() -> None:
    """By hand: a straight baseline but for one step of 2; scored 10 periods after the baseline's middle."""
    asked = drawn(4)
    flat = np.zeros_like(asked.outcome)
    flat[asked.guided] = 0.0
    since = np.arange(16) - asked.start[:, None]
    flat[since == -6] = 2.0
    asked = replace(asked, outcome=flat)
    found = methods.imputed(asked)
    bounds = methods.drift_bounds(asked, found.effect)
    assert bounds.effect.value == found.effect.value
    steps = found.effect.low - bounds.effect.low
    assert steps == pytest.approx(2.0 * 10, rel=0.15) and bounds.effect.high - found.effect.high == pytest.approx(steps)
    assert methods.drift_bounds(asked, methods.UNKNOWN).reason == "no_estimate"


def test_too_few_on_either_side_is_a_reason() -> None:
    asked = drawn(5)
    two = asked.only((np.arange(len(asked.start)) < 2) | ~asked.guided)
    alone = asked.only(asked.guided)
    for method in (methods.imputed, *methods.CHECKS.values()):
        assert method(two).reason == "too_few_guided"
        # Inside groups of like services the guided without others fall out first.
        assert method(alone).reason in ("too_few_to_compare_with", "too_few_guided")
    assert methods.imputed(alone).reason == "too_few_to_compare_with"
    assert judged(two, methods.UNKNOWN, "too_few_guided") == Verdict.TOO_LITTLE_DATA
    assert judged(two, methods.UNKNOWN, "series_break") == Verdict.SERIES_BREAK


@pytest.mark.parametrize(
    ("beyond", "verdict"),
    [
        (Interval(-20.0, -30.0, -5.0), Verdict.IMPROVED_MORE),
        (Interval(-3.0, -10.0, 4.0), Verdict.IMPROVED_AS_EXPECTED),
    ],
)
def test_better_than_expected_needs_both_the_change_and_the_comparison(beyond: Interval, verdict: Verdict) -> None:
    asked = drawn(6, effect=-40.0)
    assert judged(asked, beyond) == verdict
    assert judged(drawn(6), Interval(-20.0, -30.0, -5.0)) == Verdict.NO_CLEAR_CHANGE


def test_the_course_is_means_by_weight_in_the_windows_of_each_start() -> None:
    asked = drawn(7)
    told = course(asked)
    before = [asked.outcome[i, int(s) - 8 : int(s) - 4].mean() for i, s in enumerate(asked.start[asked.guided])]
    weight = asked.weight[asked.guided]
    assert told["guided_before"] == pytest.approx(np.average(before, weights=weight))
    rest = ~asked.guided
    there = {s: np.average(asked.outcome[rest, s + 2 : s + 6].mean(1), weights=asked.weight[rest]) for s in (8, 9)}
    share = weight[asked.start[asked.guided] == 8].sum() / weight.sum()
    assert told["comparison_now"] == pytest.approx(share * there[8] + (1 - share) * there[9])
    assert told["change_low"] < told["change"] < told["change_high"]
    assert told["change"] == pytest.approx(told["guided_now"] - told["guided_before"])


def test_who_was_asked_is_a_comparison_of_its_own(of: Panel) -> None:
    declined = np.isin(np.arange(len(of.services)), np.flatnonzero(np.isinf(of.start["cohort_2018"]))[:12])
    known = replace(of, asked={"not_offered": np.zeros(len(of.services), bool), "declined": declined})
    asking = Questions(known, PROTOCOL, [COHORT])
    y = asking.outcomes["timeliness"]
    asked = asking.ask(y, "declined")
    assert (~asked.guided).sum() <= 12 and asked.eligible.all()
    assert not asking.others("eligible_not_offered").any()
    everybody = asking.ask(y, "all_not_guided")
    assert (~everybody.guided).sum() > 150
    assert (everybody.eligible & ~everybody.guided).sum() <= 12  # who was asked, not who is in most need


def test_the_guided_of_another_protocol_are_compared_with_nobody(of: Panel) -> None:
    other = np.where(np.arange(len(of.services)) < 20, 13.0, np.inf)
    asking = Questions(replace(of, start=of.start | {"later": other}), PROTOCOL, [COHORT])
    own = np.isfinite(of.start["cohort_2018"])
    assert not asking.others("all_not_guided")[np.isfinite(other) | own].any()
    assert asking.others("all_not_guided").sum() == (~(np.isfinite(other) | own)).sum()


def test_several_cohorts_are_one_evaluation_and_each_is_left_out_in_turn(of: Panel) -> None:
    later = COHORT.model_copy(update={"id": "later"})
    own = np.flatnonzero(np.isfinite(of.start["cohort_2018"]))
    first, second = (
        np.where(np.isin(np.arange(len(of.services)), each), at, np.inf)
        for each, at in ((own[:6], 11.0), (own[6:], 10.0))
    )
    both = PROTOCOL.model_copy(update={"cohorts": ("cohort_2018", "later")})
    asking = Questions(replace(of, start={"cohort_2018": first, "later": second}), both, [COHORT, later])
    y = asking.outcomes["plans"]
    asked = asking.ask(y, "all_not_guided")
    assert set(asked.start[asked.guided]) == {10, 11}
    rest = asking.ask(y, "all_not_guided", kept=np.isinf(first))
    assert set(rest.start[rest.guided]) == {10}
    assert methods.imputed(rest).effect.is_known


def test_a_break_between_the_windows_is_told_apart_from_too_little_data(of: Panel) -> None:
    after = replace(of, start={"cohort_2018": np.where(np.isfinite(of.start["cohort_2018"]), 15.0, np.inf)})
    asking = Questions(after, PROTOCOL, [COHORT])  # scored from 2021, after the new register
    assert methods.imputed(asking.ask(asking.outcomes["timeliness"], "all_not_guided")).reason == "too_few_guided"
    assert why_not("too_few_guided", "timeliness", asking, NORWAY) == "series_break"
    assert departures(asking, "timeliness", "all_not_guided") == ["periods_missing"]
    assert why_not("too_few_guided", "timeliness", Questions(of, PROTOCOL, [COHORT]), NORWAY) == "too_few_guided"


def test_departures_are_named(questions: Questions, of: Panel) -> None:
    assert departures(questions, COMPOSITE, "all_not_guided") == []
    assert departures(questions, COMPOSITE, "declined") == ["comparison_not_declared"]
    late = PROTOCOL.model_copy(
        update={"amendments": (PROTOCOL.amendments[0].model_copy(update={"after_outcomes_were_read": True}),)}
    )
    assert departures(Questions(of, late, [COHORT]), COMPOSITE, "all_not_guided") == ["amended_after_reading"]
    fewer = replace(of.scale, dimensions=of.scale.dimensions[:2])
    assert departures(Questions(replace(of, scale=fewer), PROTOCOL, [COHORT]), COMPOSITE, "all_not_guided") == [
        "dimensions_missing"
    ]


def test_need_runs_one_way_whatever_the_indicator_does(of: Panel) -> None:
    values = of.values()
    told = of.scale.outcomes(values)
    np.testing.assert_allclose(told["action_plan_in_place"], 100 - values["action_plan_in_place"])
    np.testing.assert_allclose(told["deadline_breaches"], values["deadline_breaches"])
    logit = of.logits("action_plan_in_place")
    share = told["action_plan_in_place"] / 100
    assert logit is not None and np.corrcoef(logit[share > 0], share[share > 0])[0, 1] > 0.8
    assert of.logits(COMPOSITE) is None
    whole = np.isfinite(told[COMPOSITE])
    assert (whole == np.isfinite([told[each] for each in of.scale.dimensions]).all(0)).all()


def test_a_protocol_without_any_figures_has_a_row_that_says_so(of: Panel) -> None:
    scale = replace(of.scale, indicators=(), dimensions=())
    bare = Questions(
        replace(of, scale=scale, periods=of.periods[:0], numerator={}, denominator={}, bounded={}), PROTOCOL, [COHORT]
    )
    [row] = effect_rows(bare, NORWAY, "all_not_guided", {})
    assert (row["outcome_id"], row["reason"], row["verdict"]) == (COMPOSITE, "too_few_guided", Verdict.TOO_LITTLE_DATA)
    assert row["departures"] == "dimensions_missing periods_missing" and not row["follows_protocol"]
    assert power_rows(bare.of, NORWAY, PROTOCOL) == []


def test_who_was_asked_is_followed_to_the_services_of_today() -> None:
    """Two old codes that became one municipality: whoever declined counts as having declined."""
    con = duckdb.connect()
    con.execute("CREATE SCHEMA registry; CREATE SCHEMA staging")
    con.execute("""CREATE TABLE registry.asked AS SELECT * FROM (VALUES
        ('c', 'A', '0001', DATE '2018-06-01', 'not_offered'), ('c', 'B', '0002', DATE '2018-06-01', 'declined'),
        ('c', 'C', '0003', DATE '2018-06-01', 'not_offered'))
        AS t(cohort_id, member_name, municipality_code, code_date, answer)""")
    con.execute("""CREATE TABLE staging.successor AS SELECT * FROM (VALUES
        ('0001', DATE '2000-01-01', DATE '2020-01-01', '9001'), ('0002', DATE '2000-01-01', DATE '2020-01-01', '9001'),
        ('0003', DATE '2000-01-01', NULL, '0003'), ('0003', DATE '1980-01-01', DATE '2000-01-01', '9001'))
        AS t(old_code, old_valid_from, old_valid_to, municipality_code)""")
    con.execute(
        "CREATE TABLE staging.member AS SELECT * FROM (VALUES ('9001', 'one'), ('0003', 'two')) AS t(municipality_code, service_id)"
    )
    found = con.execute(models()["staging.asked"]).fetchall()
    assert found == [("c", "one", "declined"), ("c", "two", "not_offered")]
