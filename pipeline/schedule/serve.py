"""Serves what is due: one run for all rules that are, step by step, and the ledger says how it went."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.progress import Say, running
from pipeline.progress import Step as Line
from pipeline.registry.calendar import Calendar, Rule
from pipeline.schedule.due import next_due, opens, unserved
from pipeline.schedule.ledger import BUSY, Ledger, Outcome, Run

RETRY = timedelta(minutes=30)  # how long a failure is left alone; short enough that an hourly timer tries every hour
SHORTEST = timedelta(minutes=1)
NAP = timedelta(minutes=10)  # the longest sleep: a clock may be set, and a laptop closed, meanwhile
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Told:
    """What a step came to. news: what was new. failed: dataset, or dropped file → why it could not be had."""

    news: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A named piece of a run: it brings everything up to date, and called again it finds nothing to do.

    do: is handed the datasets that are due to be fetched, sorted; none when only files may have been dropped. When it
    raises, the run stops and fails; after one that `fetches` it goes on, and only the rules fail that fetch something.
    Where it finds somebody else at the same work, its rules are `busy` instead, and tried again like failed ones.
    """

    name: str
    do: Callable[[Sequence[str]], Told]
    fetches: bool = False


def due_now(calendar: Calendar, runs: Sequence[Run], now: datetime) -> dict[str, datetime]:
    """Rule → the newest due time that a run should answer now; not in quiet hours, nor right after a failure."""
    due = {}
    for rule in calendar.rule:
        times = _open(calendar, rule, runs, now)
        if times and opens(calendar, rule, now) <= now and not_before(rule, runs, now) <= now:
            due[rule.id] = times[-1]
    return due


def wakes(calendar: Calendar, runs: Sequence[Run], now: datetime) -> datetime:
    """When something is to be done next; now, when something is already."""
    moments = []
    for rule in calendar.rule:
        first = now if _open(calendar, rule, runs, now) else next_due(calendar, rule, now)
        moments.append(opens(calendar, rule, max(first, not_before(rule, runs, now))))
    return min(moments)


def not_before(rule: Rule, runs: Sequence[Run], now: datetime) -> datetime:
    """The moment from which a rule may be tried again.

    A failure waits, and so does what somebody else was at. A run that was killed is made up at once, unless the one
    before it did not end well either.
    """
    tried = [run for run in runs if run.rule == rule.id and run.ended and run.ended <= now]
    bad: list[Run] = []
    while tried and tried[-1].outcome != "done":
        bad.append(tried.pop())
    if not bad or (len(bad) == 1 and bad[0].outcome == "interrupted"):
        return now
    return (bad[0].ended or now) + RETRY


def _open(calendar: Calendar, rule: Rule, runs: Sequence[Run], now: datetime) -> list[datetime]:
    return unserved(calendar, rule, (run.due for run in runs if run.rule == rule.id and run.outcome == "done"), now)


def serve(calendar: Calendar, ledger: Ledger, steps: Sequence[Step], clock: Clock, say: Say) -> list[Run]:
    """Answers everything that is due in one run; returns what it did, a row a rule, nothing when nothing was due.

    Due times are read under the lock, so that two processes never answer the same. Raises AlreadyRunning.
    """
    with ledger.alone():
        now = clock()
        for left in ledger.clear(now):
            say(f"{left.rule}: the run of {left.started:%Y-%m-%d %H:%M} UTC was interrupted and is made up")
        due = due_now(calendar, ledger.runs(), now)
        if not due:
            return []
        rules = [rule for rule in calendar.rule if rule.id in due]
        name = ledger.start(due, now)
        with running(name):
            done = _work(steps, sorted({each for rule in rules for each in _fetched(rule)}), say)
        ended = clock()
        for rule in rules:
            outcome, words = done.outcome(rule), done.words(rule)
            news = [each for each in done.news if each not in done.datasets or each in _fetched(rule)]
            run = Run(name, rule.id, due[rule.id], now)
            ledger.end(run, ended, outcome, news, words)
        return [run for run in ledger.runs() if run.id == name]


def keep(
    serve_all: Callable[[], object], wake: Callable[[], datetime], clock: Clock, sleep: Callable[[float], None]
) -> None:
    """Serves what is due, sleeps until something is due next, and so on without end."""
    while True:
        serve_all()
        sleep(min(max(wake() - clock(), SHORTEST), NAP).total_seconds())


@dataclass(frozen=True)
class _Done:
    """What the steps of a run came to together; stopped: why it went no further, empty when it did.

    left: dataset → who was at it already; is_busy: the run was stopped by nothing worse than that.
    """

    datasets: Sequence[str]
    news: list[str]
    failed: dict[str, str]
    left: dict[str, str]
    stopped: str = ""
    is_busy: bool = False

    def outcome(self, rule: Rule) -> Outcome:
        """How the run ended for a rule."""
        if (self.stopped and not self.is_busy) or any(self._is_of(rule, each) for each in self.failed):
            return "failed"
        return "busy" if self.words(rule) else "done"

    def words(self, rule: Rule) -> str:
        """Why a rule was not done; empty when it was."""
        own = [f"{each}: {why}" for each, why in (self.failed | self.left).items() if self._is_of(rule, each)]
        return "; ".join([self.stopped, *own] if self.stopped else own)

    def _is_of(self, rule: Rule, name: str) -> bool:
        """Whether a dataset, or a dropped file, is a rule's business."""
        return name in _fetched(rule) or (rule.how == "drop" and name not in self.datasets)


def _work(steps: Sequence[Step], datasets: Sequence[str], say: Say) -> _Done:
    """Takes the steps in order. Whatever goes wrong in one is written down, with the traceback for the journal."""
    news: list[str] = []
    failed: dict[str, str] = {}
    left: dict[str, str] = {}
    for step in steps:
        try:
            told = step.do(datasets)
        except BUSY as error:
            say(f"{step.name}: {error}")
            if not step.fetches:
                return _Done(datasets, news, failed, left, f"{step.name}: {error}", is_busy=True)
            left = dict.fromkeys(datasets, str(error))
            continue
        except Exception as error:
            words = f"{step.name}: {error or type(error).__name__}"
            say(Line(f"{words}\n{traceback.format_exc()}", words, level="error"))
            if not step.fetches:
                return _Done(datasets, news, failed, left, words)
            told = Told(failed=dict.fromkeys(datasets, words))
        news += told.news
        failed |= told.failed
    return _Done(datasets, news, failed, left)


def _fetched(rule: Rule) -> Sequence[str]:
    """The datasets that a rule has fetched; none where files are dropped."""
    return rule.datasets if rule.how == "fetch" and rule.datasets != "all" else ()
