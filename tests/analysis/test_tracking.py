"""The first follow-up: who the thirteen are, that sums are sums, and that the rest is everybody else."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.analysis.tracking import _against_baseline
from pipeline.registry.load import load
from pipeline.warehouse.release import connect

ROOT = Path(__file__).parent.parent.parent
# Bufdir, press release of 6 June 2018; the service of today, by its host.
THIRTEEN = {
    "Alta": "5601", "Kautokeino": "5612", "Karasjok": "5610", "Porsanger": "5622", "Evenes": "1806", "Hemnes": "1832",
    "Meløy": "1837", "Vestvågøy": "1860", "Førde (Førde/Gaular)": "4647", "Kongsvinger": "3401",
    "Åsnes (Solør)": "3418", "Hurdal": "3242", "Ullensaker": "3209",
}  # fmt: skip


def test_the_thirteen_are_followed_to_the_services_of_today(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        found = con.execute(
            """SELECT member_name, host FROM staging.guided JOIN core.service AS service USING (service_id)
               WHERE service.valid_to IS NULL"""
        ).fetchall()
    assert dict(found) == THIRTEEN


def test_the_thirteen_stand_on_a_time_line_through_their_codes(releases: dict[str, Path]) -> None:
    """Førde's merger in mid-programme and Solør's membership among them; see tests/golden/norway/README.md."""
    golden = pd.read_csv(ROOT / "tests/golden/norway/cohort_timeline.csv", dtype=str)
    golden = golden.assign(valid_to=golden["valid_to"].fillna(""))
    with connect(releases["norway"]) as con:
        found = con.execute(
            """SELECT * EXCLUDE (cohort_id, service_name, host_name, member_names, county) REPLACE (
                   CAST(valid_from AS VARCHAR) AS valid_from, coalesce(CAST(valid_to AS VARCHAR), '') AS valid_to,
                   array_to_string(member_codes, ' ') AS member_codes)
               FROM core.cohort_timeline ORDER BY member_name, valid_from"""
        ).df()
    pd.testing.assert_frame_equal(found, golden, check_dtype=False)
    last = golden.groupby("member_name").last()
    assert last.loc["Førde (Førde/Gaular)", "municipality_code"] == "4647"
    assert last.loc["Åsnes (Solør)", "member_codes"] == "3417 3418 3419"
    held = golden.groupby("member_name")["valid_to"].agg(list)
    starts = golden.groupby("member_name")["valid_from"].agg(list)
    assert all(ends[:-1] == begins[1:] and ends[-1] == "" for ends, begins in zip(held, starts, strict=True))


def test_the_figures_of_the_day_are_those_of_the_service_of_the_day(releases: dict[str, Path]) -> None:
    """Until 2019 Førde's service was Førde and Gaular; from 2020 it is the whole of Sunnfjord."""
    with connect(releases["norway"]) as con:
        change = con.execute(
            """SELECT borders, phase, denominator FROM result.change WHERE service_id = 'municipality_4647'
               AND indicator_id = 'deadline_breaches'"""
        ).df()
        raw = con.execute(
            """SELECT period, unit_code, value FROM raw.observation WHERE measure = 'Unders Avsl Siste Halvår'
               AND unit_code IN ('1430', '1431', '1432', '1433', '4647')"""
        ).df()
    cases = change.pivot(index="phase", columns="borders", values="denominator")
    baseline = raw[raw["period"].isin(["2014H2", "2015H1", "2015H2"])]
    assert cases.loc["baseline", "period"] == baseline[baseline["unit_code"].isin(["1430", "1432"])]["value"].sum()
    assert cases.loc["baseline", "as_of"] == baseline["value"].sum() > cases.loc["baseline", "period"]


def test_guided_and_rest_are_the_country(releases: dict[str, Path]) -> None:
    """Denominators of the two groups = those of all municipalities with a number or bounds, in plain loops."""
    with connect(releases["norway"]) as con:
        path = con.execute(
            "SELECT indicator_id, period, sum(denominator), sum(numerator_low), sum(numerator_high) FROM mart.path GROUP BY ALL"
        ).fetchall()
        cells = con.execute(
            """SELECT indicator_id, period, numerator, numerator_low, numerator_high, denominator
               FROM core.indicator_value WHERE unit_kind = 'municipality' AND era = 'khr' AND is_newest"""
        ).fetchall()
    total: dict[tuple[str, str], list[float]] = {}
    for indicator, period, numerator, low, high, denominator in cells:
        if denominator and not (numerator is None and low is None):
            sums = total.setdefault((indicator, period), [0.0, 0.0, 0.0])
            sums[0] += denominator
            sums[1] += low if numerator is None else numerator
            sums[2] += high if numerator is None else numerator
    for indicator, period, *sums in path:
        assert sums == pytest.approx(total[indicator, period], rel=1e-9), (indicator, period)


def test_hidden_counts_stand_in_without_leaning(releases: dict[str, Path]) -> None:
    """The publisher's own country row knows the hidden counts: our sum comes near it, and it lies within our bounds."""
    numerator, denominator = load("norway").datasets["khr_supervision"].measures
    with connect(releases["norway"]) as con:
        published = dict(
            con.execute(
                """SELECT n.period, 100 * n.value / d.value FROM raw.observation AS n JOIN raw.observation AS d
                   USING (dataset_id, unit_code, period) WHERE unit_code = '0' AND n.measure = ? AND d.measure = ?""",
                [numerator, denominator],
            ).fetchall()
        )
        ours = con.execute(
            """SELECT period, 100 * sum(numerator) / sum(denominator), 100 * sum(numerator_low) / sum(denominator),
                   100 * sum(numerator_high) / sum(denominator), sum(hidden_cells)
               FROM mart.path WHERE indicator_id = 'foster_supervision_missed' GROUP BY period"""
        ).fetchall()
    assert len(ours) == 13  # 2014H2 to 2020H2
    for period, value, low, high, hidden in ours:
        assert hidden > 50 and low < value < high
        assert value == pytest.approx(published[period], abs=0.8), period


def test_the_selection_window_is_no_part_of_the_baseline(releases: dict[str, Path]) -> None:
    with connect(releases["norway"]) as con:
        phases = dict(
            con.execute(
                "SELECT phase, list(DISTINCT period ORDER BY period) FROM mart.path WHERE period LIKE '%H%' GROUP BY phase"
            ).fetchall()
        )
    assert phases["baseline"] == ["2014H2", "2015H1", "2015H2"]
    assert phases["selection"] == ["2016H2", "2017H1", "2017H2", "2018H1"]


def test_change_is_value_less_baseline_with_newcombes_limits() -> None:
    """Newcombe 1998, table II: 56/70 against 48/80, difference 0.20, limits 0.0524 and 0.3339."""
    key = {
        "cohort_id": "c",
        "indicator_id": "i",
        "group_name": "guided",
        "service_id": None,
        "borders": "as_of",
        "per": 100,
    }
    rows = pd.DataFrame(
        [
            {**key, "likelihood": "binomial", "phase": "baseline", "numerator": 48, "denominator": 80, "value": 60.0},
            {**key, "likelihood": "binomial", "phase": "during", "numerator": 56, "denominator": 70, "value": 80.0},
        ]
    )
    during = _against_baseline(rows).set_index("phase").loc["during"]
    assert during["change"] == 20.0
    assert [during["change_low"], during["change_high"]] == pytest.approx([5.24, 33.39], abs=0.01)


def test_englands_cohort_is_who_the_synthetic_list_calls_inadequate(releases: dict[str, Path]) -> None:
    """Each once, though judged twice; not those judged better. Everything shown of it is marked."""
    with connect(releases["england"]) as con:
        members = con.execute(
            "SELECT municipality_code, CAST(CAST(agreement_day AS DATE) AS VARCHAR), is_synthetic FROM staging.cohort_member ORDER BY 1"
        ).fetchall()
        [(services, synthetic)] = con.execute(
            "SELECT count(*), bool_and(is_synthetic) FROM mart.cohort_service"
        ).fetchall()
        verdicts = con.execute(
            "SELECT count(DISTINCT service_id), count(DISTINCT outcome), count(verdict) FROM result.service_change"
        ).fetchall()
        figures = con.execute("SELECT bool_or(is_synthetic) FROM core.indicator_value").fetchall()
    assert members == [
        ("307", "2019-10-11", True), ("344", "2019-06-14", True), ("380", "2020-03-06", True), ("878", "2020-01-24", True),
        ("883", "2019-07-05", True), ("926", "2019-11-08", True),
    ]  # fmt: skip
    assert (services, synthetic) == (6, True) and verdicts == [(6, 5, 60)] and figures == [(False,)]
    assert "synthetic" in load("england").cohorts[0].label.en.lower()
