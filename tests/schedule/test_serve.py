"""Serving, with a moved clock: each due time once, none twice, whatever stops in between."""

import multiprocessing
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.registry.calendar import Calendar
from pipeline.schedule.due import due_times, opens
from pipeline.schedule.ledger import AlreadyRunning, Ledger, Run
from pipeline.schedule.serve import RETRY, Step, Told, due_now, keep, serve, wakes
from tests.schedule.drawn import NORWAY, calendar, rule, utc

assert NORWAY is not None
FETCHED = NORWAY.model_copy(update={"rule": tuple(each for each in NORWAY.rule if each.every != "hour")})
DRAWN = calendar(
    rule(id="yearly", every="year", dates=["03-15", "06-15"], at="08:00", when_closed="next_working_day",
         quiet={"start": "05:00", "end": "08:15"}),
    rule(id="night", at="02:30"),
    rule(id="weekly", every="week", weekday="monday", when_closed="next_working_day"),
    rule(id="files", every="hour", how="drop", datasets="all"),
)  # fmt: skip
HOUR = timedelta(hours=1)


class Moved:
    """A clock that stands until it is moved."""

    def __init__(self, now: str) -> None:
        self.now = utc(now)

    def __call__(self) -> datetime:
        return self.now


def nothing(datasets: Sequence[str]) -> Told:
    return Told()


def serve_at(ledger: Ledger, now: datetime, cal: Calendar = FETCHED, steps: Sequence[Step] = ()) -> list[Run]:
    return serve(cal, ledger, steps or [Step("nothing", nothing)], lambda: now, lambda step: None)


def answered(cal: Calendar, runs: Sequence[Run], start: datetime) -> dict[str, list[list[datetime]]]:
    """Rule → the due times that each of its runs answered; the first answers what came before, too."""
    found: dict[str, list[list[datetime]]] = {}
    for each in cal.rule:
        done = [run.due for run in runs if run.rule == each.id and run.outcome == "done"]
        found[each.id] = [due_times(cal, each, a, b) for a, b in zip([start, *done], done, strict=False)]
    return found


def test_a_year_with_outages_answers_every_due_time_once(tmp_path: Path) -> None:
    """2020: KOSTRA on a Monday after a Sunday, Easter, two nights of the clock change, and four outages."""
    out = [("2020-03-13 12:00", "2020-03-19 04:30"), ("2020-04-08 00:00", "2020-04-15 00:00"),
           ("2020-06-15 05:00", "2020-06-15 07:30"), ("2020-10-24 12:00", "2020-10-26 12:00")]  # fmt: skip
    outages = [(utc(a), utc(b)) for a, b in out]
    ledger, start, end = Ledger(tmp_path), utc("2020-01-01 12:00"), utc("2021-01-01 12:00")
    now = start
    while now < end:
        serve_at(ledger, now)
        now = max(wakes(FETCHED, ledger.runs(), now), now + timedelta(minutes=1))
        now = next((up for down, up in outages if down <= now < up), now)
    runs = ledger.runs()
    for each in FETCHED.rule:
        mine = [run for run in runs if run.rule == each.id]
        assert {run.outcome for run in mine} == {"done"}
        assert len({run.due for run in mine}) == len(mine), "none twice"
        served = sum(answered(FETCHED, mine[1:], mine[0].due)[each.id], [])
        assert served == due_times(FETCHED, each, mine[0].due, end), "each once"
        assert all(opens(FETCHED, each, run.started) == run.started for run in mine), "none in quiet hours"
    kostra = [run for run in runs if run.rule == "kostra"][1:]
    assert [(run.due, run.started) for run in kostra] == [
        (utc("2020-03-16 07:00"), utc("2020-03-19 07:15")),  # up again at 05:30 Norwegian time, within quiet hours
        (utc("2020-06-15 06:00"), utc("2020-06-15 07:30")),
    ]
    easter = [run.due for run in runs if run.rule == "bufdir" and run.started == utc("2020-04-15 00:00")]
    assert easter == [utc("2020-04-14 07:30")], "Easter Monday is made up on Tuesday's due time, in one run"


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 2000)), min_size=1, max_size=8), st.integers(0, 8760))
def test_any_outages_leave_each_due_time_answered_once(spans: list[tuple[int, int]], offset: int) -> None:
    """spans: hours up, hours down, in turn; woken by its own reckoning while up."""
    start = now = utc("2025-01-01 00:10") + offset * HOUR
    runs: list[Run] = []
    for up, down in spans:
        stop = now + up * HOUR / 4
        while now < stop:
            due = due_now(DRAWN, runs, now)
            runs += [Run(f"{now}", each, moment, now, now, "done") for each, moment in due.items()]
            assert due_now(DRAWN, runs, now) == {}
            later = wakes(DRAWN, runs, now)
            assert later > now
            last, now = now, min(later, stop)
        assert all(len(each) for times in answered(DRAWN, runs, start).values() for each in times[1:])
        for each in DRAWN.rule:
            mine = [run for run in runs if run.rule == each.id]
            served = sum(answered(DRAWN, mine[1:], mine[0].due)[each.id], []) if mine else []
            expected = due_times(DRAWN, each, mine[0].due, last) if mine else []
            waiting = expected[len(served) :]
            assert served == expected[: len(served)]
            assert not waiting or opens(DRAWN, each, last) > last, "only quiet hours keep a due time waiting"
        now = stop + down * HOUR


def test_several_missed_of_one_rule_are_made_up_by_one_run(tmp_path: Path) -> None:
    ledger, cal = Ledger(tmp_path), calendar()
    serve_at(ledger, utc("2026-11-02 10:00"), cal)
    made_up = serve_at(ledger, utc("2026-11-22 10:00"), cal)
    assert [(run.due, run.outcome) for run in made_up] == [(utc("2026-11-22 08:00"), "done")]
    assert serve_at(ledger, utc("2026-11-22 10:01"), cal) == []


def test_rules_that_are_due_together_share_a_run_and_its_steps(tmp_path: Path) -> None:
    asked = []
    step = Step("fetch", lambda datasets: asked.append(list(datasets)) or Told(news=("bufdir_monitor", "release 1")))
    runs = {run.rule: run for run in serve_at(Ledger(tmp_path), utc("2026-11-23 10:00"), FETCHED, [step])}
    assert len(asked) == 1 and asked[0] == sorted(set(asked[0])) and "bufdir_monitor" in asked[0]
    assert len({run.id for run in runs.values()}) == 1
    assert runs["bufdir"].news == ("bufdir_monitor", "release 1") and runs["klass"].news == ("release 1",)


def test_what_cannot_be_fetched_fails_its_own_rules_only_and_the_rest_goes_on(tmp_path: Path) -> None:
    ledger, built = Ledger(tmp_path), []
    steps = [
        Step("fetch", lambda datasets: Told(failed={"bufdir_monitor": "no answer"}), fetches=True),
        Step("build", lambda datasets: built.append(1) or Told()),
    ]
    now = utc("2026-11-23 10:00")
    runs = {run.rule: run for run in serve_at(ledger, now, NORWAY, steps)}
    assert {each for each, run in runs.items() if run.outcome == "failed"} == {"bufdir"} and built == [1]
    assert runs["bufdir"].words == "bufdir_monitor: no answer"
    assert serve_at(ledger, now + RETRY / 2, NORWAY, steps) == [], "it is left alone for a while"
    assert [run.rule for run in serve_at(ledger, now + RETRY, NORWAY, steps)] == ["bufdir"]


def test_a_step_that_raises_is_written_down_and_tried_again(tmp_path: Path) -> None:
    def broken(datasets: Sequence[str]) -> Told:
        raise OSError("the disk is full")

    ledger, said, now = Ledger(tmp_path), [], utc("2026-11-22 10:00")
    runs = serve(NORWAY, ledger, [Step("build", broken), Step("report", broken)], lambda: now, said.append)
    assert {(run.outcome, run.words) for run in runs} == {("failed", "build: the disk is full")}
    assert len(said) == 1 and "Traceback" in said[0]
    assert wakes(NORWAY, ledger.runs(), now) == now + RETRY
    assert {run.outcome for run in serve_at(ledger, now + RETRY, NORWAY)} == {"done"}
    after_fetching = [Step("fetch", broken, fetches=True), Step("build", nothing)]
    runs = serve_at(ledger, utc("2026-12-01 10:00"), NORWAY, after_fetching)
    assert {run.rule: run.outcome for run in runs}["files"] == "done", "files that were dropped need no publisher"
    assert {run.rule: run.outcome for run in runs}["klass"] == "failed"


def test_a_killed_run_is_made_up_at_once_and_after_a_second_time_waits(tmp_path: Path) -> None:
    ledger, cal, now = Ledger(tmp_path), calendar(), utc("2026-11-22 10:00")
    ledger.start(due_now(cal, [], now), now)
    killed_again = now + timedelta(minutes=1)
    with ledger.alone():
        ledger.clear(killed_again)
    assert wakes(cal, ledger.runs(), killed_again) == killed_again
    ledger.start(due_now(cal, ledger.runs(), killed_again), killed_again)
    later = now + timedelta(minutes=2)
    assert serve_at(ledger, later, cal) == []
    assert [run.outcome for run in ledger.runs()] == ["interrupted", "interrupted"]
    assert [run.outcome for run in serve_at(ledger, later + RETRY, cal)] == ["done"]


def test_somebody_else_at_work_is_no_failure_and_is_tried_again(tmp_path: Path) -> None:
    def busy(datasets: Sequence[str]) -> Told:
        raise AlreadyRunning("another fetch of norway is at work")

    ledger, built, now = Ledger(tmp_path), [], utc("2026-11-23 10:00")
    steps = [Step("fetch", busy, fetches=True), Step("build", lambda datasets: built.append(1) or Told())]
    runs = {run.rule: run for run in serve_at(ledger, now, NORWAY, steps)}
    assert runs["files"].outcome == "done" and built == [1], "what was dropped needs no publisher"
    assert (runs["bufdir"].outcome, runs["bufdir"].words) == (
        "busy",
        "bufdir_monitor: another fetch of norway is at work",
    )
    again = {run.rule: run.outcome for run in serve_at(ledger, now + RETRY, NORWAY, [Step("build", busy)])}
    assert again == dict.fromkeys(runs.keys() - {"files"}, "busy")
    failed = Step("fetch", lambda datasets: Told(failed={"bufdir_monitor": "no answer"}), fetches=True)
    last = {run.rule: run.outcome for run in serve_at(ledger, now + 2 * RETRY, NORWAY, [failed, Step("build", busy)])}
    assert last["bufdir"] == "failed" and last["klass"] == "busy"


def _serve_in_a_process(folder: str, served: "multiprocessing.Queue[int]") -> None:
    for _ in range(20):
        try:
            served.put(len(serve_at(Ledger(Path(folder)), utc("2026-11-22 10:00"), calendar())))
            return
        except AlreadyRunning:
            continue


def test_two_processes_at_once_answer_a_due_time_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    served: multiprocessing.Queue[int] = context.Queue()
    both = [context.Process(target=_serve_in_a_process, args=(str(tmp_path), served)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert sorted(served.get() for _ in both) == [0, 1]
    assert len(Ledger(tmp_path).runs()) == 1


def test_it_sleeps_until_something_is_due_but_never_long_and_never_not(tmp_path: Path) -> None:
    ledger, cal, clock = Ledger(tmp_path), calendar(), Moved("2026-11-22 07:55")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.now += timedelta(seconds=seconds)
        if clock.now > utc("2026-11-22 08:20"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep(
            lambda: serve(cal, ledger, [Step("nothing", nothing)], clock, lambda step: None),
            lambda: wakes(cal, ledger.runs(), clock()), clock, sleep,
        )  # fmt: skip
    assert slept == [300, 600, 600, 600]
    assert [run.started for run in ledger.runs()] == [utc("2026-11-22 07:55"), utc("2026-11-22 08:00")]
    assert ledger.runs()[0].due == datetime(2026, 11, 21, 8, tzinfo=UTC)
    with pytest.raises(ZeroDivisionError):
        keep(lambda: None, clock, clock, lambda seconds: 1 / (seconds - 60))
