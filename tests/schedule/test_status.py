"""The status: what ran, what is next, and what is late, in words."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import jobs
from pipeline.cli import app
from pipeline.registry.load import load
from pipeline.schedule.ledger import Ledger, Outcome, Run
from pipeline.schedule.serve import Step, Told
from pipeline.schedule.status import Row, rows, status
from pipeline.settings import Settings
from pipeline.sources.landing import archive
from tests.schedule.drawn import KOSTRA, calendar, rule, utc

DRAWN = rule(title={"nb": "x", "nn": "x", "en": "Drawn"}, expects_news=True)  # due at 08:00 UTC in winter, grace a day
NOW = utc("2026-11-22 10:00")
RUNNER = CliRunner()


def run(due: str, outcome: Outcome = "done", words: str = "") -> Run:
    return Run("1", "drawn", utc(due), utc(due), utc(due), outcome, (), words)


def row(runs: list[Run], newest: str | None, now: datetime = NOW) -> Row:
    vintages = {"a": utc(newest)} if newest else {}
    (only,) = rows(calendar(DRAWN), runs, vintages, now)
    return only


def test_nothing_is_late_within_the_grace() -> None:
    told = row([run("2026-11-21 08:00")], "2026-11-21 08:00")
    assert (told.late, told.outcome, told.next_due) == (None, "done", utc("2026-11-23 08:00"))


@pytest.mark.parametrize(
    ("runs", "newest", "late"),
    [
        ([], "2026-11-22 08:00", None),
        ([run("2026-11-19 08:00")], "2026-11-22 08:00",
         "not looked for since it was due on 2026-11-20 09:00: nothing has run since"),
        ([run("2026-11-19 08:00"), run("2026-11-22 08:00", "failed", "a: no answer")], "2026-11-22 08:00",
         "not looked for since it was due on 2026-11-20 09:00: the last run failed (a: no answer)"),
        ([run("2026-11-22 08:00")], "2026-11-19 08:00",
         "a new one was expected on 2026-11-21 09:00; the newest is of 2026-11-19 09:00"),
        ([run("2026-11-22 08:00")], None, "a new one was expected on 2026-11-21 09:00; there is none"),
    ],
)  # fmt: skip
def test_late_is_told_in_words(runs: list[Run], newest: str | None, late: str | None) -> None:
    assert row(runs, newest).late == late


def test_before_the_first_run_a_due_time_past_its_grace_is_late() -> None:
    kostra = list(rows(calendar(KOSTRA), [], {}, NOW))
    assert {each.late for each in kostra} == {
        "not looked for since it was due on 2026-06-15 08:00: nothing has run yet"
    }  # fmt: skip
    assert {each.outcome for each in kostra} == {"never"}


def test_a_run_without_an_end_is_interrupted_unless_it_goes_on() -> None:
    runs = [Run("1", "drawn", NOW, NOW)]
    told = [next(rows(calendar(DRAWN), runs, {}, NOW, busy)).outcome for busy in (True, False)]
    assert told == ["running", "interrupted"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it, and steps that say they brought England's plans."""
    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))
    monkeypatch.setattr(jobs, "steps", lambda where, say: [Step("build", lambda names: Told(news=("release 1",)))])
    return tmp_path


def test_the_command_line_serves_and_tells(home: Path) -> None:
    served = RUNNER.invoke(app, ["schedule", "--once", "-j", "england"])
    assert served.exit_code == 0 and ": done: release 1\n" in served.stdout
    assert RUNNER.invoke(app, ["schedule", "--once", "-j", "england"]).stdout.endswith("england: nothing is due\n")
    told = RUNNER.invoke(app, ["status", "-j", "england"])
    assert told.exit_code == 0 and "    new: release 1\n" in told.stdout
    assert told.stdout.endswith("england: nothing is late\n")
    (only,) = json.loads(RUNNER.invoke(app, ["status", "-j", "england", "--json"]).stdout)
    assert (only["rule"], only["dataset"], only["outcome"], only["late"]) == ("files", "all", "done", None)
    assert datetime.fromisoformat(only["next_due"]).tzinfo is not None


def test_late_is_no_error_unless_asked(home: Path) -> None:
    assert RUNNER.invoke(app, ["status"]).exit_code == 0
    assert RUNNER.invoke(app, ["status", "--fail-if-late"]).exit_code == 6
    assert RUNNER.invoke(app, ["status", "--fail-if-late", "-j", "england"]).exit_code == 0


def test_a_failed_run_ends_with_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(datasets: object) -> Told:
        raise OSError("the disk is full")

    monkeypatch.setattr(jobs, "steps", lambda where, say: [Step("build", broken)])
    done = RUNNER.invoke(app, ["schedule", "--once", "-j", "england"])
    assert done.exit_code == 1 and ": failed: build: the disk is full\n" in done.stdout


def test_a_second_run_says_that_one_is_at_work(home: Path) -> None:
    with Ledger(Settings().processed / "england" / "runs").alone():
        assert "a run goes on" in RUNNER.invoke(app, ["status", "-j", "england"]).stdout
        done = RUNNER.invoke(app, ["schedule", "--once", "-j", "england"])
    assert done.exit_code == 4
    assert "england: another scheduled run of england is at work; wait for it, or stop it" in done.stderr


def test_one_at_work_stops_no_other(home: Path) -> None:
    with Ledger(Settings().processed / "england" / "runs").alone():
        done = RUNNER.invoke(app, ["schedule", "--once"])
    assert done.exit_code == 4, "nothing failed"
    assert "norway: files, due " in done.stdout, "England comes first"


def test_an_archive_that_cannot_be_read_does_not_hide_the_status(home: Path) -> None:
    day, england = datetime(2026, 1, 1, tzinfo=UTC), load("england")
    path = archive(Settings().raw / "england", england.datasets["dfe_plans"], b"x", "csv", day, day)
    found = status("england", NOW)
    assert found is not None and found.rows[0].newest_vintage == day
    path.with_suffix(".toml").unlink()
    found = status("england", NOW)
    assert found is not None and "sidecar" in found.archive and found.rows[0].newest_vintage is None
