"""What Dagster shows and starts: fetched datasets, release and reports of each jurisdiction, and the release's checks.

Start it with `dagster dev --module-name pipeline.orchestration.dagster_definitions`. What is due, and what was done
about it, is still decided by the calendar and the ledger: `veiviser status` tells the same, whoever started a run.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from pipeline import intake, jobs
from pipeline.alerts.news import BUILT
from pipeline.api import open_release
from pipeline.orchestration.crons import expressible
from pipeline.registry.calendar import Calendar
from pipeline.registry.load import Registry, load
from pipeline.schedule.ledger import AlreadyRunning
from pipeline.warehouse.ops import checked_tables

DUE = "veiviser/due"  # the tag of a run that the schedule or the sensor asked for
ASK_SECONDS = 300
UNDER_WAY = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
Results = Iterator[dg.MaterializeResult[Any]]


def definitions(where: Sequence[str]) -> dg.Definitions:
    """All that Dagster needs to know of some jurisdictions."""
    return dg.Definitions.merge(*(_of(load(each)) for each in where))


def _of(registry: Registry) -> dg.Definitions:
    place, calendar = registry.jurisdiction.id, registry.calendar
    assert calendar is not None, "jobs.scheduled names those that declare one"
    # One process: two steps must not compete for the lock of a build, and a start costs more than a step.
    job = dg.define_asset_job(f"{place}_job", dg.AssetSelection.groups(place), executor_def=dg.in_process_executor)
    return dg.Definitions(
        assets=[_assets(registry)],
        asset_checks=[_checks(registry)],
        jobs=[job],
        schedules=[_schedule(place, calendar, rule, crons, job) for rule, crons in expressible(calendar).items()],
        sensors=[_sensor(place, job)],
    )


def _assets(registry: Registry) -> dg.AssetsDefinition:
    place = registry.jurisdiction.id
    fetched = _fetched(registry)
    specs = [
        dg.AssetSpec([place, name], description=registry.datasets[name].title, skippable=True, group_name=place)
        for name in fetched
    ]
    words = "Tables that are never changed; ops.check has its checks."
    release = dg.AssetSpec([place, "release"], deps=specs, description=words, skippable=True, group_name=place)
    words = "Pages and shortlists."
    reports = dg.AssetSpec([place, "reports"], deps=[release], description=words, skippable=True, group_name=place)

    @dg.multi_asset(name=f"{place}_up_to_date", specs=[*specs, release, reports], can_subset=True)
    def up_to_date(context: dg.AssetExecutionContext) -> Results:
        say = context.log.info
        if context.run.tags.get(DUE):
            yield from _answer_what_is_due(place, fetched, say)
        else:
            yield from _do_as_told(place, {key.path[-1] for key in context.selected_asset_keys}, say)

    return up_to_date


def _fetched(registry: Registry) -> list[str]:
    rules = registry.calendar.rule if registry.calendar else ()
    return sorted({name for rule in rules if rule.how == "fetch" and rule.datasets != "all" for name in rule.datasets})


def _answer_what_is_due(place: str, fetched: Sequence[str], say: Any) -> Results:
    """As `veiviser schedule --once` does. Raises Failure when a rule failed, with the reason that the ledger has."""
    try:
        runs = jobs.run_due(place, say)
    except AlreadyRunning as error:
        say(f"{error}: it answers what is due")
        return
    finally:
        jobs.alert([place], say)
    news: dict[str, list[str]] = {}  # one result an asset: Dagster takes no second
    for each in dict.fromkeys(each for run in runs for each in run.news):
        if asset := _asset(each, fetched):
            news.setdefault(asset, []).append(each)
        else:
            say(each)
    for asset, told in news.items():
        yield dg.MaterializeResult(asset_key=[place, asset], metadata={"news": "; ".join(told)})
    failed = {f"{run.rule}: {run.words or run.outcome}" for run in runs if run.outcome not in ("done", "busy")}
    if failed:
        raise dg.Failure("; ".join(sorted(failed)), allow_retries=False)  # the ledger says when it is tried again


def _asset(news: str, fetched: Sequence[str]) -> str | None:
    """What something new is of; nothing for a file that was dropped, which is news of the next release."""
    if news.startswith(BUILT):
        return "release"
    return "reports" if news.endswith(jobs.REPORTED) else news if news in fetched else None


def _do_as_told(place: str, chosen: set[str], say: Any) -> Results:
    """As `veiviser fetch`, `build` and `report` do, for the assets that somebody chose."""
    failed = []
    datasets = sorted(chosen - {"release", "reports"})
    for outcome in intake.fetch(place, datasets, say) if datasets else ():
        say(str(outcome))
        if outcome.fault:
            failed.append(str(outcome))
        else:
            yield dg.MaterializeResult(asset_key=[place, outcome.dataset], metadata={"outcome": str(outcome)})
    if "release" in chosen:
        built = jobs.build_release(place, None, again=False, say=say)
        yield dg.MaterializeResult(
            asset_key=[place, "release"],
            metadata={"release": built.path.stem, "is_new": built.is_new, "path": dg.MetadataValue.path(built.path)},
        )
    if "reports" in chosen:
        pages = jobs.write_reports(place, say)
        yield dg.MaterializeResult(
            asset_key=[place, "reports"],
            metadata={"files": len(pages), "open": dg.MetadataValue.path(pages[0])},
        )
    if failed:
        raise dg.Failure("; ".join(failed), allow_retries=False)


def _checks(registry: Registry) -> dg.AssetChecksDefinition:
    """One check a table of ops.check: what stands in the release, told once more."""
    place = registry.jurisdiction.id
    tables = checked_tables(registry)

    @dg.multi_asset_check(
        name=f"{place}_checks",
        specs=[dg.AssetCheckSpec(each.replace(".", "_"), asset=[place, "release"]) for each in tables],
    )
    def checks() -> Iterator[dg.AssetCheckResult]:
        found = open_release(place).checks()
        for table in tables:
            mine = found[found["table_name"] == table]
            short = mine[~mine["passed"]]
            yield dg.AssetCheckResult(
                check_name=table.replace(".", "_"),
                asset_key=[place, "release"],
                passed=short.empty,
                severity=dg.AssetCheckSeverity.ERROR
                if "error" in set(short["severity"])
                else dg.AssetCheckSeverity.WARN,
                metadata={"checks": len(mine), "rows_checked": int(mine["rows_checked"].max() if len(mine) else 0)}
                | {row["check_name"]: row["fell_short"] for row in short.to_dict("records")},
            )

    return checks


def _schedule(place: str, calendar: Calendar, rule: str, crons: list[str], job: Any) -> dg.ScheduleDefinition:
    @dg.schedule(crons, name=f"{place}_{rule}", job=job, execution_timezone=calendar.timezone)
    def due() -> dg.RunRequest | dg.SkipReason:
        return _request(jobs.due(place), rule)

    return due


def _sensor(place: str, job: Any) -> dg.SensorDefinition:
    """For what cron cannot say, what was missed, and what failed: it asks the calendar and the ledger."""

    @dg.sensor(name=f"{place}_due", job=job, minimum_interval_seconds=ASK_SECONDS)
    def due(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if context.instance.get_runs(dg.RunsFilter(job_name=f"{place}_job", statuses=UNDER_WAY), limit=1):
            return dg.SkipReason("a run is under way")
        return _request(jobs.due(place))

    return due


def _request(due: dict[str, Any], rule: str | None = None) -> dg.RunRequest | dg.SkipReason:
    """A run when something, or the rule, is due; all that is due is answered by one."""
    if not due or (rule and rule not in due):
        return dg.SkipReason("nothing is due")
    return dg.RunRequest(tags={DUE: ", ".join(sorted(due))})


defs = definitions(jobs.scheduled())
