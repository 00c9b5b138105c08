"""How the schedule stands: per rule and dataset the last run, the newest vintage, what is due next, what is late."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time
from typing import Any, Literal

from pipeline.problems import BadInput
from pipeline.registry.calendar import Calendar, Rule
from pipeline.registry.load import Registry, load
from pipeline.schedule.due import last_due, next_due, unserved
from pipeline.schedule.ledger import Asked, Ledger, Run
from pipeline.settings import Settings
from pipeline.sources.landing import scan

LateKind = Literal["not_looked", "not_come"]
Late = tuple[LateKind, datetime, str]


@dataclass(frozen=True)
class Row:
    """One rule and one of its datasets; `dataset` is `all` where a rule is about every file. Moments are in UTC.

    late: why it is, in words; None when it is not. late_kind: nobody looked, or nothing new came; late_since: the due
    time. outcome: `never` before the first run. watch: how it stands with the dataset, the same in all its rules:
    `failed`, `late`, `changed metadata`, `new vintage`, `no change`, or `not fetched` where nothing can be asked for;
    None before anything was. asked: when, watch_words: what was told.
    """

    rule: str
    title: str
    dataset: str
    sure: str
    last_run: datetime | None
    outcome: str
    news: tuple[str, ...]
    words: str
    newest_vintage: datetime | None
    next_due: datetime
    late: str | None
    late_kind: LateKind | None
    late_since: datetime | None
    watch: str | None = None
    asked: datetime | None = None
    watch_words: str = ""


@dataclass(frozen=True)
class Status:
    """A jurisdiction's schedule at a moment; `archive` says what is wrong when the archive cannot be read."""

    jurisdiction: str
    calendar: Calendar
    now: datetime
    is_running: bool
    rows: tuple[Row, ...]
    archive: str = ""

    @property
    def is_late(self) -> bool:
        """Whether anything is late."""
        return any(row.late for row in self.rows)

    def to_rows(self) -> list[dict[str, Any]]:
        """For machines: one row a rule and dataset."""
        return [{"jurisdiction": self.jurisdiction, **asdict(row)} for row in self.rows]


def status(jurisdiction: str, now: datetime) -> Status | None:
    """How the schedule of a jurisdiction stands; nothing when it declares no calendar."""
    registry, settings = load(jurisdiction), Settings()
    if registry.calendar is None:
        return None
    ledger = Ledger(settings.processed / jurisdiction / "runs")
    vintages, archive = _vintages(registry, settings)
    busy = ledger.is_busy()
    found = rows(registry.calendar, ledger.runs(), vintages, now, busy, _standing(ledger.answers()))
    return Status(jurisdiction, registry.calendar, now, busy, tuple(found), archive)


def _standing(answers: Iterable[Asked]) -> dict[str, Asked]:
    """Dataset → the last answer; that metadata changed stands, though nothing changed since, until something newer."""
    found: dict[str, Asked] = {}
    for each in answers:
        before = found.get(each.dataset)
        stands = before is not None and before.outcome == "changed metadata" and each.outcome == "no change"
        found[each.dataset] = replace(before, at=each.at) if before and stands else each
    return found


def _vintages(registry: Registry, settings: Settings) -> tuple[dict[str, datetime] | None, str]:
    """Dataset → when its newest file was published; and what is wrong with the archive, which a status must survive."""
    newest: dict[str, datetime] = {}
    try:
        for file in scan(settings.raw / registry.jurisdiction.id, registry.datasets):
            each = file.sidecar
            newest[each.dataset] = max(each.published, newest.get(each.dataset, each.published))
    except BadInput as error:
        return None, str(error)
    return newest, ""


def rows(
    calendar: Calendar,
    runs: Sequence[Run],
    vintages: Mapping[str, datetime] | None,
    now: datetime,
    is_running: bool = False,
    asked: Mapping[str, Asked] | None = None,
) -> Iterator[Row]:
    """A row a rule and dataset, in the order of the calendar.

    vintages: None where the archive cannot be read, so that nobody is said to owe anything. asked: what came of asking
    for each dataset.
    """
    asked = asked or {}
    refused = {name for name, each in asked.items() if each.outcome == "not fetched"}  # so nothing is waited for
    found = list(_rows(calendar, runs, vintages, now, is_running, refused))
    late = {row.dataset: row.late for row in found if row.late}
    for row in found:
        yield _watched(row, asked.get(row.dataset), late.get(row.dataset)) if row.dataset != "all" else row


def _rows(
    calendar: Calendar,
    runs: Sequence[Run],
    vintages: Mapping[str, datetime] | None,
    now: datetime,
    is_running: bool,
    refused: Collection[str],
) -> Iterator[Row]:
    """The rows without the release watch, which needs all rows of a dataset."""
    for rule in calendar.rule:
        mine = [run for run in runs if run.rule == rule.id]
        last = mine[-1] if mine else None
        outcome = last.outcome if last else "never"
        missed = _missed(calendar, rule, mine, now)
        for dataset in ["all"] if rule.datasets == "all" else rule.datasets:
            have = vintages or {}
            newest = max(have.values(), default=None) if dataset == "all" else have.get(dataset)
            is_known = vintages is not None and dataset not in refused
            late = missed or (_awaited(calendar, rule, newest, now) if is_known else None)
            yield Row(
                rule=rule.id,
                title=rule.title.en,
                dataset=dataset,
                sure=rule.sure,
                last_run=last.started if last else None,
                outcome="interrupted" if outcome == "running" and not is_running else outcome,
                news=last.news if last else (),
                words=last.words if last else "",
                newest_vintage=newest,
                next_due=next_due(calendar, rule, now),
                late=late[2] if late else None,
                late_kind=late[0] if late else None,
                late_since=late[1] if late else None,
            )


def _watched(row: Row, asked: Asked | None, late: str | None) -> Row:
    """The row with the word for its dataset. Late: nothing failed, and still what should be here is not."""
    row = replace(row, asked=asked.at if asked else None)
    if late and not (asked and asked.outcome == "failed"):
        return replace(row, watch="late", watch_words=late)
    return replace(row, watch=asked.outcome, watch_words=asked.detail) if asked else row


def _missed(calendar: Calendar, rule: Rule, runs: Sequence[Run], now: datetime) -> Late | None:
    """That we did not answer a due time within its grace."""
    open_times = unserved(calendar, rule, (run.due for run in runs if run.outcome == "done"), now)
    overdue = [each for each in open_times if each + rule.grace < now]
    if not overdue:
        return None
    why = f"the last run {runs[-1].outcome}" if runs else "nothing has run yet"
    if runs and runs[-1].outcome in ("done", "running"):
        why = "nothing has run since"
    if runs and runs[-1].words:
        why += f" ({runs[-1].words})"
    words = f"not looked for since it was due on {_told(calendar, overdue[0])}: {why}"
    return "not_looked", overdue[0], words


def _awaited(calendar: Calendar, rule: Rule, newest: datetime | None, now: datetime) -> Late | None:
    """That the publisher brought nothing new within the grace, although something was expected."""
    if not rule.expects_news:
        return None
    expected = last_due(calendar, rule, now - rule.grace)
    morning = datetime.combine(expected.astimezone(calendar.zone).date(), time(0), calendar.zone)
    if newest is not None and newest >= morning:
        return None
    have = f"the newest is of {_told(calendar, newest)}" if newest else "there is none"
    return "not_come", expected, f"a new one was expected on {_told(calendar, expected)}; {have}"


def _watch(calendar: Calendar, row: Row) -> str:
    """`no change, asked 2026-11-22 09:00`; with what was told where that is more than that nothing was new."""
    asked = f", asked {_told(calendar, row.asked)}" if row.asked else ""
    is_told = row.watch in ("no change", "late") or not row.watch_words
    return f"{row.watch}{asked}" + ("" if is_told else f" ({row.watch_words})")


def _told(calendar: Calendar, moment: datetime) -> str:
    """A moment by the publishers' clock."""
    return f"{moment.astimezone(calendar.zone):%Y-%m-%d %H:%M}"


def lines(told: Status) -> Iterator[str]:
    """The status as text: a paragraph a rule, its datasets below, what is late last of all."""
    calendar = told.calendar
    runs = "a run goes on" if told.is_running else "no run goes on"
    yield f"{told.jurisdiction}: {runs}; times are {calendar.timezone}"
    if told.archive:
        yield f"  the archive cannot be read, so no vintage is known: {told.archive}"
    rule = ""
    for row in told.rows:
        if row.rule != rule:
            rule = row.rule
            ran = f"last run {_told(calendar, row.last_run)}, {row.outcome}" if row.last_run else "has not run yet"
            yield f"  {row.title}: {ran}; next due {_told(calendar, row.next_due)}"
            if row.news:
                yield f"    new: {', '.join(row.news)}"
            if row.words:
                yield f"    {row.words}"
        newest = f"newest {_told(calendar, row.newest_vintage)}" if row.newest_vintage else "none yet"
        yield (
            f"    {row.dataset}: {newest}"
            + (f"; {_watch(calendar, row)}" if row.watch else "")
            + (f"; LATE: {row.late}" if row.late else "")
        )
    late = sum(row.late is not None for row in told.rows)
    yield f"{told.jurisdiction}: " + (f"{late} late" if late else "nothing is late")
