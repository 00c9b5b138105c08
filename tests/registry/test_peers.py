"""Likeness is declared, and what the law measures may not choose the peers."""

from typing import Any

import pytest

from pipeline.registry.load import load
from pipeline.registry.peers import Feature, Peers, mistakes

WORDS = {"nb": "x", "nn": "x", "en": "x"}


def feature(**given: Any) -> Feature:
    return Feature.model_validate({"weight": 1, "transform": "log", "label": WORDS} | given)


def told(*features: Feature) -> list[tuple[str, str, str]]:
    registry = load("norway")
    assert registry.peers is not None
    return list(mistakes(registry.peers.model_copy(update={"features": features}), registry.indicators))


def declared() -> Peers:
    peers = load("norway").peers
    assert peers is not None
    return peers


def test_norway_is_alike_in_size_members_caseload_and_context() -> None:
    assert [each.id for each in declared().features] == [
        "child_population", "municipalities", "caseload", "low_income_families", "lone_providers",
    ]  # fmt: skip
    assert told(*declared().features) == []


def test_a_jurisdiction_may_do_without() -> None:
    assert load("england").peers is None


def test_a_legal_duty_may_not_choose_the_peers_whatever_the_reason() -> None:
    [(field, given, allowed)] = told(feature(indicator="deadline_breaches", although_ranked="because"))
    assert (field, given) == ("features.deadline_breaches.indicator", "'deadline_breaches'")
    assert allowed == "an indicator without a legal duty"


def test_a_ranked_indicator_needs_a_reason() -> None:
    allowed = "why an indicator that is ranked on may be a feature"
    assert told(feature(indicator="caseload")) == [("features.caseload.although_ranked", "nothing", allowed)]
    assert told(feature(indicator="caseload", although_ranked="because")) == []


def test_an_indicator_nobody_declared_is_told_with_those_there_are() -> None:
    [(field, given, allowed)] = told(feature(indicator="lone"))
    assert (field, given) == ("features.lone.indicator", "'lone'")
    assert allowed.startswith("one of action_plan_evaluated, action_plan_in_place,")


@pytest.mark.parametrize("given", [{}, {"column": "municipalities", "indicator": "caseload"}])
def test_a_feature_has_one_source(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="declare either column or indicator"):
        feature(**given)
