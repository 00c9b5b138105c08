from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.registry.load import Registry
from pipeline.reports import reasons
from pipeline.reports.facts import gather
from pipeline.reports.voice import Voice

NOTHING = float("nan")


def row(status: str, numerator: float = NOTHING, denominator: float = NOTHING, **more: Any) -> SimpleNamespace:
    bounds = {"numerator_low": NOTHING, "numerator_high": NOTHING, "is_estimated": False}
    return SimpleNamespace(status=status, numerator=numerator, denominator=denominator, **(bounds | more))


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (row("ok", 0, 12), "0 av 12"),
        (row("ok", 2.6, 12, is_estimated=True), "ca. 3 av 12"),
        (row("suppressed_source", denominator=20, numerator_low=1, numerator_high=3), "skjult av kilden (1–3) av 20"),
        (row("suppressed_source"), "skjult av kilden"),
        (row("not_reported"), "ikke rapportert"),
        (row("zero_denominator", denominator=0), "ingen saker (nevneren er 0)"),
        (row("unit_absent"), "fantes ikke"),
        (row("incomplete_merger", 3, 20), "3 av 20 (ufullstendig: en del av tjenesten mangler)"),
    ],
)
def test_zero_hidden_unreported_and_empty_are_said_apart(registry: Registry, cell: SimpleNamespace, words: str) -> None:
    assert reasons.cell(Voice("nb"), registry.indicators["deadline_breaches"], "register", cell) == words


def test_a_ratio_is_not_said_as_a_part_of_a_whole(registry: Registry) -> None:
    said = reasons.cell(Voice("nb"), registry.indicators["caseload"], "register", row("ok", 124, 9.3))
    assert said == "124 fordelt på 9,3"


def test_a_pooled_count_with_hidden_cells_is_at_least_so_many(registry: Registry) -> None:
    pooled = SimpleNamespace(numerator=3, denominator=20, hidden_cells=1, is_estimated=False)
    assert reasons.counted(Voice("nb"), registry.indicators["deadline_breaches"], "register", pooled) == "minst 3 av 20"


def test_the_law_is_named_first_in_why(tables: dict, registry: Registry) -> None:
    facts = gather(tables, registry)
    top_two = facts.current.estimates["contribution_points"].isin([10.0, 13.0])
    facts.current.estimates["contribution_points"] = facts.current.estimates["contribution_points"].where(top_two, 0)
    said = reasons.why(Voice("nb"), facts)("s3")
    assert said.startswith("Fristbrudd i undersøkelsessaker 12,0 % (8,0–17,0), landet 9,0 %. Høyere andel betyr")
    assert "Lovkrav: undersøkelsen er avsluttet" in said and "§ 2-2" in said


def test_periods_without_a_number_are_named_with_their_reason() -> None:
    pooled = SimpleNamespace(
        gaps="2023 not_reported;2025 zero_denominator", hidden_cells=0, own_information_share=0.9, is_small=False
    )
    assert reasons.notes(Voice("nb"), pooled) == ["2023: ikke rapportert", "2025: ingen saker (nevneren er 0)"]


def test_hidden_figures_are_counted_in_whole_numbers() -> None:
    pooled = SimpleNamespace(gaps=None, hidden_cells=2.0, own_information_share=0.9, is_small=False)
    assert reasons.notes(Voice("nb"), pooled) == ["2 tall skjult av kilden"]
