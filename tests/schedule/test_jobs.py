"""What a scheduled run does: build, and report when the release is not yet reported."""

import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline import intake, jobs
from pipeline.problems import BadInput
from pipeline.registry.load import Registry, load
from pipeline.schedule.ledger import AlreadyRunning, Ledger
from pipeline.schedule.serve import Step, Told
from pipeline.settings import Settings
from pipeline.warehouse import drops, release
from pipeline.warehouse.build import Built
from pipeline.warehouse.drops import Taken


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))
    folder = tmp_path / "data" / "processed" / "england"
    (folder / "runs").mkdir(parents=True)
    (folder / "releases").mkdir()
    monkeypatch.setattr(jobs, "build_release", lambda *_, **__: Built(release.path_of(folder, "first"), is_new=True))
    monkeypatch.setattr(jobs, "write", lambda *_: [Path("index.html")])
    monkeypatch.setattr(release, "connect", lambda path: nullcontext())
    stand(folder, "first")
    return tmp_path


def stand(folder: Path, name: str) -> None:
    release.path_of(folder, name).touch()
    release.make_current(folder, name)


def quiet(step: str) -> None:
    pass


def named(jurisdiction: str, name: str) -> Step:
    return next(step for step in jobs.steps(jurisdiction, quiet) if step.name == name)


def test_a_release_is_reported_once_also_when_somebody_else_built_it(home: Path) -> None:
    build_step, report_step = (named("england", each) for each in ("build", "report"))
    assert build_step.do([]) == Told(news=("release first",))
    assert report_step.do([]) == Told(news=("1 report files",))
    assert report_step.do([]) == Told()
    stand(Settings().processed / "england", "second")
    assert report_step.do([]) == Told(news=("1 report files",))
    shutil.rmtree(Settings().reports)
    assert report_step.do([]) == Told(news=("1 report files",)), "as after a restore"


def test_reports_of_an_older_release_that_somebody_wrote_by_hand_do_not_stay(home: Path) -> None:
    """`veiviser run --as-of` makes an old release the current one, and writes its pages."""
    folder, report_step = Settings().processed / "england", named("england", "report")
    assert report_step.do([]).news == ("1 report files",)
    stand(folder, "old")
    jobs.write_reports("england", quiet)
    assert report_step.do([]) == Told()
    stand(folder, "first")
    assert report_step.do([]).news == ("1 report files",), "the pages are those of the old one"


def test_reports_that_were_cut_short_are_written_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> list[Path]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            jobs.run_due("england", quiet)
    assert [run.outcome for run in Ledger(Settings().processed / "england" / "runs").runs()] == ["running"]
    (made_up,) = jobs.run_due("england", quiet)
    assert (made_up.outcome, made_up.news) == ("done", ("release first", "1 report files"))


def test_a_jurisdiction_without_a_calendar_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert jobs.scheduled() == ["england", "norway"]
    with pytest.raises(BadInput, match="denmark"):
        jobs.run_due("denmark", quiet)


def test_it_goes_on_while_another_run_is_at_work(home: Path) -> None:
    said: list[str] = []

    def stop(seconds: float) -> None:
        raise InterruptedError

    with Ledger(Settings().processed / "england" / "runs").alone(), pytest.raises(InterruptedError):
        jobs.serve_always(["england"], lambda where: quiet, lambda where, came: said.append(str(came)), stop)
    assert said == ["another scheduled run of england is at work; wait for it, or stop it"]


def test_a_scheduled_run_takes_in_what_was_dropped_before_it_builds(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [
        Taken("a.csv", "khr", "accepted", stored="khr/1.csv"),
        Taken("b.csv", "", "left", why="still being written"),
    ]
    monkeypatch.setattr(drops, "take_in", lambda *_: iter(taken))
    assert [step.name for step in jobs.steps("england", quiet)] == ["fetch", "drop", "build", "report"]
    assert named("england", "drop").do([]) == Told(news=("a.csv: accepted (khr/1.csv)",))


def test_two_do_not_take_in_at_once(home: Path) -> None:
    lock = FileLock(home / "data" / "processed" / "england" / "drop.lock")
    with lock, pytest.raises(AlreadyRunning, match="files of england are being taken in already"):
        intake.drop("england")
    assert intake.drop("england") == []


def without_drops(name: str) -> Registry:
    """The registry of a jurisdiction in which nothing is dropped."""
    registry = load(name)
    return replace(registry, datasets={each: one for each, one in registry.datasets.items() if not one.drop})


def test_a_template_of_a_kind_there_is_not(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match="given 'x'; allowed: one of inspection, joint_service_list, khr_follow_up"):
        intake.drop_template("norway", "x", None)
    with pytest.raises(BadInput, match="ends in .xlsx or .csv"):
        intake.drop_template("norway", "inspection", home / "x.pdf")
    path = intake.drop_template("norway", "inspection", home / "x.csv")
    assert path.read_text(encoding="utf-8-sig").startswith("Tilsynsmyndighet;Saksnummer;Kommunenummer;")
    monkeypatch.setattr(intake, "load", without_drops)
    with pytest.raises(BadInput, match="none: nothing is dropped"):
        intake.drop_template("england", "x", None)


def test_a_watched_folder_that_is_not_there_is_told_where_one_was_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert intake.drop("norway") == []
    monkeypatch.setenv("VEIVISER_DROP", str(home / "not_mounted"))
    with pytest.raises(BadInput, match="VEIVISER_DROP.*allowed: a folder that is there: mount or make it"):
        intake.drop("norway")
    with monkeypatch.context() as patched:
        patched.setattr(intake, "load", without_drops)
        assert intake.drop("england") == [], "where nothing is dropped no folder is needed"
    [drop_step] = [step for step in jobs.steps("norway", quiet) if step.name == "drop"]
    assert "mount or make it" in drop_step.do([]).failed["drop"]
    (home / "not_mounted").mkdir()
    (home / "not_mounted" / "norway").mkdir()
    monkeypatch.setattr(drops, "take_in", lambda *_: (home / "share" / "gone").read_bytes())
    assert "gone" in drop_step.do([]).failed["drop"], "as when a share goes away while it is looked at"


def test_a_file_that_cannot_be_taken_fails_the_rule_of_files_and_nothing_else(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "data" / "processed" / "norway" / "releases").mkdir(parents=True)
    stand(home / "data" / "processed" / "norway", "first")
    monkeypatch.setattr(intake, "ask", lambda *_: iter(()))
    monkeypatch.setattr(intake, "drop", lambda *_: [Taken("tilsyn.csv", "", "failed", "no space left")])
    runs = {run.rule: run for run in jobs.run_due("norway", quiet)}
    assert (runs["files"].outcome, runs["files"].words) == ("failed", "tilsyn.csv: no space left")
    assert {run.outcome for rule, run in runs.items() if rule != "files"} == {"done"}
    assert (home / "reports" / "norway" / ".release").exists()
