"""The second view in words, and that it never is the ranking."""

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.reports import overview, services
from tests.reports.test_services import article

LAW = "Loven er ikke svakere i en fattig kommune"


def section(page: str, name: str) -> str:
    return page.partition(f'<section id="{name}"')[2].partition("</section>")[0]


def test_the_law_comes_first_and_the_effect_is_told(tables: dict, registry: Registry) -> None:
    told = section(overview.render(tables, registry)["index.html"].decode(), "context")
    assert LAW in told and told.index(LAW) < told.index("12 %")
    assert "antall barn, andel barn i familier med lav inntekt, KOSTRA-gruppe" in told
    assert "ville forskjellene i behov (variansen) vært 25 % mindre" in told
    assert "Av de 15 mest sannsynlige er 3 de samme" in told


def test_the_table_has_both_views_alphabetically(tables: dict, registry: Registry) -> None:
    told = section(overview.render(tables, registry)["index.en.html"].decode(), "context")
    names = [told.index(name) for name in ("&lt;b&gt;Nes", "=1+1", "Ærø", "Ås")]
    assert names == sorted(names)
    assert "+45.0" in told and "-2.0" in told


def test_a_service_is_told_both_and_that_the_law_is_the_same(tables: dict, registry: Registry) -> None:
    page = services.render(tables, registry)["services.html"].decode()
    told = article(page, "s3")
    assert "ville behovet vært 45,0 (40–50), mot 90,0 i rangeringen: 50 % blant de 15 (rangeringen: 97 %)" in told
    assert "Behovet er 45,0 poeng høyere" in told and LAW in told
    assert "mer behov enn forholdene forklarer (95 % sikkert)" in article(page, "s2")
    assert "poeng lavere" in article(page, "s2")
    assert "verken sikkert mer eller mindre" in article(page, "s1")
    assert "forholdene er ikke fullt kjent" in article(page, "s4")
    assert "Under vanlige forhold" not in article(page, "s5")


def test_without_declared_conditions_nothing_is_said(tables: dict, registry: Registry) -> None:
    names = ("result.need_adjusted", "result.adjusted_round", "result.indicator_context", "result.context_model")
    bare = tables | {name: tables[name].iloc[:0] for name in names}
    assert 'id="context"' not in overview.render(bare, registry)["index.html"].decode()
    page = services.render(bare, registry)["services.html"].decode()
    assert "Vanlig under slike forhold" not in page and LAW not in page


def test_the_ranking_is_the_same_with_and_without_it(tables: dict, registry: Registry) -> None:
    other = tables | {"result.need_adjusted": tables["result.need_adjusted"].assign(score=1.0, probability_top=0.0)}
    one, two = (overview.render(each, registry)["index.html"].decode() for each in (tables, other))
    for name in ("ranking", "dialogue"):
        assert section(one, name) == section(two, name)
    assert section(one, "context") != section(two, "context")


def test_moves_from_first_published_figures_are_told(tables: dict, registry: Registry) -> None:
    told = section(overview.render(tables, registry)["index.html"].decode(), "method")
    assert "3 av 4 indikatorer er publisert mer enn én gang, og tall er endret i 2 av dem" in told and "0,9870" in told
    assert "14 av 15 de samme, 29 av 30 de samme" in told and "5 prosentpoeng eller mer: 1." in told
    table = told.partition('id="table-vintages-round_2025"')[2]
    assert "=1+1" in table and "egne tall er kommet til, egne tall er revidert" in table
    assert "Ås" not in table, "one percentage point is no move"


def test_services_ranked_on_one_edition_alone_are_told(tables: dict, registry: Registry) -> None:
    one = {"tier_first": [None, "C"], "probability_first": [None, 0.4], "tier": ["A", None], "probability": [0.9, None]}
    came = tables["result.need_vintage"].assign(**one, moved_by=float("nan"), why="new data")
    page = overview.render(tables | {"result.need_vintage": came}, registry)["index.html"].decode()
    told = section(page, "method")
    assert "5 prosentpoeng eller mer: 0. Rangert bare på de nyeste tallene: 1; bare på de først publiserte: 1." in told
    table = told.partition('id="table-vintages-round_2025"')[2].partition("</table>")[0]
    assert table.count(">–<") == 2 and table.count("ikke rangert") == 2


def test_figures_published_once_are_said_to_be(tables: dict, registry: Registry) -> None:
    once = tables["result.need_vintage_round"].assign(indicators_twice=0, indicators_revised=0, rank_correlation=None)
    bare = {"result.need_vintage_round": once, "result.need_vintage": tables["result.need_vintage"].iloc[:0]}
    told = section(overview.render(tables | bare, registry)["index.html"].decode(), "method")
    assert "alle tall som inngår, er publisert én gang" in told and "table-vintages" not in told


def test_the_page_of_services_stands_whatever_the_frame_is_sorted_by(tables: dict, registry: Registry) -> None:
    shuffled: dict[str, pd.DataFrame] = {
        name: table.iloc[::-1] if name.startswith("result.need_adjusted") else table for name, table in tables.items()
    }
    assert services.render(shuffled, registry) == services.render(tables, registry)
