"""What a digest says: a fault once when it begins, once a day while it lasts, once when it is over."""

import string
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.config import Alerts
from pipeline.alerts.digest import TEXTS, Digest, Said, digest
from pipeline.alerts.faults import ARCHIVE, DECLARATIONS, RELEASE, Fault
from pipeline.alerts.news import News
from pipeline.registry.model import Language, Text
from pipeline.reports.words import texts
from tests.schedule.drawn import KOSTRA, utc

NOW = utc("2026-03-16 10:00")
HOUR = timedelta(hours=1)
DECLARED = Alerts.model_validate({"language": "en", "folder": {"path": "x"}})


def fault(
    about: str = "kostra", kind: str = "failed", reason: str = "failed", words: str = "build: the disk is full"
) -> Fault:
    return Fault(kind, reason, "norway", about, KOSTRA.title, utc("2026-03-16 07:15"), words)  # type: ignore[arg-type]


def told(
    *faults: Fault, known: dict[str, Said] | None = None, news: tuple[News, ...] = (), **changes: object
) -> Digest:
    return digest(DECLARED.model_copy(update=changes), NOW, "run", ["norway"], faults, news, known or {})


def test_without_anything_wrong_or_new_there_is_nothing_to_send() -> None:
    assert not told().is_worth_sending


def test_rules_that_failed_together_share_a_line_and_the_clock_is_the_publishers() -> None:
    made = told(fault("kostra"), fault("klass"))
    assert made.subject == "Veiviser: 2 newly wrong"
    assert made.text == (
        "Newly wrong:\n"
        "- norway, KOSTRA, 15 March and 15 June; norway, KOSTRA, 15 March and 15 June: failed, first on "
        "16 March 2026 08:15. build: the disk is full\n\n"
        "More: veiviser status. What this is: docs/operations.md. Run run.\n"
    )


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            "nb",
            "- norway, KOSTRA, 15. mars og 15. juni: forsinket hos utgiveren. Noe nytt var ventet 16. mars 2026 08:15. en",
        ),
        (
            "nn",
            "- norway, KOSTRA, 15. mars og 15. juni: forseinka hos utgjevaren. Noko nytt var venta 16. mars 2026 08:15. en",
        ),
        (
            "en",
            "- norway, KOSTRA, 15 March and 15 June: late at the publisher. Something new was expected on 16 March 2026 08:15. en",
        ),
    ],
)
def test_each_language_has_its_words_and_dates(language: Language, line: str) -> None:
    assert line in told(fault(kind="late", reason="not_come", words="en"), language=language).text.splitlines()


def test_a_check_that_fell_short_is_named_in_the_language() -> None:
    name = "every municipality has reported: ssb_12275 2025"
    short = Fault(
        "fell_short", "fell_short", "norway", name, Text(nb=name, nn=name, en=name), NOW, "3/357: 1106 Haugesund"
    )
    line = "- norway, Ikke alle kommuner har rapportert: ssb_12275 2025: 3/357: 1106 Haugesund"
    assert line in told(short, language="nb").text.splitlines()


def test_news_names_the_datasets_and_says_when_only_the_rules_changed() -> None:
    new = News(
        "new_release", "norway", "20260316_ab", NOW, ("ssb_12275/1.json", "ssb_12275/2.json", "ssb_12305/1.json")
    )
    made = told(news=(new, News("new_release", "norway", "20260316_cd", NOW)))
    assert "- norway: 20260316_ab, new files: ssb_12275, ssb_12305." in made.text
    assert "- norway: 20260316_cd, no new files; the rules or the program changed." in made.text
    assert not told(news=(new,), tell=("failed",)).is_worth_sending


def test_what_changed_and_what_was_refused_have_headings_of_their_own() -> None:
    some = (
        News("changed_metadata", "norway", "ssb_12305", NOW, words="ContentsCode: label changed"),
        News("refused_file", "norway", "a.csv", NOW, words="a.csv: refused (3 to mend: x.txt)"),
        News("new_release", "norway", "20260316_ab", NOW),
    )
    made = told(news=some)
    assert made.subject == "Veiviser: 1 changed at the publisher, 1 refused file, 1 new release"
    assert made.text.startswith(
        "Changed at the publisher:\n"
        "- norway, ssb_12305: read this before you trust the next numbers. ContentsCode: label changed\n\n"
        "Refused file:\n- norway: a.csv: refused (3 to mend: x.txt). The receipt says what to mend.\n\nNew release:\n"
    )
    row = made.to_dict()
    assert [len(row[each]) for each in ("news", "changed_metadata", "refused_files")] == [1, 1, 1]
    assert told(news=some, tell=("refused_file",)).news == some[1:2]


def test_rules_that_failed_alike_share_a_line_though_another_stands_between() -> None:
    made = told(fault("kostra"), fault("klass", words="another"), fault("files"))
    assert [line.count("; norway, ") for line in made.text.splitlines() if line.startswith("- ")] == [1, 0]


@pytest.mark.parametrize(
    ("about", "hides"),
    [(ARCHIVE, {"late"}), (RELEASE, {"fell_short"}), (DECLARATIONS, {"failed", "late", "fell_short"})],
)
def test_what_nobody_can_say_is_not_said_to_be_over(about: str, hides: set[str]) -> None:
    known = {key: Said(key, "x", NOW) for key in ("failed/norway/x", "late/norway/x", "fell_short/norway/x")}
    made = told(fault(about), known=known)
    assert {each.kind for each in made.over} == {"failed", "late", "fell_short"} - hides


def test_what_is_not_to_be_told_neither_begins_nor_is_over() -> None:
    late = fault(kind="late")
    known = {late.key: Said(late.key, "x", NOW)}
    assert not told(late, tell=("failed",)).is_worth_sending
    assert not told(known=known, tell=("failed",)).is_worth_sending
    assert told(known=known).text.startswith("Over:\n- x: no longer late.\n")


def test_a_jurisdiction_that_was_not_looked_at_is_not_over() -> None:
    other = Said("failed/england/files", "x", NOW)
    assert not told(known={other.key: other}).is_worth_sending


def test_a_check_is_not_repeated_unless_declared() -> None:
    short = fault(kind="fell_short", reason="fell_short")
    known = {short.key: Said(short.key, "x", NOW - 1000 * HOUR)}
    assert not told(short, known=known).is_worth_sending
    weekly = DECLARED.repeat_hours.model_copy(update={"fell_short": 168})
    assert told(short, known=known, repeat_hours=weekly).lasts == (short,)


@given(st.lists(st.booleans(), min_size=1, max_size=120))
def test_any_course_of_a_fault_is_told_at_its_turns_and_once_a_day(course: list[bool]) -> None:
    """Hour by hour there or not; the witness counts the hours since the last word."""
    one, known = fault(), {}
    said, silent_hours, was = [], 0, False
    for hour, is_there in enumerate(course):
        now = NOW + hour * HOUR
        made = digest(DECLARED, now, "run", ["norway"], [one] if is_there else [], [], known)
        silent_hours += 1
        word = "begins" if is_there and not was else "over" if was and not is_there else ""
        if is_there and was and silent_hours == 24:
            word = "lasts"
        if word:
            silent_hours = 0
        assert [name for name in ("begins", "lasts", "over") if getattr(made, name)] == ([word] if word else [])
        assert made.is_worth_sending == bool(word)
        if made.begins or made.lasts:
            known = {one.key: Said(one.key, "x", now)}
        if made.over:
            known = {}
        was = is_there
        said.append(word)
    assert said.count("begins") - said.count("over") == course[-1]


def test_every_word_of_a_digest_is_there_in_three_languages() -> None:
    for text in texts(TEXTS).values():
        for language in ("nb", "nn", "en"):
            assert list(string.Formatter().parse(text[language]))
