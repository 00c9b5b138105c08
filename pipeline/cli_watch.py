"""Verbs of the schedule and of what it tells. Verbs only, no logic."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pipeline.cli_app import BAD_INPUT, FAILED, LATE, NOTHING_YET, AsJson, Where, app, console, steps_of
from pipeline.problems import BadInput
from pipeline.registry.load import jurisdictions
from pipeline.schedule.ledger import AlreadyRunning, Run
from pipeline.settings import Settings


@app.command()
def schedule(
    jurisdiction: Where = None,
    once: Annotated[bool, typer.Option(help="Do what is due, and end: for a timer.")] = False,
) -> None:
    """Do what is due by the publishers' calendar, again and again. Example: veiviser schedule --once."""
    from pipeline import jobs, telling

    def tell(place: str, came: jobs.Came) -> None:
        for line in telling.served(place, came):
            (typer.echo if isinstance(came, list) else console.complain)(line)

    where = jurisdiction or jobs.scheduled()
    if not once:
        jobs.serve_always(where, steps_of, tell, time.sleep)
    came = jobs.serve_all(where, steps_of, tell)
    for place, each in zip(where, came, strict=True):
        if each == []:
            typer.echo(f"{place}: nothing is due")
    if code := _code(came):
        raise typer.Exit(code)


def _code(came: Sequence[list[Run] | Exception]) -> int:
    """The worst of what came of the jurisdictions; another one at work is no failure, and comes last."""
    if any(isinstance(each, BadInput) for each in came):
        return BAD_INPUT
    outcomes = {run.outcome for each in came if isinstance(each, list) for run in each}
    if outcomes - {"done", "busy"}:
        return FAILED
    return NOTHING_YET if "busy" in outcomes or any(isinstance(each, AlreadyRunning) for each in came) else 0


@app.command()
def status(
    jurisdiction: Where = None,
    as_json: AsJson = False,
    fail_if_late: Annotated[bool, typer.Option(help="End with 6 when something is late: for monitoring.")] = False,
) -> None:
    """Tell what ran last, what is due next, and what is late. Example: veiviser status -j norway."""
    from pipeline import telling
    from pipeline.alerts import tell as alerts
    from pipeline.schedule import status as schedule_status

    now, sent = datetime.now(UTC), alerts.standing()
    told = [found for each in jurisdiction or jurisdictions() if (found := schedule_status.status(each, now))]
    if as_json:
        rows = [row for each in told for row in each.to_rows()] + [{"alerts": e.channel, **asdict(e)} for e in sent]
        typer.echo(json.dumps(rows, default=_as_text, ensure_ascii=False))
    else:
        typer.echo("\n".join(line for each in told for line in schedule_status.lines(each)))
        for each in sent:
            typer.echo(telling.sent(each))
    if fail_if_late and any(each.is_late for each in told):
        raise typer.Exit(LATE)


@app.command()
def alert(
    jurisdiction: Where = None,
    test: Annotated[bool, typer.Option(help="Send a test digest to every channel.")] = False,
) -> None:
    """Tell whom alerts go to, and what would be said now; nothing is sent without --test. Example: veiviser alert."""
    from pipeline import jobs, telling
    from pipeline.alerts import tell as alerts

    where, now = jurisdiction or jobs.scheduled(), datetime.now(UTC)
    planned = alerts.plan(where, now)
    if not planned:
        console.complain(
            f"no alerts.toml in {Settings().home}: nothing is sent; docs/operations.md says how to write it"
        )
        raise typer.Exit(NOTHING_YET)
    for channel, (leads, made) in planned.items():
        typer.echo(f"{channel}: {leads}")
        typer.echo(f"  {made.subject}\n\n{made.text}" if made.is_worth_sending else "  nothing to say now")
    sent = alerts.try_out(where, now) if test else []
    for each in sent:
        typer.echo(telling.sent(each))
    if any(each.outcome == "failed" for each in sent):
        raise typer.Exit(FAILED)


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
