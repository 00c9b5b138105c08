"""The programme, other measures and protocols: what stands there, and that each wrong edit gives one clear error."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.listing import rows
from pipeline.methods.imputation import Windows
from pipeline.registry.load import load
from pipeline.registry.measures import Measure
from pipeline.registry.programme import Cohort
from pipeline.registry.protocol import Protocol, ordinal
from tests.registry.test_load import home, spoil, told

__all__ = ["home"]  # the fixture
WORDS = {"nb": "x", "nn": "x", "en": "x"}
COHORT, PROTOCOL, PROGRAMME = "programme/cohort_2018.toml", "protocols/cohort_2018.toml", "programme.toml"
INNLANDET, INSPECTIONS = "measures/innlandet.toml", "measures/inspections.toml"
HURDAL = '{ name = "Hurdal", municipality_code = "0239"'


def test_the_programme_is_what_its_page_says() -> None:
    programme = load("norway").programme
    assert programme and (programme.months, programme.gatherings) == (24, 3)
    assert [each.id for each in programme.steps] == ["identify", "prioritise", "analyse", "carry_out", "evaluate"]


def test_nobody_is_invented_where_names_are_not_public() -> None:
    programme = load("norway").programme
    assert programme
    first, second = programme.unnamed_cohorts
    assert (first.start.year, first.days, first.end, first.size) == (2019, "year", None, None)
    assert (second.start, second.end, second.size) == (date(2020, 6, 1), date(2022, 6, 1), 19)
    assert [row["id"] for row in rows("cohorts", "norway")] == ["cohort_2018", "cohort_2019", "cohort_2020"]
    assert all("not public" in row["members"] for row in rows("cohorts", "norway")[1:])


def test_the_two_pots_of_innlandet() -> None:
    [funds] = [each for each in load("norway").measures if each.offices]
    assert [(pot.amount_kroner, pot.deadline) for pot in funds.pots] == [
        (1_100_000, date(2021, 8, 1)), (2_300_000, date(2021, 8, 1)),
    ]  # fmt: skip
    assert any("1100000 kroner, deadline 2021-08-01" in row["pots"] for row in rows("measures", "norway"))


def test_windows_are_the_phases() -> None:
    registry = load("norway")
    [protocol], [cohort] = registry.protocols, registry.cohorts
    assert protocol.windows(cohort) == Windows((-8, -6), (2, 4))
    assert protocol.outcomes_read_on is None
    assert ordinal("2020H1") - ordinal("2018H2") == 3 and ordinal("2020") - ordinal("2018") == 2


def test_a_country_needs_no_programme() -> None:
    england = load("england")
    assert (england.programme, england.measures, england.protocols) == (None, (), ())


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (COHORT, "size = 13", "size = 12", "(whole declaration): given {'id': 'cohort_2018'"),
        (COHORT, HURDAL, '{ name = "Hurdal", municipality_code = "0235"', "members: given 0235, 2 times; allowed: each once"),
        (
            COHORT, HURDAL, HURDAL + ', steps = [{ step = "idle" }]',
            "members.Hurdal.steps: given 'idle'; allowed: one of analyse, carry_out, evaluate, identify, prioritise",
        ),
        (
            COHORT, HURDAL, HURDAL + ', steps = [{ step = "analyse" }, { step = "identify" }]',
            "members.Hurdal.steps: given analyse, identify; allowed: each once, in the order identify, prioritise, analyse, carry_out, evaluate",
        ),
        (
            COHORT, HURDAL, HURDAL + ", agreement_day = 2015-12-31",
            "members.Hurdal.agreement_day: given 2015-12-31; allowed: 2016-01-01 or later, when the baseline is over",
        ),
        (
            COHORT, HURDAL, HURDAL + ", agreement_day = 2020-02-01",
            "members.Hurdal.agreement_day: given 2020-02-01; allowed: 2019-07-01 or earlier, when the first scored phase begins",
        ),
        (COHORT, "start = 2018-06-01", "start = 2015-06-01", "start: given 2015-06-01; allowed: 2016-01-01 or later, when"),
        (
            COHORT, "\n[[phases]]", "\n[[gatherings]]\nnumber = 4\n[[phases]]",
            "gatherings no. 4: given 4; allowed: 1 to 3, the gatherings of the programme",
        ),
        (
            COHORT, "\n[[phases]]", "\n[[gatherings]]\nnumber = 1\nday = 2021-01-01\n[[phases]]",
            "gatherings no. 1.day: given 2021-01-01; allowed: a day from 2018-06-01 to 2020-06-01",
        ),
        (
            COHORT, "size = 13", 'size = 13\nlisted = { finding = "breach", first_day = 2018-01-01, last_day = 2018-02-01 }',
            "(whole declaration): given {'id': 'cohort_2018'",
        ),
        (COHORT, 'id = "long_after"', 'id = "baseline"', "phases: given baseline, 2 times; allowed: each once"),
        (
            PROGRAMME, 'id = "cohort_2019"', 'id = "cohort_2018"',
            "unnamed_cohorts.id: given 'cohort_2018'; allowed: a cohort without a file; programme/cohort_2018.toml names it",
        ),
        (PROGRAMME, 'id = "cohort_2019"', 'id = "cohort_2020"', "unnamed_cohorts: given cohort_2020, 2 times; allowed: each once"),
        (PROGRAMME, 'id = "evaluate"', 'id = "analyse"', "steps: given analyse, 2 times; allowed: each once"),
        (PROGRAMME, '["deadline_breaches"]', '["deadlines"]', "challenges.indicators: given 'deadlines'; allowed: one of action_plan_evaluated,"),
        (PROGRAMME, "size = 19", "size = 0", "unnamed_cohorts.1.size: given 0; allowed: Input should be greater than or equal to 1"),
        (INNLANDET, '["innlandet"]', '["nowhere"]', "innlandet_learning_networks_2022.offices: given 'nowhere'; allowed: one of "),
        (INNLANDET, 'id = "second"', 'id = "first"', "innlandet_learning_networks_2022.pots: given first, 2 times; allowed: each once"),
        (INNLANDET, "amount_kroner = 1_100_000", "amount_kroner = 0", "pots.0.amount_kroner: given 0; allowed: Input should be greater than or equal to 1"),
        (
            INSPECTIONS, '["3813"]', '["813"]',
            "inspection_bamble_2022.municipalities: given '813'; allowed: four digits with the leading zero, such as 0301",
        ),
        (INSPECTIONS, '"inspection_bamble_2022"', '"inspection_holmestrand_2023"', "id: given inspection_holmestrand_2023, 2 times; allowed: each once"),
        (INSPECTIONS, '"no_breach"', '"fine"', "finding: given 'fine'; allowed: Input should be 'breach' or 'no_breach'"),
        (COHORT, "\n[[phases]]", '\n[[asked]]\nname = "Hurdal"\nmunicipality_code = "0239"\nanswer = "declined"\n[[phases]]', "asked: given '0239'; allowed: a municipality that is no member: it was not guided"),
        (PROTOCOL, 'cohorts = ["cohort_2018"]', 'cohorts = ["cohort_2019"]', "cohorts: given 'cohort_2019'; allowed: one of cohort_2018"),
        (PROTOCOL, '"plans"]', '"plan"]', "primary.dimensions: given 'plan'; allowed: one of capacity, follow_up, plans, timeliness"),
        (
            COHORT, '[[phases]]\nid = "during"\nfirst_period = "2019H2"\nlast_period = "2020H2"\n', "",
            "scored_phase: given 'during'; allowed: a phase of cohort_2018: baseline, selection, start_up, after, long_after",
        ),
        (COHORT, '[[phases]]\nid = "selection"\nfirst_period = "2016H2"\nlast_period = "2018H1"\n', "", "inference.eligible: given 45; allowed: a phase selection in cohort_2018, in which need is read; or left out"),
        (PROTOCOL, "draws = 1999", "draws = 20", "inference.draws: given 20; allowed: Input should be greater than or equal to 199"),
        (PROTOCOL, 'estimator = "imputation"', 'estimator = "before_after"', "estimator: given 'before_after'; allowed: Input should be 'imputation'"),
        (PROTOCOL, '"unweighted"', '"sun_abraham"', "(whole declaration): given {'id': 'cohort_2018'"),
        (
            COHORT, 'id = "start_up"\nfirst_period = "2018H2"', 'id = "start_up"\nfirst_period = "2015H2"',
            "baseline_phase: given baseline (-2, 0) must lie before 0, scored (8, 10) at 0 or after; allowed: a baseline before",
        ),
    ],
)  # fmt: skip
def test_a_wrong_edit_gives_one_clear_error(home: Path, file: str, old: str, new: str, problem: str) -> None:
    spoil(home, file, old, new)
    [given] = told(home)
    assert given.startswith("norway/")
    assert problem in given, given


def measure(**changes: Any) -> Measure:
    fields = {"id": "m", "kind": "inspection", "label": WORDS, "first_day": date(2022, 3, 1), "municipalities": ["0301"], "source": "drawn", "sure": "inferred"}  # fmt: skip
    return Measure.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"last_day": date(2022, 2, 1)}, "last_day 2022-02-01 must not be before first_day 2022-03-01"),
        ({"days": "year"}, "first_day is 1 January"),
        ({"pots": [{"id": "a", "amount_kroner": 1, "year": 2022}]}, "pots belong to kind = 'learning_network'"),
        ({"kind": "dialogue_meeting", "finding": "breach"}, "finding belongs to kind = 'inspection'"),
        ({"municipalities": []}, "kind = 'inspection' needs municipalities"),
        ({"kind": "leader_change", "municipalities": []}, "kind = 'leader_change' needs municipalities"),
    ],
)
def test_a_measure_fits_its_kind(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        measure(**changes)
    assert measure().sure == "inferred"


def protocol(**changes: Any) -> Protocol:
    return Protocol.model_validate(load("norway").protocols[0].model_dump() | changes)


def amended(day: date, after: bool) -> list[dict[str, Any]]:
    words = {"nb": "x", "nn": "x", "en": "x"}
    return [{"day": day, "what": words, "why": words, "after_outcomes_were_read": after}]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"outcomes_read_on": date(2026, 11, 22)}, "decided_on 2026-11-22 must be before the outcomes were read, on 2026-11-22"),
        ({"amendments": amended(date(2026, 1, 1), False)}, "the amendment of 2026-01-01 must not be before decided_on"),
        ({"amendments": amended(date(2027, 1, 1), True)}, "after_outcomes_were_read of the amendment of 2027-01-01 must be false"),
        (
            {"outcomes_read_on": date(2026, 12, 1), "amendments": amended(date(2027, 1, 1), False)},
            "after_outcomes_were_read of the amendment of 2027-01-01 must be true",
        ),
        ({"comparisons": ["declined", "declined"]}, "comparisons are named once each"),
    ],
)  # fmt: skip
def test_a_protocol_was_written_first(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        protocol(**changes)


def test_outcomes_read_later_and_an_amendment_before_are_fine() -> None:
    kept = protocol(outcomes_read_on=date(2027, 1, 1), amendments=amended(date(2026, 12, 1), False))
    assert kept.amendments[0].day < date(2027, 1, 1)


def test_a_cohort_ends_after_it_starts_and_signs_before_it_ends() -> None:
    fields = load("norway").cohorts[0].model_dump()
    with pytest.raises(ValidationError, match="end 2018-01-01 must be after start 2018-06-01"):
        Cohort.model_validate(fields | {"end": date(2018, 1, 1)})
    late = [fields["members"][0] | {"agreement_day": date(2021, 1, 1)}]
    with pytest.raises(ValidationError, match="agreement_day 2021-01-01 of Alta must not be after 2020-06-01"):
        Cohort.model_validate(fields | {"members": late})


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("alarms.toml", 'indicators = ["deadline_breaches"]\nbeside', 'indicators = ["deadlines"]\nbeside', "alarms.toml: two_sources.indicators: given 'deadlines'"),
        ("alarms.toml", 'beside = "children_investigated"', 'beside = "investigated"', "alarms.toml: two_sources.beside: given 'investigated'"),
        ("alarms.toml", 'beside = "children_investigated"\n', "", "beside belongs to kind = 'two_sources', which needs it"),
        ("alarms.toml", 'id = "visits_in_bulk"', 'id = "fewer_cases"', "alarms.toml: id: given fewer_cases, 2 times; allowed: each once"),
        ("indicators/deadline_breaches.toml", '"children_investigated"\nworse', '"deadline_breaches"\nworse', "counterbalance.indicator: given 'deadline_breaches'"),
    ],
)  # fmt: skip
def test_a_wrong_alarm_gives_one_clear_error(home: Path, file: str, old: str, new: str, expected: str) -> None:
    spoil(home, file, old, new)
    [problem] = told(home)
    assert expected in problem


def test_every_ranked_duty_has_a_counterbalance_and_every_alarm_its_words() -> None:
    registry = load("norway")
    assert all(each.counterbalance for each in registry.ranked if each.duties)
    silent = [each for each in registry.alarms if each.kind == "not_public"]
    assert len(silent) == 4 and all("not possible with" in each.needs.en.lower() for each in silent)


def test_a_listed_cohort_names_a_finding_that_the_list_can_have(home: Path) -> None:
    cohort = home / "norway" / COHORT
    text = cohort.read_text(encoding="utf-8")
    start, end = text.index("members = ["), text.index("]\n", text.index("members = [")) + 2
    listed = 'listed = { finding = "terrible", first_day = 2018-01-01, last_day = 2018-02-01 }\n'
    cohort.write_text(text[:start] + listed + text[end:], encoding="utf-8")
    [problem] = told(home)
    assert "listed.finding: given 'terrible'; allowed: one of breach, no_breach, open, remark, withdrawn" in problem
