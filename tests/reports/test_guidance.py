"""The page that asks whether the guidance helped: what it says, what it never says, and what stays hidden."""

import html
import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.registry.load import Registry
from pipeline.registry.model import LANGUAGES, Language
from pipeline.registry.programme import Asked
from pipeline.reports import guidance, guidance_effect, guidance_services, guidance_who, overview
from pipeline.reports.facts import Facts, gather
from pipeline.reports.voice import Voice
from pipeline.reports.words import texts
from tests.reports.test_verdicts import FORBIDDEN

Tables = dict[str, pd.DataFrame]
GROUPS = (
    "guidance.",
    "guided.",
    "plan.",
    "departure.",
    "answer.",
    "effect.",
    "single.",
    "chart.",
    "untold.",
    "frozen.",
)


def pages(tables: Tables, registry: Registry) -> dict[str, str]:
    return {name: content.decode() for name, content in guidance.render(tables, registry).items()}


def words(page: str) -> str:
    """What is read of a page: its text, without scripts and styles, and the words inside its figures."""
    told = [json.dumps(json.loads(each), ensure_ascii=False) for each in re.findall(FIGURE, page, re.S)]
    bare = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.S)
    spaced = html.unescape(re.sub(r"<[^>]+>", " ", bare)).replace("\N{NO-BREAK SPACE}", " ")
    return re.sub(r"\s+", " ", " ".join([spaced, *told])).replace("\N{MINUS SIGN}", "-")


FIGURE = r'<script type="application/json" class="figure">(.*?)</script>'


def part(page: str, name: str) -> str:
    return words(page.partition(f'<section id="{name}')[2].partition("</section>")[0])


def service(page: str, name: str) -> str:
    return page.partition(f'<article id="cohort_2018-{name}"')[2].partition("</article>")[0]


def with_primary(tables: Tables, **values: object) -> Tables:
    """The main question's own row with other values."""
    effect = tables["mart.effect"]
    changed = effect.assign(
        **{name: effect[name].mask(effect["is_primary"], value) for name, value in values.items()}  # type: ignore[arg-type]
    )
    return tables | {"mart.effect": changed}


def test_one_page_a_language_that_leads_back_and_asks_before_it_answers(tables: Tables, registry: Registry) -> None:
    made = pages(tables, registry)
    assert list(made) == ["guidance.html", "guidance.nn.html", "guidance.en.html"]
    for name, page in made.items():
        assert set(re.findall(r'href="([^"#]+)"', page.partition("<main")[0])) == {*made, name.replace("guidance", "index"), "data:,"}  # fmt: skip
        sections = re.findall(r'<section id="(\w+)-cohort_2018"', page)
        assert sections == ["who", "protocol", "answer", "estimates", "course", "services"]


def test_nobody_guided_no_page(tables: Tables, registry: Registry) -> None:
    bare = replace(registry, cohorts=(), protocols=())
    assert guidance.render(tables, bare) == {}
    assert 'id="guidance"' not in overview.render(tables, bare)["index.html"].decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_the_page_says_what_may_not_be_said(language: Language) -> None:
    for key, text in texts().items():
        if key.startswith(GROUPS):
            for phrase in FORBIDDEN:
                assert not re.search(phrase, text[language], re.IGNORECASE), (key, phrase)


@pytest.mark.parametrize("name", ["guidance.html", "guidance.nn.html", "guidance.en.html"])
def test_nor_does_the_page_as_a_whole(tables: Tables, registry: Registry, name: str) -> None:
    told = words(pages(tables, registry)[name])
    for phrase in FORBIDDEN:
        assert not re.search(phrase, told, re.IGNORECASE), phrase


def test_what_could_be_seen_stands_above_the_answer(tables: Tables, registry: Registry) -> None:
    told = part(pages(tables, registry)["guidance.html"], "answer")
    said = [
        "Opplegget ville ha påvist en forskjell på om lag 7,0 poeng i 80 % av tilfellene; en mindre forskjell blir lettere oversett.",
        "I de 1 veiledede tjenestene falt behovet fra 27,0 poeng til 20,0 poeng.",
        "I sammenligningsgruppen falt det fra 26,0 poeng til 23,0 poeng.",
        "Forskjellen, -4,0 poeng (95 %-intervall -10,0 til 2,0), er forenlig både med ingen virkning og med en betydelig virkning.",
        "1 av de 2 tjenestene er med i hovedspørsmålet",
        "Tallene er ikke bevis for virkning, og de utelukker den ikke.",
        "Konklusjon for hovedspørsmålet: ingen klar endring.",
        "Samlet behov 7,0 poeng -6,0 poeng 66 % -11,0 poeng 97 %",
    ]
    places = [told.index(each) for each in said]
    assert places == sorted(places)


def facts_of(tables: Tables, registry: Registry) -> Facts:
    return gather(tables, registry)


points = st.floats(-60, 60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.tuples(points, points, points).map(sorted), st.sampled_from(LANGUAGES))
def test_no_sentence_claims_more_than_its_interval(
    tables: Tables, registry: Registry, limits: list[float], language: Language
) -> None:
    low, estimate, high = limits
    changed = with_primary(tables, estimate=estimate, low=low, high=high)
    say = Voice(language)
    found = guidance_effect.answer(say, gather(changed, registry), registry.protocols[0])
    told = [*found.lead, *found.points]
    claims = [say("answer.no_lots") in told, any("påvist" not in each and better(say) in each for each in told)]
    assert claims == [low > 0 or high < 0, high < 0]
    assert say.between(low, high) in told[3] and say.number(abs(estimate), 1) in told[3]
    assert (say("answer.no_proof_small") in told) == (low > -7 and low <= 0 <= high)
    assert (say("answer.no_proof") in told) == (low <= -7 and high >= 0)


def better(say: Voice) -> str:
    """The end of the sentence that the guided came out better."""
    return str(say._texts["finding.better"][say.language].rpartition("; ")[2])


@pytest.mark.parametrize(("reason", "said"), [("too_few_guided", "for få veiledede tjenester med tall"), ("series_break", "brudd i serien")])  # fmt: skip
def test_without_an_estimate_the_reason_is_all_that_is_said(
    tables: Tables, registry: Registry, reason: str, said: str
) -> None:
    changed = with_primary(tables, estimate=float("nan"), low=float("nan"), high=float("nan"), reason=reason)
    told = part(pages(changed, registry)["guidance.html"], "answer")
    assert f"Det kan ikke sies: {said}." in told and "falt behovet" not in told


def test_a_placebo_that_shows_something_is_told(tables: Tables, registry: Registry) -> None:
    effect = tables["mart.effect"]
    seen = effect.assign(high=effect["high"].mask(effect["method"] == "earlier_start", -1.0))
    told = "slo ut der ingenting skulle vise seg (-4,0 poeng, 95 %-intervall -10,0 til -1,0)"
    before, after = (words(pages(tables | {"mart.effect": each}, registry)["guidance.html"]) for each in (effect, seen))
    assert told not in before and told in after
    assert "forenlig både med ingen virkning" in before and "forenlig både med ingen virkning" not in after
    assert after.index(told) < after.index("Forskjellen er -4,0 poeng") < after.index("kan ikke sies når en slik prøve")
    first = words(overview.render(tables | {"mart.effect": seen}, registry)["index.html"].decode())
    assert told in first


def test_every_method_stands_in_the_table_the_word_before_the_number(tables: Tables, registry: Registry) -> None:
    page = pages(tables, registry)["guidance.en.html"]
    [table] = re.findall(r'<table id="table-effect-primary-cohort_2018">.*?</table>', page, re.S)
    rows = [words(each) for each in re.findall(r"<tr>.*?</tr>", table, re.S)][1:]
    assert (
        len(rows) == 8
        and "the main question no clear change -4.0 points (-10.0 to 2.0) The design would show 7.0 points in 80 % of cases 0.200"
        in rows[0].replace("80%", "80 %")
    )
    assert all("The design would show" not in each for each in rows[1:])
    assert "placebo: nothing should show" in rows[-1] and "it is only one cohort" not in table
    assert "there is only one cohort – – –" in " ".join(rows) and "11 of 12 guided" in table
    assert "the sign holds up to 0.25 times" in table
    other = page.partition('id="table-effect-other-cohort_2018"')[2].partition("</table>")[0]
    assert "the share that is lacking" in other and "0.600" in other
    assert "Not estimated against services that declined: who that was is not declared." in words(page)


def test_a_doubted_outcome_says_so_in_the_table_too(tables: Tables, registry: Registry) -> None:
    doubted = with_primary(tables, is_confirmed=False)
    assert "no clear change, not confirmed -4.0 points" in part(
        pages(doubted, registry)["guidance.en.html"], "estimates"
    )
    assert "not confirmed" not in part(pages(tables, registry)["guidance.en.html"], "estimates")


def test_a_departure_from_the_protocol_is_told(tables: Tables, registry: Registry) -> None:
    assert "Planen er fulgt." in part(pages(tables, registry)["guidance.html"], "protocol")
    changed = with_primary(tables, follows_protocol=False, departures="periods_missing amended_after_reading")
    told = part(pages(changed, registry)["guidance.html"], "protocol")
    assert "Samlet behov: noen perioder mangler tall, planen ble endret etter at tallene var lest." in told
    assert "Planen er fulgt." not in told


def test_a_plan_whose_comparison_is_nobody_was_not_kept(tables: Tables, registry: Registry) -> None:
    effect = tables["mart.effect"]
    nobody = tables | {
        "mart.effect": effect.assign(reason=effect["reason"].mask(effect["is_primary"], "nobody_declared"))
    }
    told = part(pages(nobody, registry)["guidance.html"], "protocol")
    assert "Planen kunne ikke følges mot alle tjenester uten veiledning: hvem det var, er ikke oppgitt." in told
    assert "Planen er fulgt." not in told
    without = tables | {"mart.effect": effect[effect["comparison"] == "declined"]}
    assert "Planen er fulgt." not in part(pages(without, registry)["guidance.html"], "protocol")


def test_who_could_have_been_chosen_is_declared_reckoned_or_taken_for_granted(
    tables: Tables, registry: Registry
) -> None:
    protocol, say, facts = registry.protocols[0], Voice("nb"), gather(tables, registry)

    def told(**inference: int | None) -> str:
        changed = protocol.model_copy(update={"inference": protocol.inference.model_copy(update=inference)})
        return " ".join(guidance_who.plan(say, facts, changed))

    assert "blant de 45 med størst behov" in told()
    assert "blant alle tjenestene" in told(eligible=None) and "dette er en antakelse" in told(eligible=None)
    assert "til tjenester som like gjerne kunne ha fått den" not in told(eligible=None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_period_is_taken_to_be_half_a_year(language: Language) -> None:
    for key, text in texts().items():
        if key.startswith(GROUPS):
            assert not re.search(r"halvår|half-year", text[language]), key


def test_how_many_verdicts_chance_alone_gives(tables: Tables, registry: Registry) -> None:
    one = tables["mart.service_change"]
    many = tables | {"mart.service_change": pd.concat([one, *[one.assign(phase="after")] * 51])}
    told = list(guidance_services.by_chance(Voice("nb"), gather(many, registry), registry.cohorts[0]))
    assert [each.replace("\N{NO-BREAK SPACE}", " ") for each in told] == [
        "Konklusjonene er ikke justert for at de er mange. Om ingenting virket, ville om lag 2 av de 104 for puljen likevel blitt "
        "«bedret mer enn ventet» ved en tilfeldighet (2 % av dem, målt for enkeltindikatorer i simulerte land)."
    ]
    assert "ikke justert for at de er mange" in part(pages(tables, registry)["guidance.html"], "services")
    nothing = tables | {"mart.service_change": one[one["reason"].notna()]}
    assert list(guidance_services.by_chance(Voice("nb"), gather(nothing, registry), registry.cohorts[0])) == []


def test_what_the_word_hangs_on_stands_beside_it(tables: Tables, registry: Registry) -> None:
    """Not how probably need fell at all: that is mostly what fell everywhere."""
    own = words(service(pages(tables, registry)["guidance.html"], "s1"))
    assert "Utover det ventede (95 %)" in own and "-7,0 prosentpoeng (-16,0 til 3,0)" in own and "80 %" not in own


def test_services_stand_alphabetically_with_word_reason_and_alarms(tables: Tables, registry: Registry) -> None:
    page = pages(tables, registry)["guidance.html"]
    assert re.findall(r'<article id="cohort_2018-(\w+)"', page) == ["s3", "s1"]
    own, other = words(service(page, "s1")), words(service(page, "s3"))
    assert "bedret mer enn ventet, ikke bekreftet" in own and "for få saker før utvelgelsen" in other
    assert "I puljen som Ås (Ås/Vestby) · Nummer: 0214 (2014–2019), 3218 (2020–)" in own
    assert "Kilden er endret siden: den sier nå 31,0 %. Utgangspunktet er ikke flyttet." in own and "30,0 %" in own
    assert "-10,0 prosentpoeng (-18,0 til -2,0) -3,0 prosentpoeng (-8,0 til 2,0)" in own
    assert "Tegn til at tallet kan ha flyttet seg av andre grunner" in own
    assert "bodde 25 % i den veiledede delen" in other and "Midler til nettverk" in other
    assert "Midler til nettverk" not in own
    assert "lavere enn 0,032 kan den ikke bli" in own


def test_a_run_chart_tells_its_rules_and_how_often_they_cry_wolf(tables: Tables, registry: Registry) -> None:
    page = service(pages(tables, registry)["guidance.html"], "s1")
    told = words(page)
    assert "utenfor grensene, mot bedring (1. halvår 2020–2. halvår 2020)" in told
    assert "falsk bedring i 24 % av tilfellene og falsk forverring i 31 %" in told
    assert "Kort serie (9): reglene er laget for minst 13 punkter" in told
    assert "langt høyere enn det vanlige i 1. halvår 2017" in told and "usikkert i 2. halvår 2019" in told
    assert page.count('class="flag"') == 3 and page.count('class="spot"') == 5
    assert page.count('class="range"') == 1


def test_a_baseline_with_hidden_counts_says_so_and_tells_no_cases(tables: Tables, registry: Registry) -> None:
    """80 cases stand beside a share that they bear; where counts are hidden the share is only likely."""
    bounds = tables["result.baseline"].assign(numerator_low=23.0, numerator_high=25.0)
    since = tables["result.baseline"].assign(cells_hidden_since=1)
    whole, hidden, hidden_since = (
        words(service(pages(tables | {"result.baseline": each}, registry)["guidance.html"], "s1"))
        for each in (tables["result.baseline"], bounds, since)
    )
    assert "30,0 % 80 saker Kilden er endret siden" in whole
    assert "30,0 % noen tall er skjult Kilden er endret siden" in hidden and "80 saker" not in hidden
    assert "Tall i utgangspunktet er skjult siden" in hidden_since and "skjult siden" not in whole + hidden
    assert "20,0 % noen tall er skjult" in whole and "60 saker" not in whole


def test_the_page_is_the_same_whatever_is_behind_a_hidden_count(tables: Tables, registry: Registry) -> None:
    def hiding(count: float) -> Tables:
        chart, milestone = tables["result.run_chart"], tables["result.milestone"]
        is_hidden = milestone["numerator_low"] < milestone["numerator_high"]
        told: dict[str, Any] = {
            "numerator": milestone["numerator"].mask(is_hidden, count),
            "value": milestone["value"].mask(is_hidden, 5 * count),
            "difference": milestone["difference"].mask(is_hidden, 5 * count - 26),
        }
        rules = {"rule": chart["rule"].mask(chart["is_hidden"] & (count > 1)), "value": chart["value"].mask(chart["is_hidden"], 5 * count)}  # fmt: skip
        return tables | {"result.run_chart": chart.assign(**rules), "result.milestone": milestone.assign(**told)}

    assert pages(hiding(1), registry) == pages(hiding(3), registry)


def test_synthetic_figures_are_marked_everywhere(tables: Tables, synthetic: Tables, registry: Registry) -> None:
    of_the_cohort = {"mart.coverage": synthetic["mart.coverage"].assign(era=registry.cohorts[0].era)}
    real, made_up = (pages(each, registry)["guidance.html"] for each in (tables, synthetic | of_the_cohort))
    assert "yntetiske tall" not in words(real)
    assert 'class="synthetic"' in made_up
    for caption in re.findall(r'<caption id="caption-(?!timeline|measures)[^>]*><span>(.*?)</span>', made_up):
        assert caption.endswith("(syntetiske tall)")
    assert all("Syntetiske tall" in each for each in re.findall(FIGURE, made_up, re.S))
    charts = re.findall(r'<figure class="run-chart".*?</figure>', made_up, re.S)
    assert charts and all("Syntetiske tall" in each for each in charts)


def test_a_made_up_list_says_so(tables: Tables, registry: Registry) -> None:
    listed = tables["mart.cohort_service"].assign(is_synthetic=True)
    page = pages(tables | {"mart.cohort_service": listed}, registry)["guidance.html"]
    assert "Syntetisk liste: hvem som er i puljen, er funnet på" in page.partition("<main")[0]
    assert "(syntetisk liste)" in part(page, "answer") and "(syntetiske tall)" not in part(page, "answer")


def test_who_was_guided_and_what_else_was_done(tables: Tables, registry: Registry) -> None:
    told = part(pages(tables, registry)["guidance.html"], "who")
    assert told.index("er ikke bevis for noe") < told.index("1. juni 2018")
    assert "Avtaledagene er ikke offentlig kjent" in told and "De nitten fra juni 2020 er ikke med" in told
    assert "Lederskifter: ingen er oppgitt" in told
    assert "Midler til nettverk; 1 100 000 kroner for 2019, frist 1. august 2018 2019–2020 Ærø under veiledning" in told
    assert "Læringsnettverk 2019–2020 alle, også tjenestene uten veiledning" in told
    assert "Ås (Ås/Vestby) 1. januar 2020 finnes nå 3218" in told


def test_known_agreements_and_who_was_asked_are_told(tables: Tables, registry: Registry) -> None:
    [cohort] = registry.cohorts
    first = cohort.members[0].model_copy(update={"agreement_day": date(2018, 6, 20)})
    asked = (Asked(name="Sortland", municipality_code="1870", answer="declined"),)
    known = cohort.model_copy(update={"members": (first, *cohort.members[1:]), "asked": asked})
    told = part(pages(tables, replace(registry, cohorts=(known,)))["guidance.html"], "who")
    assert "Avtaledagen er kjent for 1 av 13; for de andre regnes tallene som veiledet fra 1. juni 2018." in told
    assert "Spurt, takket nei: Sortland." in told and "ikke offentlig kjent;" not in told


def test_the_first_page_warns_answers_in_short_and_leads_here(tables: Tables, registry: Registry) -> None:
    for name, content in overview.render(tables, registry).items():
        section = content.decode().partition('<section id="guidance"')[2].partition("</section>")[0]
        assert f'href="{name.replace("index", "guidance")}"' in section
        assert section.index('class="warning"') < section.index("27") and len(section) < 2500


def test_headings_go_down_one_step_at_a_time(tables: Tables, registry: Registry) -> None:
    levels = [int(each) for each in re.findall(r"<h([1-6])[ >]", pages(tables, registry)["guidance.html"])]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in zip(levels, levels[1:], strict=False))
