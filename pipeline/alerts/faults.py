"""What is wrong right now, and which releases are new: read from the ledger, the status and the release."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import duckdb
import pandas as pd

from pipeline.problems import BadInput
from pipeline.registry.model import Text
from pipeline.schedule.ledger import Ledger, Run
from pipeline.schedule.status import Status, status
from pipeline.settings import Settings
from pipeline.warehouse import release

Reason = Literal["failed", "not_looked", "not_come", "fell_short"]
DECLARATIONS = "declarations"  # what a fault is about where nothing else can be known
RELEASE = "release "  # how the ledger says that a run built one


@dataclass(frozen=True)
class Fault:
    """Something wrong, as long as it lasts. about: the rule or the check; what: its datasets, or what fell short.

    since: when the first of its failed runs started, or when it was due; for a check, when its release was asked.
    words: what the program said, in English.
    """

    kind: Literal["failed", "late", "fell_short"]
    reason: Reason
    jurisdiction: str
    about: str
    title: Text
    since: datetime
    words: str = ""
    datasets: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What makes it the same fault tomorrow: not its words, nor its datasets, which may change."""
        return f"{self.kind}/{self.jurisdiction}/{self.about}"


@dataclass(frozen=True)
class News:
    """A release that a scheduled run built, when it ended, and the files that were new in it."""

    jurisdiction: str
    release: str
    ended: datetime
    files: tuple[str, ...] = ()


def faults(jurisdiction: str, now: datetime) -> list[Fault]:
    """Everything that is wrong in a jurisdiction; a declaration that cannot be read is a fault, and never an error."""
    settings = Settings()
    try:
        found = status(jurisdiction, now)
    except BadInput as error:
        title = Text(nb="Deklarasjonene", nn="Deklarasjonane", en="The declarations")
        return [Fault("failed", "failed", jurisdiction, DECLARATIONS, title, now, str(error))]
    if found is None:
        return []
    runs = Ledger(settings.processed / jurisdiction / "runs").runs()
    return [*failed(found, runs), *late(found), *fell_short(jurisdiction, _checks(settings, jurisdiction), now)]


def failed(told: Status, runs: Sequence[Run]) -> Iterator[Fault]:
    """Rules whose last run did not end well."""
    for rule in told.calendar.rule:
        bad: list[Run] = []
        for run in reversed([each for each in runs if each.rule == rule.id and each.outcome != "running"]):
            if run.outcome == "done":
                break
            bad.append(run)
        if bad:
            words = bad[0].words or bad[0].outcome
            yield Fault("failed", "failed", told.jurisdiction, rule.id, rule.title, bad[-1].started, words)


def late(told: Status) -> Iterator[Fault]:
    """Rules some of whose datasets are late, the reason of the first."""
    for rule in told.calendar.rule:
        rows = [row for row in told.rows if row.rule == rule.id and row.late_kind and row.late_since]
        if rows:
            first = rows[0]
            assert first.late_kind and first.late_since and first.late
            datasets = tuple(row.dataset for row in rows if row.dataset != "all")
            yield Fault(
                "late", first.late_kind, told.jurisdiction, rule.id, rule.title, first.late_since, first.late, datasets
            )


def fell_short(jurisdiction: str, checks: pd.DataFrame, now: datetime) -> Iterator[Fault]:
    """Checks of the current release that fell short."""
    for each in checks.to_dict("records"):
        name = each["check_name"]
        words = f"{each['rows_failing']}/{each['rows_checked']}: {each['fell_short']}"
        yield Fault(
            "fell_short", "fell_short", jurisdiction, f"{each['table_name']} {name}", Text(nb=name, nn=name, en=name),
            now, words,
        )  # fmt: skip


def _checks(settings: Settings, jurisdiction: str) -> pd.DataFrame:
    path = release.current_or_none(settings.processed / jurisdiction)
    return _asked(path, "SELECT * FROM ops.check WHERE NOT passed ORDER BY ALL") if path else pd.DataFrame()


def _asked(path: Path, query: str) -> pd.DataFrame:
    """The answer of a release; none from one that is damaged, or older than the question."""
    try:
        with release.connect(path) as con:
            return con.execute(query).df()
    except duckdb.Error:
        return pd.DataFrame()


def news(jurisdiction: str, after: datetime | None) -> list[News]:
    """Releases that scheduled runs built after a moment; the newest alone where nothing was ever told."""
    folder = Settings().processed / jurisdiction
    built = {
        each.removeprefix(RELEASE): run.ended
        for run in Ledger(folder / "runs").runs()
        for each in run.news
        if each.startswith(RELEASE) and run.ended and (after is None or run.ended > after)
    }
    chosen: Mapping[str, datetime] = built if after else dict(list(built.items())[-1:])
    return [News(jurisdiction, name, ended, _new_files(folder, name)) for name, ended in chosen.items()]


def _new_files(folder: Path, name: str) -> tuple[str, ...]:
    path = release.path_of(folder, name)
    told = _asked(path, "SELECT unnest(new_files) AS file_id FROM ops.run ORDER BY 1") if path.exists() else None
    return tuple(told["file_id"]) if told is not None and len(told) else ()
