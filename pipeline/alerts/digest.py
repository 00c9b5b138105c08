"""What a digest says: what begins, what lasts long enough to be repeated, what is over, and what is new."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import babel.dates

from pipeline.alerts.config import Alerts
from pipeline.alerts.faults import HIDDEN_BY, Fault
from pipeline.alerts.news import News
from pipeline.problems import BadInput
from pipeline.registry.load import load
from pipeline.registry.model import Language
from pipeline.reports.voice import LOCALE
from pipeline.reports.words import texts

TEXTS = Path(__file__).with_name("texts.toml")
WORDS_SHOWN = 600  # characters of what the program said about one fault


@dataclass(frozen=True)
class Said:
    """A fault as a channel was last told of it: its title in the language of the time."""

    key: str
    title: str
    at: datetime

    @property
    def kind(self) -> str:
        """failed, late or fell_short."""
        return self.key.partition("/")[0]

    @property
    def jurisdiction(self) -> str:
        """Whose fault it was."""
        return self.key.split("/")[1]


@dataclass(frozen=True)
class Digest:
    """One message, in one language."""

    language: Language
    at: datetime
    run: str
    begins: tuple[Fault, ...] = ()
    lasts: tuple[Fault, ...] = ()
    over: tuple[Said, ...] = ()
    news: tuple[News, ...] = ()
    is_test: bool = False

    @property
    def is_worth_sending(self) -> bool:
        """Whether there is anything to say."""
        return self.is_test or bool(self.begins or self.lasts or self.over or self.news)

    @property
    def subject(self) -> str:
        """How much there is of each, such as `2 newly wrong, 1 over`."""
        parts = [("begins", self.begins), ("lasts", self.lasts), ("over", self.over), *self._news()]
        counts = [f"{len(each)} {self._word(f'digest.{name}').lower()}" for name, each in parts if each]
        test = [self._word("digest.test_subject")] if self.is_test else []
        return self._word("digest.subject", counts=", ".join(test + counts))

    @property
    def text(self) -> str:
        """The whole message in plain words."""
        return "\n".join(self._lines()) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """For machines: `text` is what a person reads; moments are in UTC."""
        return {
            "at": self.at.isoformat(), "run": self.run, "language": self.language, "is_test": self.is_test,
            "subject": self.subject, "text": self.text,
            "begins": [_row(each) for each in self.begins], "lasts": [_row(each) for each in self.lasts],
            "over": [each.key for each in self.over],
            "news": [{"jurisdiction": e.jurisdiction, "release": e.about, "files": e.files}
                     for e in self.news if e.kind == "new_release"],
            "changed_metadata": [_told(each) for each in self.news if each.kind == "changed_metadata"],
            "refused_files": [_told(each) for each in self.news if each.kind == "refused_file"],
        }  # fmt: skip

    def title(self, fault: Fault) -> str:
        """What the fault is about: the rule's title, or the check in words, and whose it is."""
        words, colon, rest = fault.title[self.language].partition(": ")
        known = texts(TEXTS).get(f"check.{words}")
        return f"{fault.jurisdiction}, {known[self.language] if known else words}{colon}{rest}"

    def _lines(self) -> Iterator[str]:
        if self.is_test:
            yield self._word("digest.test", heading=self._word("digest.begins"))
            yield ""
        for name, some in (("begins", self.begins), ("lasts", self.lasts)):
            if some:
                yield self._word(f"digest.{name}") + ":"
                yield from (f"- {line}" for line in self._faults(some))
                yield ""
        if self.over:
            yield self._word("digest.over") + ":"
            yield from (f"- {self._word(f'over.{each.kind}', titles=each.title)}" for each in self.over)
            yield ""
        for name, fresh in self._news():
            yield self._word(f"digest.{name}") + ":"
            yield from (f"- {self._new(each)}" for each in fresh)
            yield ""
        if self.is_test and not self.begins:
            yield self._word("digest.nothing")
            yield ""
        yield self._word("digest.foot", run=self.run)

    def _faults(self, some: Sequence[Fault]) -> Iterator[str]:
        """A line a fault; rules that failed with the same words share one."""
        groups: dict[tuple[str, str, str], list[Fault]] = {}
        for each in some:
            groups.setdefault((each.reason, each.jurisdiction, each.words), []).append(each)
        for together in groups.values():
            first = together[0]
            words = "; ".join([*filter(None, [", ".join(first.datasets)]), first.words])[:WORDS_SHOWN]
            yield self._word(
                f"fault.{first.reason}",
                titles="; ".join(map(self.title, together)),
                since=_moment(min(each.since for each in together), first.jurisdiction, self.language),
                words=" ".join(words.split()),
            )

    def _news(self) -> list[tuple[str, list[News]]]:
        """What is new by its kind, those that there are."""
        kinds = dict.fromkeys(each.kind for each in self.news)
        return [(kind, [each for each in self.news if each.kind == kind]) for kind in kinds]

    def _new(self, each: News) -> str:
        if each.kind != "new_release":
            words = " ".join(each.words[:WORDS_SHOWN].split())
            return self._word(f"news.{each.kind}", jurisdiction=each.jurisdiction, about=each.about, words=words)
        names = ", ".join(sorted({name.partition("/")[0] for name in each.files}))
        files = self._word("news.files", names=names) if names else self._word("news.no_files")
        return self._word("news.release", jurisdiction=each.jurisdiction, release=each.about, files=files)

    def _word(self, key: str, **values: object) -> str:
        return texts(TEXTS)[key][self.language].format(**values)


def digest(
    declared: Alerts,
    now: datetime,
    run: str,
    where: Sequence[str],
    faults: Sequence[Fault],
    news: Sequence[News],
    known: Mapping[str, Said],
) -> Digest:
    """What a channel is to be told now. where: the jurisdictions looked at. known: what it was told of last."""
    told = [each for each in faults if each.kind in declared.tell]
    present = {each.key for each in told}
    hidden = {(kind, each.jurisdiction) for each in faults for kind in HIDDEN_BY.get(each.about, ())}
    return Digest(
        declared.language,
        now,
        run,
        begins=tuple(each for each in told if each.key not in known),
        lasts=tuple(each for each in told if each.key in known and _again(declared, known[each.key], now)),
        over=tuple(
            each
            for each in known.values()
            if each.key not in present
            and each.jurisdiction in where
            and each.kind in declared.tell
            and (each.kind, each.jurisdiction) not in hidden
        ),
        news=tuple(each for each in news if each.kind in declared.tell),
    )


def _again(declared: Alerts, said: Said, now: datetime) -> bool:
    hours = getattr(declared.repeat_hours, said.kind)
    return bool(hours) and now - said.at >= timedelta(hours=hours)


def _row(fault: Fault) -> dict[str, Any]:
    return {
        "key": fault.key, "kind": fault.kind, "reason": fault.reason, "jurisdiction": fault.jurisdiction,
        "about": fault.about, "datasets": fault.datasets, "since": fault.since.isoformat(), "words": fault.words,
    }  # fmt: skip


def _told(news: News) -> dict[str, Any]:
    return {
        "jurisdiction": news.jurisdiction, "about": news.about, "at": news.at.isoformat(), "words": news.words,
    }  # fmt: skip


def _moment(moment: datetime, jurisdiction: str, language: Language) -> str:
    """By the publishers' clock."""
    try:
        calendar = load(jurisdiction).calendar
    except BadInput:
        calendar = None
    zone = calendar.zone if calendar else moment.tzinfo
    return babel.dates.format_datetime(
        moment, "d. MMMM y HH:mm" if language != "en" else "d MMMM y HH:mm", zone, LOCALE[language]
    )
