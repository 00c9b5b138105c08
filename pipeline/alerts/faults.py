"""What is wrong right now: read from the ledger, the status and the release."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
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
ARCHIVE = "archive"
RELEASE = "release"
ASIDE = ("running", "busy")  # outcomes that say neither well nor ill
# What nobody can say while it lasts, so that nothing of it is said to be over.
HIDDEN_BY: dict[str, tuple[str, ...]] = {
    DECLARATIONS: ("failed", "late", "fell_short"),
    ARCHIVE: ("late",),
    RELEASE: ("fell_short",),
}


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
    return [
        *failed(found, runs),
        *_unreadable_archive(found),
        *late(found),
        *_of_release(settings, jurisdiction, now),
    ]


def _unreadable_archive(told: Status) -> Iterator[Fault]:
    if told.archive:
        title = Text(nb="Arkivet", nn="Arkivet", en="The archive")
        yield Fault("failed", "failed", told.jurisdiction, ARCHIVE, title, told.now, told.archive)


def _of_release(settings: Settings, jurisdiction: str, now: datetime) -> Iterator[Fault]:
    """The checks that fell short, or that the release cannot be read."""
    try:
        yield from fell_short(jurisdiction, _checks(settings, jurisdiction), now)
    except duckdb.Error as error:
        title = Text(nb="Utgaven", nn="Utgåva", en="The release")
        words = f"{str(error).splitlines()[0]}; mend it with `veiviser build --again -j {jurisdiction}`"
        yield Fault("failed", "failed", jurisdiction, RELEASE, title, now, words)


def failed(told: Status, runs: Sequence[Run]) -> Iterator[Fault]:
    """Rules whose last run did not end well; one that found somebody else at work says nothing."""
    for rule in told.calendar.rule:
        bad: list[Run] = []
        for run in reversed(
            [each for each in runs if each.rule == rule.id and each.outcome not in ("running", "busy")]
        ):
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
    """Raises duckdb.Error for a release that is damaged."""
    path = release.current_or_none(settings.processed / jurisdiction)
    if path is None:
        return pd.DataFrame()
    with release.connect(path) as con:
        try:
            return con.execute("SELECT * FROM ops.check WHERE NOT passed ORDER BY ALL").df()
        except duckdb.CatalogException:  # older than the question
            return pd.DataFrame()
