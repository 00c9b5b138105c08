"""Sentences about a cohort: what they say, what they never say, and that signs and intervals agree with the numbers."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.methods.verdict import Interval, Judgement, Verdict
from pipeline.registry.model import LANGUAGES, Language
from pipeline.reports.verdicts import Finding, baseline_words, fits, sentences, untold, verdict
from pipeline.reports.voice import Voice
from pipeline.reports.words import texts

# methods.md: a before-and-after is never the guidance's effect, and a wide interval is never the lack of one.
FORBIDDEN = [
    r"effekt av veiledning", r"effekten av", r"ingen effekt", r"virket ikke", r"hadde ingen virkning", r"beviser", r"skyldes veiledning",
    r"effekt av rettleiing", r"verka ikkje", r"hadde ingen verknad", r"prov på", r"på grunn av rettleiing",
    r"effect of the guidance", r"had no effect", r"did not work", r"\bproves", r"because of the guidance", r"\bnr\. \d", r"\bno\. \d",
    r"best", r"dårligst", r"verst", r"worst",
]  # fmt: skip
shares = st.floats(0, 100)
points = st.floats(-60, 60)
findings = st.builds(
    Finding, st.integers(2, 45), shares, shares, shares, shares,
    st.tuples(points, points, points).map(lambda three: Interval(*(sorted(three)[place] for place in (1, 0, 2)))),
    st.booleans(), st.one_of(st.none(), st.floats(0.5, 20)),
)  # fmt: skip


def test_the_template_of_the_method() -> None:
    finding = Finding(15, 27, 20, 26, 23, Interval(-4, -10, 2), smallest_visible=7)
    assert [each.replace("\u2212", "-").replace("\xa0", " ") for each in sentences(Voice("nb"), finding)] == [
        "I de 15 veiledede tjenestene falt andelen fra 27,0 % til 20,0 %.",
        "I sammenligningsgruppen falt den fra 26,0 % til 23,0 %.",
        "Forskjellen, -4,0 prosentpoeng (95 %-intervall -10,0 til 2,0), er forenlig både med ingen virkning og med en betydelig virkning.",
        "Opplegget ville ha påvist en forskjell på om lag 7,0 prosentpoeng i 80 % av tilfellene; en mindre forskjell blir lettere oversett.",
    ]


def test_limits_without_end_are_written_as_such() -> None:
    limits = Interval(-4, float("-inf"), float("inf"))
    told = sentences(Voice("nb"), Finding(15, 27, 20, 26, 23, limits, smallest_visible=7))
    assert "intervall \N{MINUS SIGN}∞ til ∞)" in told[2].replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("unknown", [None, float("nan")])
@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_is_known_to_be_visible_nothing_is_considerable(
    language: Language, unknown: float | None
) -> None:
    say = Voice(language)
    told = sentences(say, Finding(15, 27, 20, 26, 23, Interval(-4, -10, 2), smallest_visible=unknown))
    assert len(told) == 3 and not re.search("betydelig|monaleg|considerable|nan\\b", told[2])


@pytest.mark.parametrize(
    ("limits", "is_high_need", "visible", "sentence"),
    [
        ((-9, -15, -3), True, 7, "better"), ((-9, -15, -3), False, 7, "worse"), ((9, 3, 15), True, 7, "worse"),
        ((9, 3, 15), False, None, "better"), ((-4, -10, 2), True, 7, "open"), ((-1, -5, 3), True, 7, "small"),
        ((1, -3, 5), False, 7, "small"), ((1, -3, 10), False, 7, "open"), ((-1, -5, 3), True, None, "unseen"),
        ((-3, -6, 0), True, 5, "open"), ((-1, -7, 3), True, 7, "open"),
    ],
)  # fmt: skip
def test_the_interval_chooses_the_sentence(
    limits: tuple[float, float, float], is_high_need: bool, visible: float | None, sentence: str
) -> None:
    assert fits(Finding(13, 30, 20, 30, 25, Interval(*limits), is_high_need, visible)) == sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_says_what_may_not_be_said(language: Language) -> None:
    for key, text in texts().items():
        if key.startswith(("verdict.", "finding.")):
            for phrase in FORBIDDEN:
                assert not re.search(phrase, text[language], re.IGNORECASE), (key, phrase)


@given(findings, st.sampled_from(LANGUAGES))
def test_signs_and_limits_are_those_of_the_numbers(finding: Finding, language: Language) -> None:
    say = Voice(language)
    told = sentences(say, finding)
    assert say.between(finding.difference.low, finding.difference.high) in told[2]
    assert say.number(abs(finding.difference.value), 1) in told[2]
    if finding.now < finding.before - 0.1:
        assert (
            told[0]
            .split("{")[0]
            .startswith(
                say(
                    "finding.guided_fell", n=finding.services, what=say("finding.what_percent"), before="{", now=""
                ).split("{")[0]
            )
        )
    if finding.difference.low <= 0 <= finding.difference.high:
        assert "better" not in fits(finding) and "worse" not in fits(finding)
    else:
        assert fits(finding) in ("better", "worse")
    assert len(told) == 3 + (finding.smallest_visible is not None)


def test_without_a_difference_only_the_courses_are_told() -> None:
    nothing = Interval(float("nan"), float("nan"), float("nan"))
    assert len(sentences(Voice("en"), Finding(13, 30, 30, 30, 25, nothing))) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_has_a_word_of_its_own(language: Language) -> None:
    said = [verdict(Voice(language), Judgement(each)) for each in Verdict]
    assert len(set(said)) == len(Verdict)
    assert verdict(Voice("en"), Judgement(Verdict.IMPROVED_AS_EXPECTED)) == "improved, but not clearly more than expected anyway"  # fmt: skip
    assert verdict(Voice("nb"), Judgement(Verdict.TOO_LITTLE_DATA)) == "for lite å bygge på"
    assert verdict(Voice("en"), Judgement(Verdict.IMPROVED_MORE, False)) == "improved more than expected, not confirmed"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_for_no_verdict_has_words_of_its_own(language: Language) -> None:
    reasons = [key.removeprefix("untold.") for key in texts() if key.startswith("untold.")]
    said = [untold(Voice(language), each) for each in reasons]
    assert len(set(said)) == len(reasons) == 16


def test_a_frozen_baseline_says_as_of_when_and_that_its_source_moved() -> None:
    say = Voice("en")
    assert (
        baseline_words(say, "known_then", date(2021, 3, 1), None)
        == f"As the figures were known on {say.date(date(2021, 3, 1))}."
    )
    moved = baseline_words(say, "first_vintage", date(2021, 3, 1), "36.3 %")
    assert moved.endswith("The source has moved since: it now says 36.3 %. The baseline has not.")
