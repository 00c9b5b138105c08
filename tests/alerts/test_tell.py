"""Telling as the schedule does it: one digest a run, nothing twice, and no run that fails because nobody could be told."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from pipeline import intake, jobs
from pipeline.alerts import tell
from pipeline.alerts.news import REFUSED
from pipeline.cli import app
from pipeline.problems import BadInput, bad_input
from pipeline.registry.load import Registry, load
from pipeline.schedule.ledger import AlreadyRunning, Asked, Ledger
from pipeline.schedule.serve import Step, Told
from pipeline.settings import Settings
from pipeline.warehouse import release
from tests.schedule.drawn import utc

NOW = utc("2026-11-22 10:00")
RUNNER = CliRunner()
CONFIG = "language = 'en'\n[folder]\npath = 'out'\n"


class World:
    """A schedule, England's unless another is named: a clock that is set, and a build that breaks or brings a release."""

    def __init__(self, home: Path) -> None:
        self.home, self.now, self.broken, self.release, self.place = home, NOW, "", "", "england"
        self.news: tuple[str, ...] = ()

    def build(self, datasets: Sequence[str]) -> Told:
        if self.broken:
            raise OSError(self.broken)
        built, self.release = self.release, ""
        news, self.news = self.news, ()
        return Told(news=((f"release {built}",) if built else ()) + news)

    def ledger(self) -> Ledger:
        return Ledger(Settings().processed / self.place / "runs")

    def hour(self, hours: float = 1) -> list[dict[str, Any]]:
        """Time goes on, the timer runs, and the digests that came are read."""
        self.now += timedelta(hours=hours)
        before = set(self.home.glob("out/*.json"))
        self.done = RUNNER.invoke(app, ["schedule", "--once", "-j", self.place])
        return [
            json.loads(path.read_text(encoding="utf-8")) for path in sorted(set(self.home.glob("out/*.json")) - before)
        ]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))
    (tmp_path / "alerts.toml").write_text(CONFIG, encoding="utf-8")
    drawn = World(tmp_path)
    monkeypatch.setattr(intake, "now", lambda: drawn.now)
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


def test_what_one_jurisdiction_hears_hides_nothing_of_another(world: World) -> None:
    """Norway's release is built while nobody can be told; England's is told; Norway's is still to be."""
    world.release = "20261122_england"
    world.hour()
    world.place, world.release = "norway", "20261122_norway"
    with FileLock(Settings().processed / "alerts" / "telling.lock"):
        assert world.hour() == [], "another process is telling"
    world.place, world.release = "england", "20261123_england"
    assert [each["release"] for made in world.hour() for each in made["news"]] == ["20261123_england"]
    world.place = "norway"
    assert [each["release"] for made in world.hour() for each in made["news"]] == ["20261122_norway"]


def test_a_release_of_a_run_that_was_killed_before_its_end_is_told(world: World) -> None:
    folder = Settings().processed / "england"
    world.broken = "the disk is full"
    world.hour()
    world.broken = ""
    run = world.ledger().start({"files": world.now}, world.now)
    (folder / "releases").mkdir()
    for name, by in (("20261122_killed", run), ("20261122_by_hand", "20261122T000000_000000")):
        with duckdb.connect(str(folder / "releases" / f"{name}.duckdb")) as con:
            con.execute("CREATE SCHEMA ops")
            con.execute(f"CREATE TABLE ops.run AS SELECT '{by}' AS run_id, ['dfe_plans/1.csv'] AS new_files")
    (made,) = world.hour(2)
    assert made["news"] == [{"jurisdiction": "england", "release": "20261122_killed", "files": ["dfe_plans/1.csv"]}]
    assert not any(made["news"] for made in world.hour())


def test_changed_metadata_and_refused_files_are_told_once(world: World) -> None:
    old = world.now - timedelta(days=30)
    for day, dataset in ((old, "old"), (world.now, "ssb_12305")):
        world.ledger().answer(Asked(dataset, day, "changed metadata", "a label"))
    world.news = (f"{REFUSED}a.csv: refused (3 to mend: x.txt)",)
    (made,) = world.hour()
    assert [each["about"] for each in made["changed_metadata"]] == ["ssb_12305"], "what is old is no news"
    assert [each["words"] for each in made["refused_files"]] == ["a.csv: refused (3 to mend: x.txt)"]
    assert world.hour() == []
    world.ledger().answer(Asked("ssb_12305", world.now, "changed metadata", "a label"))
    assert [len(made["changed_metadata"]) for made in world.hour()] == [1], "again is another time"


def test_a_jurisdiction_that_cannot_be_read_stops_no_other_and_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the timer starts it, without naming any: England is broken, Norway is served, and the digest goes out."""

    def load_(place: str) -> Registry:
        if place == "england":
            raise bad_input("england/index.toml", "", "rounds", 1, "a round")
        return load(place)

    for module in ("jobs", "schedule.status", "alerts.digest"):
        monkeypatch.setattr(f"pipeline.{module}.load", load_)
    done = RUNNER.invoke(app, ["schedule", "--once"])
    assert done.exit_code == 2 and "england: england/index.toml: rounds: given 1" in done.stderr
    assert {run.outcome for run in Ledger(Settings().processed / "norway" / "runs").runs()} == {"done"}
    (path,) = world.home.glob("out/*.json")
    begins = [each["key"] for each in json.loads(path.read_text(encoding="utf-8"))["begins"]]
    assert "failed/england/declarations" in begins


def test_the_schedule_that_stays_goes_on_past_one_that_cannot_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(seconds: float) -> None:
        raise InterruptedError(seconds)

    def broken(place: str) -> Registry:
        if place == "england":
            raise bad_input("england/index.toml", "", "rounds", 1, "a round")
        return load(place)

    told: dict[str, Any] = {}
    monkeypatch.setattr(jobs, "load", broken)
    with pytest.raises(InterruptedError):
        jobs.serve_always(["england", "norway"], lambda place: lambda step: None, told.__setitem__, ends)
    assert isinstance(told["england"], BadInput) and {run.outcome for run in told["norway"]} == {"done"}
    with pytest.raises(BadInput, match="a round"):
        jobs.serve_always(["england"], lambda place: lambda step: None, told.__setitem__, ends)


def test_an_archive_that_cannot_be_read_is_our_fault_and_not_the_publishers(world: World) -> None:
    from pipeline.alerts.faults import faults

    ledger = Ledger(Settings().processed / "norway" / "runs")
    ledger.start({"kostra": NOW}, NOW)
    ledger.end(ledger.runs()[0], NOW, "done")
    assert "late/norway/kostra" in {each.key for each in faults("norway", NOW)}, "nothing came"
    folder = Settings().raw / "norway" / "ssb_12305"
    folder.mkdir(parents=True)
    (folder / "20260615T0600_9f3ac2d1.json").write_text("{}")
    found = {each.key: each for each in faults("norway", NOW)}
    assert "late/norway/kostra" not in found and "sidecar" in found["failed/norway/archive"].words


def test_a_damaged_release_is_a_failure_and_not_checks_that_hold(world: World) -> None:
    from pipeline.alerts.faults import faults

    folder = Settings().processed / "england"
    (folder / "releases").mkdir(parents=True)
    (folder / "releases" / "first.duckdb").write_bytes(b"damaged" * 1000)
    release.make_current(folder, "first")
    (only,) = [each for each in faults("england", NOW) if each.kind != "late"]
    assert only.key == "failed/england/release" and "veiviser build --again -j england" in only.words


def test_somebody_else_at_work_is_no_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(datasets: Sequence[str]) -> Told:
        raise AlreadyRunning("another build of england is running")

    monkeypatch.setattr(jobs, "steps", lambda where, say: [Step("build", busy)])
    assert world.hour() == [] and world.done.exit_code == 4
    assert [run.outcome for run in world.ledger().runs()] == ["busy"]
    assert "nothing is due" not in world.done.stdout
    monkeypatch.setattr(jobs, "steps", lambda where, say: [Step("build", world.build)])
    assert world.hour() == [] and [run.outcome for run in world.ledger().runs()] == ["busy", "done"]


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
