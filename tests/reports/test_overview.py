import re

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.reports import overview

LANGUAGE_FILES = {"index.html": "nb", "index.nn.html": "nn", "index.en.html": "en"}


def pages(tables: dict[str, pd.DataFrame], registry: Registry) -> dict[str, str]:
    return {name: content.decode() for name, content in overview.render(tables, registry).items()}


def body(page: str) -> str:
    """The page without plotly.js."""
    return re.sub(r"<script>.*?</script>", "", page, flags=re.S)


def test_one_page_a_language_each_linked_to_the_others(tables: dict, registry: Registry) -> None:
    made = pages(tables, registry)
    assert list(made) == list(LANGUAGE_FILES)
    for name, page in made.items():
        assert f'<html lang="{LANGUAGE_FILES[name]}">' in page
        assert all(f'href="{other}"' in page for other in LANGUAGE_FILES)


def test_twice_the_same_bytes(tables: dict, registry: Registry) -> None:
    assert overview.render(tables, registry) == overview.render(tables, registry)


def test_nothing_is_fetched(tables: dict, registry: Registry) -> None:
    for page in pages(tables, registry).values():
        assert set(re.findall(r'(?:src|href)="([^"#]+)"', body(page))) == {*LANGUAGE_FILES, "data:,"}
        assert "url(" not in body(page) and "@import" not in body(page)


def test_synthetic_numbers_are_marked_and_real_ones_are_not(tables: dict, synthetic: dict, registry: Registry) -> None:
    real, made_up = pages(tables, registry)["index.html"], pages(synthetic, registry)["index.html"]
    assert "yntetiske tall" not in body(real)
    assert '<p class="synthetic"><strong>Syntetiske tall.</strong>' in made_up
    captions = re.findall(r"<caption[^>]*><span>(.*?)</span>", made_up)
    assert sum("(syntetiske tall)" in caption for caption in captions) >= 5


def test_every_kind_of_missing_is_said(tables: dict, registry: Registry) -> None:
    page = body(pages(tables, registry)["index.html"])
    assert "0 av 12" in page
    assert "minst 0 av 20" in page and "1 tall skjult av kilden" in page
    assert "2025: ingen saker (nevneren er 0)" in page
    assert "2025: ikke rapportert" in page
    assert "For lite rapportert: 0 % av vekten har tall, 66 % trengs" in page
    assert "lest mest ut fra alle tjenester" in page


def test_names_are_text_not_markup(tables: dict, registry: Registry) -> None:
    page = body(pages(tables, registry)["index.html"])
    assert "&lt;b&gt;Nes" in page and "<b>Nes" not in page


def test_no_place_stands_without_its_span(tables: dict, registry: Registry) -> None:
    page = body(pages(tables, registry)["index.html"])
    assert "mellom nr. 1 og nr. 3" in page
    assert not re.search(r"(?<!mellom )(?<!og )nr\. \d+\b(?! i hele intervallet)", page)


def test_the_follow_up_warns_before_its_numbers(tables: dict, registry: Registry) -> None:
    page = pages(tables, registry)["index.html"]
    warning = (
        "Dette alene beviser ingenting: tjenestene ble valgt fordi tallene var dårlige, og slike tall bedrer seg ofte av seg "
        "selv. Hele landet endret seg også."
    )
    assert page.index(warning) < page.index("Endring per fase") and "effekt av veiledningen" not in page


def test_the_order_is_tier_then_alphabet(tables: dict, registry: Registry) -> None:
    page = pages(tables, registry)["index.html"]
    rows = re.search(r'<table id="table-ranking-round_2025">.*?</table>', page, re.S)
    assert rows
    assert re.findall(r'<th scope="row">([^<]+)', rows[0]) == ["Ærø", "Ås", "=1+1", "&lt;b&gt;Nes"]


def test_headings_go_down_one_step_at_a_time(tables: dict, registry: Registry) -> None:
    levels = [int(each) for each in re.findall(r"<h([1-6])", body(pages(tables, registry)["index.html"]))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in zip(levels, levels[1:], strict=False))


def test_a_country_without_a_map_cohorts_or_earlier_rounds(tables: dict, registry: Registry) -> None:
    bare = {**tables, "mart.border": tables["mart.border"].head(0), "mart.path": tables["mart.path"].head(0)}
    page = pages(bare, registry)["index.html"]
    assert 'id="map"' not in page and 'id="follow_up"' not in page
