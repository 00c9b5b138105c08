"""The method in two pages: every figure comes from the tables, in three languages."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from pipeline.registry.load import Registry
from pipeline.reports import director


def pages(tables: dict[str, pd.DataFrame], registry: Registry) -> dict[str, str]:
    return {name: content.decode() for name, content in director.render(tables, registry).items()}


def test_one_page_a_language_that_leads_back(tables: dict, registry: Registry) -> None:
    made = pages(tables, registry)
    assert list(made) == ["method.html", "method.nn.html", "method.en.html"]
    for name, page in made.items():
        assert set(re.findall(r'(?:src|href)="([^"#]+)"', page)) == {*made, name.replace("method", "index"), "data:,"}
        parts = re.findall(r'<section id="(\w+)"', page)
        assert parts == [
            "what", "question", "counted", "small", "missing", "interval", "list", "choices", "beside", "cannot", "after",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("mart.need_round", "draws", 1234.0, "Vi trekker 1 234 mulige"),
        ("mart.need_round", "small_listed", 0.37, "har 37 % av plassene"),
        ("mart.need_round", "dialogue_missed", 2.4, "venter vi at 2,4"),
        ("mart.ranking", "rank_worst", 71, "spenner det over 71 plasser"),
        ("mart.ranking", "alike", 61, "skilles sikkert fra 61 andre"),
        ("mart.ranking", "variants", 77, "Alle 77 kombinasjoner"),
        ("mart.estimate", "borrowed_cases", 33.0, "sammen med 33 tenkte saker"),
        ("result.adjusted_round", "narrower_share", 0.5, "vært 50 % mindre"),
    ],
)
def test_a_figure_follows_its_table(
    tables: dict, registry: Registry, name: str, column: str, value: float, said: str
) -> None:
    changed = tables | {name: tables[name].assign(**{column: value})}
    page = pages(changed, registry)["method.html"].replace("\N{NO-BREAK SPACE}", " ")
    before = pages(tables, registry)["method.html"].replace("\N{NO-BREAK SPACE}", " ")
    assert said in page and said not in before


def test_the_level_of_the_interval_is_the_declared_one(tables: dict, registry: Registry) -> None:
    narrower = replace(registry, index=registry.index.model_copy(update={"interval_level": 0.8}))
    page = pages(tables, narrower)["method.en.html"]
    assert "the middle 80%: we expect the truth inside that often" in page and "90%: we" not in page


def test_the_example_is_a_small_service_without_its_name(tables: dict, registry: Registry) -> None:
    page = pages(tables, registry)["method.en.html"]
    assert "An example from these figures: 7 of 30" in page
    assert "Ærø" not in page.partition('id="small"')[2].partition("</section>")[0]


def test_what_is_not_there_is_not_claimed(tables: dict, synthetic: dict, registry: Registry) -> None:
    real, made_up = (pages(each, registry)["method.html"] for each in (tables, synthetic))
    assert "Syntetiske tall" not in real and "virkelige tjenester" not in real
    assert "Syntetiske tall" in made_up and "virkelige tjenester" in made_up
    nobody = tables["mart.ranking"].assign(is_ranked=False)
    bare = tables | {"mart.ranking": nobody, "mart.need_round": tables["mart.need_round"].iloc[:0]}
    page = pages(bare, registry)["method.html"]
    assert '<section id="interval"' not in page and "0 tjenester rangert" in page
    assert "oppfølging av fosterbarn, planer" in page
