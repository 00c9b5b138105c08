import re
from datetime import date
from pathlib import Path

import pytest
from babel.numbers import format_decimal, get_minus_sign_symbol

from pipeline.problems import BadInput
from pipeline.registry.model import LANGUAGES
from pipeline.reports import words
from pipeline.reports.reasons import STATUSES
from pipeline.reports.voice import LOCALE, Voice, alphabetical

REPORTS = Path(words.__file__).parent
FILES = {"page.js", "filter.js"}  # look like keys


def test_every_key_has_three_languages_with_the_same_values() -> None:
    for key, text in words.texts().items():
        assert len({frozenset(words.values_in(text[language])) for language in LANGUAGES}) == 1, key


def test_every_key_that_is_used_is_written_and_every_written_key_is_used() -> None:
    groups = {key.split(".")[0] for key in words.texts()}
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in [*REPORTS.glob("*.py"), *REPORTS.glob("templates/*.j2")]
    )
    said = {
        key for key in re.findall(r"""["']([a-z_]+\.[a-zA-Z_0-9]+)["']""", code) if key.split(".")[0] in groups
    } - FILES
    made = {prefix for prefix in re.findall(r"""f["']([a-z_]+\.[a-z_]*)\{""", code)}
    assert said <= set(words.texts())
    unused = {key for key in words.texts() if key not in said and not any(key.startswith(prefix) for prefix in made)}
    assert unused == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_status_has_a_word_of_its_own(language: str) -> None:
    said = [Voice(language)(f"status.{status}") for status in STATUSES]
    assert len(set(said)) == len(STATUSES)


def test_a_missing_language_and_unlike_values_are_told_together(tmp_path: Path) -> None:
    file = tmp_path / "texts.toml"
    file.write_text(
        '[a]\none = { nb = "x", nn = "x" }\ntwo = { nb = "{k}", nn = "{k}", en = "{n}" }\nthree = { nb = "", nn = "", en = "" }'
    )
    with pytest.raises(BadInput) as failure:
        words.texts(file)
    told = str(failure.value)
    assert "a.one: en: given" in told and "Field required" in told
    assert "a.two: en: given ['n']; allowed: the values of nb: ['k']" in told
    assert "a.three: nb: given an empty text" in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [0, 1234.5, -1234567.8, 0.04, -0.04, 999.95, 12])
def test_numbers_are_written_as_babel_writes_them(language: str, value: float) -> None:
    expected = format_decimal(round(value, 1) or 0, format="#,##0.0", locale=LOCALE[language])
    expected = expected.replace(
        "-", get_minus_sign_symbol(LOCALE[language])
    )  # Babel names the sign, but writes a hyphen
    assert Voice(language).number(value, 1) == expected


def test_a_place_is_always_a_span() -> None:
    assert Voice("nb").rank(7, 21) == "mellom nr. 7 og nr. 21"
    assert Voice("en").rank(1, 1) == "no. 1 throughout the interval"


def test_chances_are_never_zero_nor_certain() -> None:
    say = Voice("nb")
    assert [say.chance(each) for each in (0, 0.009, 0.5, 0.995, 1)] == [
        "under 1 %",
        "under 1 %",
        "50 %",
        "over 99 %",
        "over 99 %",
    ]


def test_periods_and_days() -> None:
    assert Voice("nn").period("2020H2") == "2. halvår 2020"
    assert Voice("en").period("2020") == "2020"
    assert Voice("nb").date(date(2026, 11, 2)) == "2. november 2026"


def test_the_alphabet_ends_with_ae_oe_aa() -> None:
    names = ["Ås", "Øyer", "Ærø", "asker", "Bø", "Áfjord", "Zeta"]
    assert sorted(names, key=alphabetical) == ["Áfjord", "asker", "Bø", "Zeta", "Ærø", "Øyer", "Ås"]


def test_an_interval_below_zero_has_no_double_dash() -> None:
    assert Voice("nb").between(-11.4, -6.4) == "\u221211,4 til \u22126,4"
