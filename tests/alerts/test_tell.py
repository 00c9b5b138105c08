"""Telling as the schedule does it: one digest a run, nothing twice, and no run that fails because nobody could be told."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline import jobs
from pipeline.alerts import tell
from pipeline.cli import app
from pipeline.registry.load import load
from pipeline.schedule.ledger import Ledger
from pipeline.schedule.serve import Step, Told
from pipeline.settings import Settings
from tests.schedule.drawn import utc

NOW = utc("2026-11-22 10:00")
RUNNER = CliRunner()
CONFIG = "language = 'en'\n[folder]\npath = 'out'\n"


class World:
    """England's schedule: a clock that is set, and a build that breaks or brings a release."""

    def __init__(self, home: Path) -> None:
        self.home, self.now, self.broken, self.release = home, NOW, "", ""

    def build(self, datasets: Sequence[str]) -> Told:
        if self.broken:
            raise OSError(self.broken)
        news, self.release = self.release, ""
        return Told(news=(f"release {news}",) if news else ())

    def hour(self, hours: float = 1) -> list[dict[str, Any]]:
        """Time goes on, the timer runs, and the digests that came are read."""
        self.now += timedelta(hours=hours)
        before = set(self.home.glob("out/*.json"))
        self.done = RUNNER.invoke(app, ["schedule", "--once", "-j", "england"])
        return [
            json.loads(path.read_text(encoding="utf-8")) for path in sorted(set(self.home.glob("out/*.json")) - before)
        ]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))
    (tmp_path / "alerts.toml").write_text(CONFIG, encoding="utf-8")
    drawn = World(tmp_path)
    monkeypatch.setattr(jobs, "_now", lambda: drawn.now)
    monkeypatch.setattr(jobs, "steps", lambda where, say: [Step("build", drawn.build)])
    return drawn


def keys(made: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    return [each["key"] for each in made["begins"]], [each["key"] for each in made["lasts"]], made["over"]


def test_a_quiet_course_is_silent_and_a_fault_is_told_at_its_turns(world: World) -> None:
    assert [world.hour() for _ in range(3)] == [[], [], []]
    world.broken = "the disk is full"
    (began,) = world.hour()
    assert keys(began) == (["failed/england/files"], [], [])
    assert (
        "- england, Files put into the archive: failed, first on 22 November 2026 14:00. build: the disk is full"
        in began["text"]
    )
    assert world.done.exit_code == 1
    assert began["run"] == Ledger(Settings().processed / "england" / "runs").runs()[-1].id
    later = [made for _ in range(30) for made in world.hour()]
    assert [keys(made) for made in later] == [([], ["failed/england/files"], []), (["late/england/files"], [], [])]
    assert later[0]["text"].startswith("Still wrong:\n")
    world.broken = ""
    (over,) = world.hour()
    assert keys(over) == ([], [], ["failed/england/files", "late/england/files"])
    assert over["text"].startswith("Over:\n- england, Files put into the archive: works again.\n")
    assert world.hour() == []


def test_a_release_is_news_once(world: World) -> None:
    world.release = "20261122_first"
    (first,) = world.hour()
    assert first["news"] == [{"jurisdiction": "england", "release": "20261122_first", "files": []}]
    assert world.hour() == []
    world.release = "20261123_second"
    assert [made["news"][0]["release"] for made in world.hour()] == ["20261123_second"]


def test_what_could_not_be_sent_is_said_by_the_status_and_sent_later(world: World) -> None:
    (world.home / "out").write_text("a file where the folder belongs")
    world.release, world.broken = "", "the disk is full"
    assert world.hour() == [] and "no alert by folder" in world.done.stderr
    shown = RUNNER.invoke(app, ["status", "-j", "england"])
    assert shown.exit_code == 0 and "\nalerts by folder: NOT SENT on 2026-11-22 11:00 UTC: " in shown.stdout
    rows = json.loads(RUNNER.invoke(app, ["status", "-j", "england", "--json"]).stdout)
    assert [(row["alerts"], row["outcome"]) for row in rows if "alerts" in row] == [("folder", "failed")]
    (world.home / "out").unlink()
    (made,) = world.hour()
    assert keys(made)[0] == ["failed/england/files"], "it begins for whoever was not told yet"
    assert "alerts by folder: sent on 2026-11-22 12:00 UTC: " in RUNNER.invoke(app, ["status", "-j", "england"]).stdout


@pytest.mark.parametrize("mistake", ["[mail]\nhost = 1", "not toml"])
def test_a_broken_declaration_of_alerts_stops_no_run_and_is_shown(world: World, mistake: str) -> None:
    (world.home / "alerts.toml").write_text(mistake, encoding="utf-8")
    assert world.hour() == [] and world.done.exit_code == 0 and "no alert could be sent" in world.done.stderr
    assert "alerts by alerts.toml: NOT SENT" in RUNNER.invoke(app, ["status", "-j", "england"]).stdout
    assert [run.outcome for run in Ledger(Settings().processed / "england" / "runs").runs()] == ["done"]


def test_a_failure_that_nobody_foresaw_stops_no_run_and_tells_no_secret(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("https://hooks.example.no/s3cret")

    monkeypatch.setattr(tell, "channels", lambda *_: {"folder": broken})
    world.broken = "x"
    world.hour()
    (line,) = [
        json.loads(text) for text in next((Settings().processed / "alerts").glob("*.jsonl")).read_text().splitlines()
    ]
    assert (line["outcome"], line["words"]) == ("failed", "our own failure (RuntimeError)")


def test_declarations_that_cannot_be_read_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.alerts import faults
    from pipeline.problems import bad_input

    def unreadable(*_: object) -> None:
        raise bad_input("england/index.toml", "", "rounds", 1, "a round")

    world.broken = "the disk is full"
    world.hour()
    monkeypatch.setattr(faults, "status", unreadable)
    (made,) = world.hour()
    assert keys(made) == (["failed/england/declarations"], [], []), "nobody can say that the other is over"
    assert "england/index.toml: rounds: given 1" in made["text"]


def test_without_a_declaration_nothing_is_sent_nor_written(world: World) -> None:
    (world.home / "alerts.toml").unlink()
    world.broken = "x"
    assert world.hour() == [] and not (Settings().processed / "alerts").exists()
    assert "alerts" not in RUNNER.invoke(app, ["status", "-j", "england"]).stdout
    asked = RUNNER.invoke(app, ["alert", "--test"])
    assert asked.exit_code == 4 and "no alerts.toml in" in asked.stderr


def test_the_verb_says_what_it_would_do_and_sends_only_a_test(world: World) -> None:
    world.broken = "the disk is full"
    world.hour()
    for path in world.home.glob("out/*.json"):
        path.unlink()
    said = RUNNER.invoke(app, ["alert", "-j", "england"])
    assert said.exit_code == 0 and said.stdout == f"folder: {world.home}/out\n  nothing to say now\n"
    assert list(world.home.glob("out/*.json")) == []
    tried = RUNNER.invoke(app, ["alert", "--test", "-j", "england"])
    assert tried.exit_code == 0 and "alerts by folder: sent" in tried.stdout
    (path,) = world.home.glob("out/*.json")
    made = json.loads(path.read_text(encoding="utf-8"))
    assert (
        made["is_test"]
        and made["subject"] == "Veiviser: test, 1 newly wrong"
        and made["text"].startswith("This is a test.")
    )
    assert world.hour() == [], "a test counts as nothing told"


def test_late_is_told_by_rule_with_its_datasets(world: World) -> None:
    from pipeline.alerts.faults import faults

    assert load("norway").calendar is not None
    late = {each.about: each for each in faults("norway", NOW) if each.kind == "late"}
    assert (late["kostra"].reason, late["kostra"].since) == (
        "not_looked",
        datetime.fromisoformat("2026-06-15T06:00+00:00"),
    )
    assert late["kostra"].datasets == ("ssb_12275", "ssb_12286", "ssb_12305", "ssb_12615", "ssb_12870")
