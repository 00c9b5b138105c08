import re
from dataclasses import replace

import pandas as pd
import pytest

from pipeline.registry.load import Registry
from pipeline.reports import method, overview
from pipeline.reports.facts import gather
from pipeline.reports.voice import Voice

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
    for name, page in pages(tables, registry).items():
        beside = {*LANGUAGE_FILES, name.replace("index", "revisions"), name.replace("index", "method"), "data:,"}
        beside.add(name.replace("index", "guidance"))
        assert set(re.findall(r'(?:src|href)="([^"#]+)"', body(page))) == beside
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


def test_the_guidance_warns_before_its_numbers(tables: dict, registry: Registry) -> None:
    page = pages(tables, registry)["index.html"]
    warning = (
        "En bedring fra før til etter er ikke bevis for noe: tjenestene ble valgt fordi tallene var dårlige, og slike tall bedrer seg ofte av seg "
        "selv. Hele landet endret seg også."
    )
    assert page.index(warning) < page.index("I de 1 veiledede tjenestene") and "effekt av veiledningen" not in page


def test_the_order_is_tier_then_alphabet(tables: dict, registry: Registry) -> None:
    page = pages(tables, registry)["index.html"]
    rows = re.search(r'<table id="table-ranking-round_2025">.*?</table>', page, re.S)
    assert rows
    assert re.findall(r'<th scope="row"><a href="services.html#s\d">([^<]+)', rows[0]) == [
        "Ærø",
        "Ås",
        "=1+1",
        "&lt;b&gt;Nes",
    ]


def test_headings_go_down_one_step_at_a_time(tables: dict, registry: Registry) -> None:
    levels = [int(each) for each in re.findall(r"<h([1-6])", body(pages(tables, registry)["index.html"]))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in zip(levels, levels[1:], strict=False))


def test_a_country_without_a_map_cohorts_or_earlier_rounds(tables: dict, registry: Registry) -> None:
    bare = {**tables, "mart.border": tables["mart.border"].head(0)}
    page = pages(bare, replace(registry, cohorts=(), protocols=()))["index.html"]
    assert 'id="map"' not in page and 'id="guidance"' not in page


def test_the_dialogue_list_says_how_many_it_is_expected_to_miss(tables: dict, registry: Registry) -> None:
    page = body(pages(tables, registry)["index.html"])
    assert (
        "3 tjenester bør det snakkes om" in page and "Av de 15 med størst behov venter vi at 1,2 ikke står her." in page
    )
    listed = re.search(r'<table id="table-dialogue">.*?</table>', page, re.S)
    assert listed and re.findall(r'<th scope="row">([^<]+)', listed[0]) == ["Ærø", "Ås", "=1+1"]
    nearly = re.search(r'<table id="table-tipping">.*?</table>', page, re.S)
    assert nearly and "1,5 ganger den vanlige forskjellen" in nearly[0]


def test_how_sure_the_method_is_has_its_own_section(tables: dict, registry: Registry) -> None:
    page = body(pages(tables, registry)["index.html"])
    assert "alle 180 kombinasjoner av valg" in page and "2 tjenester er blant de 15 i minst 90 % av dem; 4 er" in page
    assert "har 50 % av plassene på dialoglisten. Etter sannsynlighetene skulle den ha 40 %" in page
    choices = re.search(r'<table id="table-choices">.*?</table>', page, re.S)
    assert choices and re.findall(r'<th scope="row"[^>]*>([^<]+)', choices[0]) == [
        "Hvilken indikator som utelates", "Hvilket område som veier mer", "Tallene selv (ikke et valg)"
    ]  # fmt: skip
    assert "som bestemt, eller ett om gangen 2 ganger så mye" in choices[0]
    assert "Får hver tjeneste de vektene" in page and "er 2 av de 15 med høyest behov fortsatt blant de 15" in page
    weights = re.search(r'<table id="table-weights">.*?</table>', page, re.S)
    assert weights and re.findall(r"<td[^>]*>([^<]+)", weights[0]) == ["25 %", "90 %", "25 %", "20 %", "50 %", "30 %"]
    assert '<td class="n">5,0–20,0<small>standardavvik 0,80</small></td>' in page


def test_best_weights_are_told_of_those_with_most_need(tables: dict, registry: Registry) -> None:
    """As many as there are places are always among them: told is how many stay, not how many there are."""
    ranking = tables["mart.ranking"]
    is_most = ranking["score"] == ranking["score"].max()
    tables["mart.ranking"] = ranking.assign(is_in_top_at_best_weights=~is_most)
    one = replace(registry, index=registry.index.model_copy(update={"tier_top": 1}))
    said = method.points(Voice("en"), gather(tables, one))
    assert any("0 of the 1 with the highest need" in each for each in said)


def test_how_far_figures_were_revised_is_told_or_why_it_is_unknown(tables: dict, registry: Registry) -> None:
    def told() -> str:
        return next(each for each in method.points(Voice("en"), gather(tables, registry)) if "first published" in each)

    assert "Figures may be changed after" in told() and told().count("the figures were published only once") == 1
    model = tables["mart.need_model"].astype({"revision_sd": float, "revision_low": float, "revision_high": float})
    first = model.index[:1]
    model.loc[first, ["revision_sd", "revision_low", "revision_high", "revision_pairs"]] = [0.2, 8.3, 12.0, 61]
    model.loc[first, "revision_reason"] = None
    tables["mart.need_model"] = model
    assert "a figure of 10.0% ended between 8.3% and 12.0% for two of three (61 compared), but the newest" in told()
    model.loc[first, "revision_enters"] = True
    assert "so the intervals are made wider." in told()


def test_the_weights_of_experts_are_told_where_any_have_answered(tables: dict, registry: Registry) -> None:
    def told() -> str:
        return " ".join(method.points(Voice("en"), gather(tables, registry)))

    assert "Experts" not in told()
    shares = {"s1": 1.0, "s2": 0.5, "s3": 1.0, "s4": 0.25}
    tables["mart.need_expert"] = pd.DataFrame(
        {
            "round_id": registry.index.current_round.id,
            "service_id": list(shares),
            "experts": 4,
            "share_in_top": list(shares.values()),
        }
    )
    assert (
        "seeing any result: 4. Of the 15 most likely services 2 are among" in told() and "and 3 under those" in told()
    )


def test_limits_are_told_as_the_code_has_them(
    tables: dict, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(method, "WEIGHT_BOX", (0.15, 0.35))
    monkeypatch.setattr(method, "HOLDS", 0.5)
    said = " ".join(method.points(Voice("en"), gather(tables, registry)))
    assert "weights (15% to 35% for each dimension)" in said and "in at least 50% of them" in said


def test_a_country_in_which_nobody_is_ranked_has_no_dialogue_list(tables: dict, registry: Registry) -> None:
    names = ("mart.need_round", "mart.need_model", "mart.need_choice", "mart.need_exit", "mart.need_dimension")
    ranking = tables["mart.ranking"].assign(is_ranked=False, not_ranked_reason="too_little_reported")
    nobody = tables | {name: tables[name].head(0) for name in names} | {"mart.ranking": ranking}
    assert "Ingen er rangert, så det er ingen dialogliste." in pages(nobody, registry)["index.html"]
