"""What is said of each guided service: frozen baselines, forecasts that do not move, verdicts that their figures bear."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.analysis.tracked import tracked
from pipeline.methods.verdict import Verdict
from pipeline.registry.load import load
from pipeline.registry.programme import Cohort
from pipeline.warehouse.release import connect
from tests.warehouse.test_drawn_countries import HEADER, country, plain

JUNE, SEPTEMBER = (datetime(2021, month, 1, tzinfo=UTC) for month in (6, 9))
ROWS = [
    f"{code};{year};{half};{y};{n};"
    for code, y, n in (("1430", 4, 10), ("1431", 2, 12), ("1432", 6, 18), ("1101", 9, 40), ("1103", 3, 30))
    for year, half in ((2018, 1), (2018, 2), (2019, 1), (2019, 2))
] + [
    f"{code};2020;{half};{y};{n};"
    for code, y, n in (("4647", 5, 40), ("1101", 9, 40), ("1103", 3, 30))
    for half in (1, 2)
]  # fmt: skip
RESULTS = ("baseline", "milestone", "run_chart", "run_chart_series", "service_change", "alarm")
REVISED = "1430;2018;1;9;10;\n1431;2018;1;2;12;\n1432;2018;1;6;18;\n1101;2018;1;20;40;\n1103;2018;1;3;30;"


def cohort(start: date, code: str = "4647", **changes: Any) -> Cohort:
    """One guided service; baseline 2018, scored 2020."""
    words = {"nb": "x", "nn": "x", "en": "x"}
    phases = [("baseline", "2018H1", "2018H2"), ("start_up", "2019H1", "2019H2"), ("during", "2020H1", "2020H2")]
    fields = {
        "id": "few", "label": words, "start": start, "end": date(2023, 1, 1), "code_date": start, "era": "khr", "source": "drawn",
        "phases": [{"id": name, "first_period": first, "last_period": last} for name, first, last in phases],
        "members": [{"name": "Førde", "municipality_code": code}],
    }  # fmt: skip
    return Cohort.model_validate(fields | changes)


def built(tmp_path: Path, of: Cohort, *newer: str, rows: Sequence[str] = ROWS) -> dict[str, pd.DataFrame]:
    """The tables of a drawn country that tell of a service; newer: rows of newer files, of June and September 2021."""
    days = zip((JUNE, SEPTEMBER), newer, strict=False)
    later = {("khr_supervision", day): f"{HEADER}\n{more}\n" for day, more in days if more}
    with connect(country(tmp_path, *rows, registry=plain(cohorts=(of,), protocols=()), more=later)) as con:
        return {
            name.removeprefix("result."): con.execute(f"SELECT * FROM {name} ORDER BY ALL").df()
            for name in (*(f"result.{each}" for each in RESULTS), "mart.service_change")
        }


@pytest.mark.parametrize(
    ("start", "code", "frozen_reason"),
    [(date(2021, 4, 1), "4647", "known_then"), (date(2019, 2, 1), "1432", "first_vintage")],
)
def test_a_baseline_does_not_move_when_its_source_is_revised(
    tmp_path: Path, start: date, code: str, frozen_reason: str
) -> None:
    as_it_was = built(tmp_path / "first", cohort(start, code))
    revised = built(tmp_path / "second", cohort(start, code), REVISED)
    [before], [after] = (each["baseline"].to_dict("records") for each in (as_it_was, revised))
    assert before["baseline_frozen"] == after["baseline_frozen"] == pytest.approx(100 * 24 / 80)
    assert before["baseline_now"] == pytest.approx(100 * 24 / 80) and not before["has_source_moved"]
    assert after["baseline_now"] == pytest.approx(100 * 29 / 80) and after["has_source_moved"]
    assert after["cells_moved"] == 1 and after["frozen_on"].date() == date(2021, 3, 1)
    assert after["frozen_reason"] == before["frozen_reason"] == frozen_reason
    pd.testing.assert_frame_equal(as_it_was["service_change"], revised["service_change"])
    pd.testing.assert_frame_equal(as_it_was["milestone"], revised["milestone"])


def test_what_a_later_file_hides_is_not_told_by_the_baseline(tmp_path: Path) -> None:
    """24 of 80 were known then; 11 of them are published now, and 4 now hidden would be the difference."""
    hidden = "1430;2018;1;:;10;\n1431;2018;1;2;12;\n1432;2018;1;6;18;\n1101;2018;1;9;40;\n1103;2018;1;3;30;"
    [as_it_was], [row] = (
        built(tmp_path / name, cohort(date(2021, 4, 1)), more)["baseline"].to_dict("records")
        for name, more in (("seen", ""), ("hidden", hidden))
    )
    assert as_it_was["cells_hidden_since"] == 0 and as_it_was["numerator"] == 24
    assert row["cells_hidden_since"] == 1
    assert (row["numerator_low"], row["numerator_high"]) == (
        24 - 4 + 1,
        24 - 4 + 3,
    )  # 1 to 3 are hidden, and 4 is not told
    assert row["numerator"] == row["numerator_now"] != 24
    assert row["baseline_frozen"] == row["baseline_now"]


# What three files say of 1430 and 1431 (count;cases), half-year by half-year; the third need not have a half-year.
HIDDEN_SINCE = [
    [
        [("{y};10", "2;12"), (":;10", "2;12")],  # a count
        [("{y};{n}", "2;12"), (":;:", "2;12")],  # a count and its cases
        [("3;{n}", "2;12"), ("3;:", "2;12")],  # cases alone
        [(":;10", "{y};12"), (":;10", ":;12")],  # another count than was hidden before
    ],
    [
        [(":;10", "{y};{n}"), ("3;10", ":;:")],  # another, and the first is shown
        [("{y};{n}", "2;12"), (":;:", "2;12"), ("", "2;12")],  # hidden, then gone
        [("{y};10", "2;12"), (":;10", "2;12"), (";10", "2;12")],  # hidden, then blank
        [("{y};10", "2;12"), ("{y};10", "3;12"), (":;10", "3;12")],  # revised, then hidden
    ],
]
OTHERWISE = [
    [(":;10", "2;12"), (":;10", "3;12")],  # hidden already, the other revised
    [("4;10", "2;12"), (":;10", "2;12"), ("5;10", "2;12")],  # hidden, then published again
]


def files(cases: list[list[tuple[str, str]]], y: int = 0, n: int = 0) -> list[list[str]]:
    """The rows of three files; y, n: what stood where it is hidden in the end."""
    found: list[list[str]] = [[], [], []]
    for half, case in zip(("2018;1", "2018;2", "2019;1", "2019;2"), cases, strict=False):
        for rows, parts in zip(found, case, strict=False):
            told = (("1430", parts[0]), ("1431", parts[1]), ("1432", "6;18"), ("1101", "9;40"), ("1103", "3;30"))
            rows += [f"{code};{half};{part.format(y=y, n=n)};" for code, part in told if part]
    found[0] += [each for each in ROWS if each[5:11] not in {row[5:11] for row in found[0]}]
    return found


def followed(tmp_path: Path, rows: list[list[str]], **changes: Any) -> dict[str, pd.DataFrame]:
    """The tables of three files, with a baseline of two years."""
    first, *newer = rows
    phases = [("baseline", "2018H1", "2019H2"), ("during", "2020H1", "2020H2")]
    changes["phases"] = [{"id": name, "first_period": start, "last_period": end} for name, start, end in phases]
    return built(tmp_path, cohort(date(2020, 1, 1), **changes), *map("\n".join, newer), rows=first)


@pytest.mark.parametrize("cases", HIDDEN_SINCE)
def test_no_table_hangs_on_what_a_later_file_hides(tmp_path: Path, cases: list[list[tuple[str, str]]]) -> None:
    """Three municipalities are one today. Whatever stood where it is hidden now, all that is told is the same."""
    one = followed(tmp_path / "one", files(cases, y=3, n=10))
    other = followed(tmp_path / "other", files(cases, y=1, n=15))
    assert one["baseline"]["cells_hidden_since"].tolist() == [4] and not one["baseline"]["has_source_moved"].any()
    assert (
        len(one["run_chart"]) == 3 + 2 and len(one["milestone"]) == 2
    )  # of one baseline half-year nothing is left to divide
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name])


def test_what_was_hidden_already_and_what_is_published_again_stay_as_they_were(tmp_path: Path) -> None:
    tables = followed(tmp_path, files(OTHERWISE))
    [row] = tables["baseline"].to_dict("records")
    assert row["cells_hidden_since"] == 0 and row["cells_moved"] == 2
    assert (row["numerator_low"], row["numerator_high"]) == (9 + 3 * 12, 11 + 3 * 12)
    [_, again, *_] = tables["run_chart"].sort_values("period").to_dict("records")
    assert (again["numerator"], again["is_hidden"]) == (12, False)


def test_a_municipality_of_which_all_is_hidden_has_no_figure(tmp_path: Path) -> None:
    """Not even its number of cases, which the first file told."""
    gone = REVISED.replace("1101;2018;1;20;40;", "1101;2018;1;:;:;")
    tables = built(tmp_path, cohort(date(2021, 4, 1), "1101"), gone)
    [row] = tables["baseline"].to_dict("records")
    assert (row["periods"], row["cells_hidden_since"], row["numerator"], row["denominator"]) == (1, 1, 9, 40)
    assert "2018H1" not in set(tables["run_chart"]["period"])


def test_what_was_published_after_the_agreement_is_not_frozen(tmp_path: Path) -> None:
    """The agreement of a member itself, where it is known, is the day that counts."""
    late = cohort(date(2019, 2, 1), "1432", members=[{"name": "F", "municipality_code": "1432", "agreement_day": date(2021, 7, 1)}])  # fmt: skip
    [row] = built(tmp_path, late, REVISED)["baseline"].to_dict("records")
    assert (row["frozen_reason"], row["is_agreement_known"]) == ("known_then", True)
    assert row["baseline_frozen"] == pytest.approx(100 * 29 / 80) and row["frozen_on"].date() == date(2021, 6, 1)


def test_who_is_guided_in_another_cohort_says_nothing_of_the_country(tmp_path: Path) -> None:
    """Whatever 1101 does once it is guided itself, what is expected of the first cohort stays."""
    both = (cohort(date(2019, 2, 1), "1432"), cohort(date(2020, 1, 1), "1101", id="other"))
    expected = []
    for name, cases in (("few", "9;40"), ("many", "39;40")):
        rows = [each.replace("1;9;40", f"1;{cases}") if each.startswith("1101;2020") else each for each in ROWS]
        with connect(country(tmp_path / name, *rows, registry=plain(cohorts=both, protocols=()))) as con:
            apart = con.execute(
                """SELECT service_id, list(DISTINCT period ORDER BY period) FROM staging.cohort_cell
                   WHERE cohort_id = 'few' AND is_guided_elsewhere GROUP BY ALL"""
            ).fetchall()
            expected.append(con.execute("SELECT expected FROM result.milestone WHERE cohort_id = 'few'").df())
    assert apart == [("municipality_1101", ["2020H1", "2020H2"])]
    assert len(expected[0]) == 4
    pd.testing.assert_frame_equal(*expected)


def test_an_agreement_inside_a_window_leaves_what_is_after_it_or_before_it(tmp_path: Path) -> None:
    """No registry that is loaded has such days; still both sides of a comparison count the same half-years."""
    both = (cohort(date(2020, 8, 1)), cohort(date(2018, 8, 1), "1101", id="other"))
    registry = plain(cohorts=both, protocols=())
    with connect(country(tmp_path, *ROWS, registry=registry)) as con:
        of = tracked(con, registry, both[0])
        [(scored,)] = con.execute(
            "SELECT scored_cases FROM result.service_change WHERE cohort_id = 'few' AND scored_cases > 0"
        ).fetchall()
        [(periods,)] = con.execute("SELECT periods FROM result.baseline WHERE cohort_id = 'other'").fetchall()
    _, cases = of.window("municipality_4647", "foster_supervision_missed", "phase", "during")
    assert scored == cases.sum() == 40
    assert of.window("municipality_4647", "foster_supervision_missed", "phase", "baseline")[1].tolist() == [40, 40]
    assert periods == 1


@pytest.fixture(scope="module")
def found(releases: dict[str, Path]) -> dict[str, pd.DataFrame]:
    names = ["result.service_change", "result.milestone", "result.baseline", "result.alarm", "result.run_chart"]
    names += ["result.run_chart_series", "result.synthetic_control", "mart.service_change", "core.guided_measure"]
    with connect(releases["norway"]) as con:
        return {name: con.execute(f"SELECT * FROM {name}").df() for name in names}


def test_each_service_outcome_and_phase_has_a_row(found: dict[str, pd.DataFrame]) -> None:
    change = found["result.service_change"]
    counted = change.groupby(["service_id", "phase"])["outcome"].nunique().unstack()
    assert counted.shape == (13, 3) and (counted == 9).all(axis=None)  # eight indicators and the composite


def test_the_parts_of_a_change_add_up(found: dict[str, pd.DataFrame]) -> None:
    known = found["result.service_change"].dropna(subset=["beyond"])
    assert len(known) > 60
    assert (known["scored"] - known["baseline"]).to_numpy() == pytest.approx(known["change"].to_numpy())
    assert (known["change"] - known["expected_change"]).to_numpy() == pytest.approx(known["beyond"].to_numpy())


def test_a_verdict_is_said_only_of_what_its_intervals_hold(found: dict[str, pd.DataFrame]) -> None:
    """A plain twin of the rule, by the direction of each indicator."""
    indicators = load("norway").indicators
    for row in found["result.service_change"].itertuples():
        if row.reason is not None and isinstance(row.reason, str):
            assert row.verdict in (Verdict.TOO_LITTLE_DATA, Verdict.SERIES_BREAK), row
            continue
        is_bad = row.outcome == "composite" or indicators[row.outcome].direction == "high_is_need"
        is_better = row.change_high < 0 if is_bad else row.change_low > 0
        is_beyond = row.beyond_high < 0 if is_bad else row.beyond_low > 0
        assert (row.verdict == Verdict.IMPROVED_MORE) == (is_better and is_beyond), row
        assert row.is_confirmed == (row.alarms < 2 or not is_better), row


def test_after_the_series_broke_nothing_is_said(found: dict[str, pd.DataFrame]) -> None:
    change = found["result.service_change"]
    late = change[change["phase"] != "during"]
    assert late["scored"].isna().all() and set(late["reason"]) == {"series_break", "series_ended"}
    deadlines = late[late["outcome"] == "deadline_breaches"]
    assert set(deadlines["verdict"]) == {"cannot_be_told_series_break"}


def test_milestones_are_the_half_years_since_the_agreement(found: dict[str, pd.DataFrame]) -> None:
    one = found["result.milestone"].query("service_id == 'alta_5403' and indicator_id == 'deadline_breaches'")
    assert sorted(one["period"]) == ["2018H1", "2018H2", "2019H1", "2019H2", "2020H1", "2020H2"]
    assert (one["expected_low"] < one["expected"]).all() and (one["expected"] < one["expected_high"]).all()
    assert (one["value"] - one["expected"]).to_numpy() == pytest.approx(one["difference"].to_numpy())


def test_every_declared_alarm_is_answered_or_said_to_be_impossible(found: dict[str, pd.DataFrame]) -> None:
    alarms, declared = found["result.alarm"], load("norway").alarms
    impossible = {each.id for each in declared if each.kind == "not_public"}
    assert set(alarms["alarm_id"]) == {each.id for each in declared}
    assert set(alarms.loc[alarms["status"] == "not_public", "alarm_id"]) == impossible
    assert alarms.loc[alarms["status"] == "raised", "departure"].gt(1.64).all()
    raised = alarms[alarms["status"] == "raised"].groupby(["service_id", "outcome", "phase"]).size()
    change = found["result.service_change"].set_index(["service_id", "outcome", "phase"])["alarms"]
    single = change.drop("composite", level="outcome")
    assert single[single > 0].sort_index().to_dict() == raised.sort_index().to_dict()


def test_the_limits_of_a_run_chart_are_those_of_the_baseline(found: dict[str, pd.DataFrame]) -> None:
    points, series = found["result.run_chart"], found["result.run_chart_series"]
    one = points.query("service_id == 'alta_5403' and indicator_id == 'deadline_breaches'").sort_values("period_start")
    first = one[one["is_baseline"]]
    assert list(first["period"]) == ["2013H1", "2013H2", "2014H1", "2014H2", "2015H1", "2015H2", "2016H1"]
    assert one["mean"].nunique() == 1 and one["mean"].iloc[0] == pytest.approx(first["value"].mean())
    [row] = series.query("service_id == 'alta_5403' and indicator_id == 'deadline_breaches'").to_dict("records")
    assert (row["points"], row["baseline_points"], row["is_short"]) == (16, 7, False)
    assert 0.02 < row["false_improvement"] < 0.5 and 0.02 < row["false_concern"] < 0.6
    assert series.loc[series["points"] < 13, "is_short"].all()
    assert set(points["funnel"].dropna()) <= {"low 95", "high 95", "low 99.8", "high 99.8", "hidden"}
    assert ((points["funnel"] != "high 99.8") | (points["value"] > points["funnel_high_99_8"])).all()


def test_no_mix_is_fitted_to_seven_half_years(found: dict[str, pd.DataFrame]) -> None:
    control = found["result.synthetic_control"]
    assert set(control["reason"]) == {"too_few_half_years"} and control["effect"].isna().all()
    assert (control["smallest_p_value"] == 1 / (control["donors"] + 1)).all()


def test_other_measures_stand_beside_the_verdict(found: dict[str, pd.DataFrame]) -> None:
    change = found["mart.service_change"]
    during = change[change["phase"] == "during"].iloc[0]
    assert set(during["measures"]) >= {"learning_networks", "dialogue_meetings", "further_education"}
    assert len(change) == len(found["result.service_change"])
    pots = found["core.guided_measure"].query("measure_id == 'innlandet_learning_networks_2022'")
    assert set(pots["service_id"]) == {"grue_3417", "municipality_3401"} and set(pots["phase"]) == {"after"}
