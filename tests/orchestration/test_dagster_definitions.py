"""Dagster's door to the jobs, in process: the same work, the same ledger, the same checks."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
dg = pytest.importorskip("dagster", reason="the optional extra is not installed: pip install veiviser[dagster]")

from pipeline import intake, jobs  # noqa: E402
from pipeline.orchestration import dagster_definitions as ours  # noqa: E402
from pipeline.schedule.ledger import Ledger  # noqa: E402
from pipeline.schedule.serve import Step, Told  # noqa: E402
from pipeline.settings import Settings  # noqa: E402
from tests.schedule.drawn import utc  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning")
NOW = utc("2026-11-22 10:00")


@pytest.fixture
def instance() -> Iterator[Any]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))
    monkeypatch.setattr(intake, "now", lambda: NOW)
    return tmp_path


def run(instance: Any, jurisdiction: str = "england", **how: Any) -> Any:
    job = ours.defs.resolve_job_def(f"{jurisdiction}_job")
    return job.execute_in_process(instance=instance, raise_on_error=False, **how)


def materialised(result: Any) -> list[str]:
    return sorted("/".join(event.asset_key.path) for event in result.get_asset_materialization_events())


def test_the_definitions_name_what_is_fetched_built_and_reported() -> None:
    dg.Definitions.validate_loadable(ours.defs)
    keys = {"/".join(key.path) for key in ours.defs.resolve_all_asset_keys()}
    assert {"norway/ssb_12305", "norway/bufdir_monitor", "norway/release", "norway/reports", "england/release"} <= keys
    assert "norway/khr_plans" not in keys, "what nobody fetches is no asset"
    schedules = {each.name: each for each in ours.defs.schedules}
    assert set(schedules) == {"norway_ssb_corrections", "norway_files", "england_files"}
    assert schedules["norway_ssb_corrections"].execution_timezone == "Europe/Oslo"
    assert {each.name for each in ours.defs.sensors} == {"norway_due", "england_due"}


def test_by_hand_it_builds_reports_and_tells_the_checks(home: Path, instance: Any) -> None:
    shutil.copytree(
        Path(__file__).parent.parent.parent / "data" / "raw" / "england", Settings(home=home).raw / "england"
    )
    done = run(instance)
    assert done.success, [event.message for event in done.all_events if event.is_failure]
    assert materialised(done) == ["england/release", "england/reports"]
    assert (home / "reports" / "england" / "index.html").exists()
    checks = {each.check_name: each for each in done.get_asset_check_evaluations()}
    assert {"core_service", "mart_reporting", "raw_observation"} <= set(checks) and all(
        each.passed for each in checks.values()
    )
    assert checks["core_indicator_value"].metadata["rows_checked"].value > 10_000
    assert Ledger(Settings().processed / "england" / "runs").runs() == [], (
        "what somebody asks for by hand answers no due time"
    )


def test_when_due_it_answers_the_calendar_and_the_ledger_says_so(
    home: Path, instance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []

    def fetch(datasets: Sequence[str]) -> Told:
        asked.append(datasets)
        return Told(news=("ssb_12305",), failed={"bufdir_monitor": "no answer"})

    monkeypatch.setattr(jobs, "steps", lambda where, say: [Step("fetch", fetch, fetches=True)])
    with dg.build_sensor_context(instance=instance) as context:
        sensor = next(each for each in ours.defs.sensors if each.name == "norway_due")
        (wanted,) = sensor.evaluate_tick(context).run_requests
        done = run(instance, "norway", tags=wanted.tags)
        assert sensor.evaluate_tick(context).skip_message == "nothing is due", (
            "half an hour is left before it is tried again"
        )
    assert not done.success and materialised(done) == ["norway/ssb_12305"] and len(asked) == 1
    runs = {each.rule: each for each in Ledger(Settings().processed / "norway" / "runs").runs()}
    assert (runs["bufdir"].outcome, runs["bufdir"].words) == ("failed", "bufdir_monitor: no answer")
    assert runs["kostra"].outcome == "done"
    failed = [event for event in done.all_events if event.is_step_failure]
    assert "bufdir: bufdir_monitor: no answer" in str(failed[0].step_failure_data)


def test_a_run_with_news_of_all_sorts_has_one_result_an_asset(
    home: Path, instance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    news = (
        "ssb_12305", "tilsyn.csv: accepted (inspection/1.csv)", "not taken in: b.csv: refused (1 to mend: b.txt)",
        "release 20261122_one", "release 20261122_two", f"55 {jobs.REPORTED}",
    )  # fmt: skip
    monkeypatch.setattr(jobs, "steps", lambda where, say: [Step("all", lambda datasets: Told(news=news))])
    done = run(instance, "norway", tags={ours.DUE: "files"})
    assert materialised(done) == ["norway/release", "norway/reports", "norway/ssb_12305"]
    assert not [event.message for event in done.all_events if event.is_step_failure and "up_to_date" in event.step_key]
    made = {
        each.asset_key.path[-1]: each
        for each in done.get_asset_materialization_events()
        for each in [each.event_specific_data.materialization]
    }
    assert made["release"].metadata["news"].value == "release 20261122_one; release 20261122_two"


def test_a_schedule_asks_only_when_its_rule_is_due(home: Path, instance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "steps", lambda where, say: [Step("build", lambda datasets: Told(news=("release x",)))])
    schedule = next(each for each in ours.defs.schedules if each.name == "england_files")
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=NOW) as context:
        (wanted,) = schedule.evaluate_tick(context).run_requests
        assert wanted.tags[ours.DUE] == "files"
        assert jobs.run_due("england", lambda step: None)[0].outcome == "done"
        assert schedule.evaluate_tick(context).skip_message == "nothing is due"


def test_while_another_run_is_at_work_it_waits(home: Path, instance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "steps", lambda where, say: [Step("build", lambda datasets: Told())])
    with Ledger(Settings().processed / "england" / "runs").alone():
        done = run(instance, tags={ours.DUE: "files"})
    assert done.success and materialised(done) == []


def test_nothing_else_of_the_house_needs_dagster() -> None:
    house = Path(ours.__file__).parent.parent
    named = {path.parent.name for path in house.rglob("*.py") if "import dagster" in path.read_text(encoding="utf-8")}
    assert named == {"orchestration"}
