"""The funnel drawings: where a service stands, what is said of it, and that a hidden count stays hidden."""

import re

import pandas as pd
import pytest

from pipeline.registry.load import Registry
from pipeline.reports import funnels, services
from pipeline.reports.facts import gather
from pipeline.reports.voice import Voice


@pytest.fixture
def page(tables: dict[str, pd.DataFrame], registry: Registry) -> str:
    return services.render(tables, registry)["services.html"].decode()


def figures(page: str, service: str) -> list[str]:
    return re.findall(rf'<figure class="funnel" id="{service}-.*?</figure>', page, re.S)


def test_each_service_has_one_drawing_an_indicator_that_it_has_figures_of(page: str, registry: Registry) -> None:
    assert [len(figures(page, each)) for each in ("s1", "s2", "s3", "s4", "s5")] == [4, 4, 4, 0, 0]
    for each in registry.entering(registry.index.current_round):
        assert page.count(f'<symbol id="funnel-{each.id}"') == 1


def test_words_say_what_the_drawing_shows(page: str) -> None:
    assert (
        "7 av 30, 23,3 %: utenfor der 95 av 100 vanlige tjenester på denne størrelsen ligger." in figures(page, "s3")[0]
    )
    assert "Alle tjenester under ett: innenfor spredningen mellom tjenestene." in figures(page, "s3")[0]


def test_a_hidden_count_is_a_line_over_all_it_can_be(page: str, registry: Registry) -> None:
    """1 to 3 of 20: nothing is drawn or said at a value from which the count could be worked out."""
    drawn = figures(page, "s2")[0]
    assert "5,0–15,0 (tall er skjult)" in drawn
    assert "own-range" in drawn and 'class="own"' not in drawn
    symbol = re.findall(r"<symbol.*?</symbol>", page, re.S)[0]
    ranges = re.findall(r'class="range" d="(M[\d.]+ [\d.]+V[\d.]+)"', symbol)
    assert len(ranges) == 1
    x = ranges[0][1:].split(" ")[0]
    assert f"M{x} " not in re.findall(r'class="dot" d="([^"]*)"', symbol)[0]


def test_the_same_whatever_is_behind_the_hidden_count(
    tables: dict[str, pd.DataFrame], registry: Registry, page: str
) -> None:
    """The only count the drawing reads is the pair of bounds."""
    other = tables | {"mart.estimate": tables["mart.estimate"].assign(numerator=99.0)}
    drawn = funnels.funnels(gather(other, registry).current)
    one = funnels.funnels(gather(tables, registry).current)
    say = Voice("nb")
    assert [each.symbol(say) for each in drawn.values()] == [each.symbol(say) for each in one.values()]


def test_nobody_standing_out_is_said_in_words(tables: dict[str, pd.DataFrame], registry: Registry) -> None:
    facts = gather(tables, registry)
    assert "av 12 tal" in funnels.outside(Voice("nb"), facts.current)
    assert "ligger 0 utenfor" in funnels.outside(Voice("nb"), facts.current)
    said = funnels.summaries(Voice("en"), facts.current)
    assert len(said) == 4
    assert "0 of 3 services stand out" in said[0] and "from 2.0–22.0" in said[0]


def test_who_stands_out_has_another_shape(tables: dict[str, pd.DataFrame], registry: Registry) -> None:
    estimate = tables["mart.estimate"]
    odd = estimate.assign(others=estimate["others"].mask(estimate["service_id"].eq("s3"), "more_need"))
    drawn = funnels.funnels(gather(tables | {"mart.estimate": odd}, registry).current)
    symbol = next(iter(drawn.values())).symbol(Voice("nb"))
    assert re.findall(r'class="odd" d="(M[^"]+)"', symbol) and symbol.count("h0") == 2
