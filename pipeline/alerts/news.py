"""What is new, each thing once: a release, a table whose metadata changed, a file that was refused."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import duckdb

from pipeline.schedule.ledger import Ledger, Run
from pipeline.settings import Settings
from pipeline.warehouse import release

BUILT, REFUSED = "release ", "not taken in: "  # how the ledger begins the news that a run built, or refused
FIRST_SIGHT = timedelta(days=7)  # how far back a channel is told that never was told anything
NewsKind = Literal["new_release", "changed_metadata", "refused_file"]


@dataclass(frozen=True)
class News:
    """Something new. about: the release, the dataset, or the file that was refused; at: when the ledger heard of it.

    files: those that were new in a release. words: what the program said, in English.
    """

    kind: NewsKind
    jurisdiction: str
    about: str
    at: datetime
    files: tuple[str, ...] = ()
    words: str = ""

    @property
    def key(self) -> str:
        """What a channel was told by: a release once, a change or a refusal each time."""
        day = "" if self.kind == "new_release" else f"/{self.at.isoformat()}"
        return f"{self.kind}/{self.jurisdiction}/{self.about}{day}"


def news(jurisdiction: str) -> list[News]:
    """All that ever was new in a jurisdiction by its ledger, releases first, each kind in order."""
    ledger = Ledger(Settings().processed / jurisdiction / "runs")
    runs = ledger.runs()
    changed = [
        News("changed_metadata", jurisdiction, each.dataset, each.at, words=each.detail)
        for each in ledger.answers()
        if each.outcome == "changed metadata"
    ]
    return [*_releases(jurisdiction, runs), *changed, *_refused(jurisdiction, runs)]


def unheard(all_news: Sequence[News], known: Collection[str] | None, now: datetime) -> list[News]:
    """What a channel does not know yet, with the files of releases.

    known: the keys of what it knows; None where it never heard of the jurisdiction. It is then told of the newest
    release alone, and of the rest that is not older than `FIRST_SIGHT`.
    """
    fresh = [each for each in all_news if each.key not in (known or ())]
    if known is None:
        built = [each for each in fresh if each.kind == "new_release"]
        fresh = built[-1:] + [each for each in fresh if each.kind != "new_release" and now - each.at <= FIRST_SIGHT]
    return [replace(each, files=_new_files(each)) if each.kind == "new_release" else each for each in fresh]


def _refused(jurisdiction: str, runs: Sequence[Run]) -> list[News]:
    """A line a file, though all rules of a run have it."""
    found = {(run.id, each): run for run in runs for each in run.news if each.startswith(REFUSED)}
    return [
        News("refused_file", jurisdiction, words.partition(": ")[0], run.started, words=words)
        for (_, each), run in found.items()
        for words in [each.removeprefix(REFUSED)]
    ]


def _releases(jurisdiction: str, runs: Sequence[Run]) -> Iterator[News]:
    """What scheduled runs built, oldest first: by the ledger, or by a run that was killed before it could say so."""
    folder = Settings().processed / jurisdiction
    told = {each.removeprefix(BUILT): run for run in runs for each in run.news if each.startswith(BUILT)}
    killed = {run.id: run for run in runs if run.outcome == "interrupted"}
    for path in sorted(folder.glob("releases/*.duckdb")) if killed else ():
        if path.stem not in told and (run := killed.get(_asked(path, "SELECT run_id FROM ops.run", [""])[0])):
            told[path.stem] = run
    for name, run in sorted(told.items(), key=lambda each: each[1].started):
        yield News("new_release", jurisdiction, name, run.ended or run.started)


def _new_files(built: News) -> tuple[str, ...]:
    path = release.path_of(Settings().processed / built.jurisdiction, built.about)
    return tuple(_asked(path, "SELECT unnest(new_files) FROM ops.run ORDER BY 1", [])) if path.exists() else ()


def _asked(path: Path, query: str, otherwise: list[str]) -> list[str]:
    """The answer of a release, a column; of one that is damaged, or older than the question, the other."""
    try:
        with release.connect(path) as con:
            return [each for (each,) in con.execute(query).fetchall()] or otherwise
    except duckdb.Error:
        return otherwise
