"""The page that tells what the position of each service rests on."""

import re

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.reports import services


def pages(tables: dict[str, pd.DataFrame], registry: Registry) -> dict[str, str]:
    return {name: content.decode() for name, content in services.render(tables, registry).items()}


def article(page: str, service: str) -> str:
    found = re.search(rf'<article id="{service}".*?</article>', page, re.S)
    assert found
    return found[0]


def test_one_page_a_language_with_every_service_that_has_figures(tables: dict, registry: Registry) -> None:
    made = pages(tables, registry)
    assert list(made) == ["services.html", "services.nn.html", "services.en.html"]
    for page in made.values():
        assert re.findall(r'<article id="(\w+)"', page) == ["s3", "s1", "s2", "s4", "s5"], "tier, then alphabet"
        assert set(re.findall(r'(?:src|href)="([^"#]+)"', page)) <= {*made, "data:,"} | {
            "index.html", "index.nn.html", "index.en.html"
        }  # fmt: skip


def test_a_position_is_said_with_all_that_qualifies_it(tables: dict, registry: Registry) -> None:
    told = article(pages(tables, registry)["services.html"], "s1")
    assert "Svært sannsynlig blant de 15 (95 %), et sted mellom nr. 1 og nr. 3. Behov 80,0 (75–85)." in told
    assert "Hver indikator for seg, uten neste år: 95 % blant de 15, behov 81,0 (77–83)." in told
    assert "blant de 15 i 95 % av 180 varianter, mellom nr. 1 og nr. 4" in told
    assert "kan ikke skilles fra 2 andre tjenester. Den står på dialoglisten." in told
    assert "20 % av det vi vet om varige forhold her, er tjenestens egne tall: lest mest ut fra alle tjenester." in told
    assert "Tall mangler" not in told and "1,5 ganger" in article(pages(tables, registry)["services.html"], "s4")


def test_points_stand_in_numbers_and_end_with_the_score(tables: dict, registry: Registry) -> None:
    told = article(pages(tables, registry)["services.html"], "s3")
    points = re.findall(r'<td class="n">([\d,]+)', told)
    assert points == ["10,0", "11,0", "12,0", "13,0", "90,0"]
    assert told.count('class="bar-of"') == 4


def test_the_companion_says_whom_it_reads_the_counts_with(tables: dict, registry: Registry) -> None:
    made = pages(tables, registry)
    said = "7 av 30 leses sammen med 14 tenkte saker på nivået til gjennomsnittstjenesten"
    assert said in article(made["services.html"], "s3")
    assert "13,0 % (6,0–22,0)" in article(made["services.html"], "s3"), "what is expected"
    assert "the duty is not always met" in article(made["services.en.html"], "s3")
    assert "ingen saker" in article(made["services.html"], "s4")


def test_only_what_changes_the_picture_is_told(tables: dict, registry: Registry) -> None:
    told = article(pages(tables, registry)["services.html"], "s3")
    assert (
        "med 4 færre over årene (nivået til en midtre tjeneste) ville sannsynligheten vært 40 % og behovet 55. Det alene tar"
        in told
    )
    assert told.count("(nivået til en midtre tjeneste)") == 1, "a change of one percentage point is no change"
    assert "Hva som ville endret bildet" not in article(pages(tables, registry)["services.html"], "s1")


def test_who_is_not_ranked_is_told_why_and_has_no_points(tables: dict, registry: Registry) -> None:
    told = article(pages(tables, registry)["services.html"], "s5")
    assert "For lite rapportert" in told and "Behov (sum)" not in told and "blant de 15" not in told


def test_synthetic_is_said_in_the_head_and_over_every_table(tables: dict, synthetic: dict, registry: Registry) -> None:
    real, made_up = (pages(each, registry)["services.html"] for each in (tables, synthetic))
    assert "yntetiske" not in real
    captions = re.findall(r"<caption[^>]*><span>(.*?)</span>", made_up)
    assert len(captions) == 5 and all("(syntetiske tall)" in each for each in captions)
