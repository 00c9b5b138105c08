"""The command line: verbs only, no logic.

Exit codes: 0 done, 1 our own failure or a scheduled run that failed, 2 bad input (a declaration, a delivery, an
argument), 3 a publisher that failed, 4 nothing to work on yet or another one at work, 5 a folder that cannot be
written, 6 late, when asked.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import ValidationError

from pipeline.console import Console, Form
from pipeline.problems import BadInput, PublisherError, bad_input
from pipeline.progress import Say
from pipeline.registry.load import jurisdictions
from pipeline.schedule.ledger import AlreadyRunning
from pipeline.settings import Settings
from pipeline.warehouse.release import AlreadyBuilding, NoRelease

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Veiviser: which child-welfare services need guidance most, how sure are we, and did the guidance help?",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
FAILED, BAD_INPUT, PUBLISHER, NOTHING_YET, NO_ACCESS, LATE = 1, 2, 3, 4, 5, 6

Where = Annotated[
    list[str] | None, typer.Option("--jurisdiction", "-j", help="norway, england; may be repeated; all when left out.")
]
One = Annotated[str, typer.Option("--jurisdiction", "-j", help="norway or england.")]
AsOf = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Leave out what was published later.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Checks = Annotated[Literal["services"], typer.Argument(help="services: the published list of joint services.")]
Again = Annotated[bool, typer.Option(help="Build also when the release stands already.")]


console = Console()


@app.callback()
def _steps_go(
    log: Annotated[Form | None, typer.Option(help="How steps are told on stderr; VEIVISER_LOG says the same.")] = None,
) -> None:
    try:
        console.form = log or Settings().log
    except ValidationError as error:
        wrong = error.errors()[0]
        raise bad_input(
            "environment", "", f"VEIVISER_{wrong['loc'][0]}".upper(), wrong["input"], wrong["msg"]
        ) from None


def _say(jurisdiction: str) -> Say:
    """Steps go to stderr, so that stdout stays for results."""
    return console.say(jurisdiction)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@app.command()
def fetch(
    datasets: Annotated[list[str] | None, typer.Argument(help="Which datasets; all when left out.")] = None,
    jurisdiction: One = "norway",
) -> None:
    """Put what publishers have that is newer into the archive. Example: veiviser fetch ssb_12305."""
    from pipeline import jobs

    faults, waits = set(), False
    for outcome in jobs.fetch(jurisdiction, datasets or (), _say(jurisdiction)):
        (console.complain if outcome.fault else typer.echo)(str(outcome))
        faults.add(outcome.fault)
        waits |= outcome.again_at is not None
    if "publisher" in faults:
        raise typer.Exit(PUBLISHER)
    if "ours" in faults:
        raise typer.Exit(BAD_INPUT)
    if waits:
        raise typer.Exit(NOTHING_YET)


@app.command()
def discover(
    words: Annotated[list[str] | None, typer.Argument(help="Words in the titles; barnevern when left out.")] = None,
    jurisdiction: One = "norway",
    as_json: AsJson = False,
) -> None:
    """Find tables, and hold those that are declared against what the publisher has. Example: veiviser discover."""
    from pipeline import jobs
    from pipeline.sources.discovery import lines

    found = jobs.discover(jurisdiction, " ".join(words or ["barnevern"]))
    if as_json:
        rows = [asdict(each) | {"is_error": each.is_error} for each in found]
        typer.echo(json.dumps(rows, ensure_ascii=False))
    else:
        typer.echo("\n".join(lines(found)))
    broken = [each for each in found if each.is_error]
    for each in broken:
        typer.echo(f"{each.dataset}: {each.standing}: {'; '.join(each.told)}", err=True)
    if broken:
        raise typer.Exit(PUBLISHER)


@app.command()
def drop(
    jurisdiction: One = "norway",
    template: Annotated[str | None, typer.Option(metavar="KIND", help="Write an empty file of a kind instead.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the template goes: .xlsx or .csv.")] = None,
) -> None:
    """Take in the files that people put into the watched folder. Example: veiviser drop --template inspection."""
    from pipeline import jobs
    from pipeline.settings import Settings

    if template is not None:
        typer.echo(jobs.drop_template(jurisdiction, template, out))
        return
    taken = jobs.drop(jurisdiction)
    for each in taken:
        typer.echo(str(each))
    if not taken:
        typer.echo(f"{jurisdiction}: no files in {Settings().drops / jurisdiction}")
    if any(each.outcome in ("refused", "failed") for each in taken):
        raise typer.Exit(BAD_INPUT)


@app.command()
def build(jurisdiction: Where = None, as_of: AsOf = None, again: Again = False) -> None:
    """Build the release from the archive. Example: veiviser build -j norway --as-of 2026-04-01."""
    from pipeline import jobs

    for each in jurisdiction or jurisdictions():
        built = jobs.build_release(each, _day(as_of), again, _say(each))
        typer.echo(f"{each}: {'built' if built.is_new else 'nothing new;'} {built.path}")


@app.command()
def report(jurisdiction: Where = None) -> None:
    """Write pages and packs from the current release. Example: veiviser report -j norway."""
    from pipeline import jobs

    for each in jurisdiction or jurisdictions():
        pages = jobs.write_reports(each, _say(each))
        typer.echo(f"{each}: {len(pages)} files; open {pages[0]}")


@app.command()
def run(jurisdiction: Where = None, as_of: AsOf = None, again: Again = False) -> None:
    """Build, then report: everything, from the archive to the pages. Example: veiviser run."""
    from pipeline import jobs

    opened = []
    for each in jurisdiction or jurisdictions():
        jobs.build_release(each, _day(as_of), again, _say(each))
        opened.append((each, jobs.write_reports(each, _say(each))))
    typer.echo("Done. Open in a browser:")
    for each, pages in opened:
        shortlists = next((page.parent for page in pages if page.suffix == ".xlsx"), None)
        typer.echo(f"  {each}: {pages[0]}" + (f"\n    shortlists: {shortlists}" if shortlists else ""))


@app.command()
def why(
    words: Annotated[list[str], typer.Argument(metavar="INDICATOR UNIT PERIOD | PLACE [DAY]")],
    jurisdiction: One = "norway",
    as_json: AsJson = False,
) -> None:
    """Walk from a number to its raw cells, or tell who a place was.

    Example: veiviser why caseload 4647 2025; or veiviser why 1432; or veiviser why Førde 2018-06-01.
    """
    from pipeline import telling
    from pipeline.api import open_release

    if len(words) > 3:
        raise bad_input("why", "", "words", " ".join(words), "an indicator, a unit and a period; or a place, and a day")
    release = open_release(jurisdiction)
    if len(words) == 3:
        number = release.why(*words)
        typer.echo(number.to_json() if as_json else telling.number(number))
    else:
        history = release.who(*words)
        if as_json:
            typer.echo(history.to_json(orient="records", date_format="iso"))
            return
        codes = set(history["municipality_code"])
        typer.echo("\n".join(filter(None, [telling.place(history), telling.inspections(release.inspections(codes))])))


@app.command()
def rank(
    round_id: Annotated[str | None, typer.Option("--round", help="The current one when left out.")] = None,
    weight: Annotated[list[str] | None, typer.Option(help="timeliness=2; of a dimension; may be repeated.")] = None,
    top: Annotated[int | None, typer.Option(help="How many places.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="An indicator to leave out; may be repeated.")] = None,
    as_of: AsOf = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Tell who moved since then.")] = None,
    jurisdiction: One = "norway",
    as_json: AsJson = False,
) -> None:
    """Rank with other choices, or tell who moved. Example: veiviser rank --weight timeliness=2 --top 19."""
    from pipeline import telling
    from pipeline.api import open_release

    release = open_release(jurisdiction, as_of=_day(as_of))
    if since is not None:
        compared = release.compare(open_release(jurisdiction, as_of=_day(since)), round_id)
        told = compared.services.to_json(orient="records") if as_json else telling.comparison(compared)
    else:
        found = release.rank(round_id, weights=telling.weights(weight or []), top=top, without=without or ())
        told = (
            found.to_json(orient="records")
            if as_json
            else telling.ranking(found, top or release.tier_top, release.is_synthetic)
        )
    typer.echo(told)


@app.command("list")
def list_(what: str, jurisdiction: One = "norway", as_json: AsJson = False) -> None:
    """List indicators, datasets, cohorts, measures, protocols, breaks, units, offices, tables, checks, releases, runs.

    Example: veiviser list indicators -j england.
    """
    from pipeline import listing

    rows = listing.rows(what, jurisdiction)
    if as_json:
        typer.echo(json.dumps(rows, default=str, ensure_ascii=False))
        return
    for row in rows:
        typer.echo("  ".join(str(cell) for cell in row.values()))


@app.command()
def check(what: Checks, jurisdiction: One = "norway", as_json: AsJson = False) -> None:
    """Find what is wrong in our register of services and in the published list. Example: veiviser check services."""
    from pipeline import jobs

    checked = jobs.check_services(jurisdiction, _say(jurisdiction))
    if as_json:
        entries = [asdict(entry) | {"is_error": entry.is_error} for entry in checked.entries]
        told = {"entries": entries, "problems": [asdict(each) for each in checked.problems], "letter": checked.letter}
        typer.echo(json.dumps(told, default=str, ensure_ascii=False))
    else:
        typer.echo("\n".join(_found(jurisdiction, checked)))
    if checked.problems:
        raise typer.Exit(BAD_INPUT)


def _found(jurisdiction: str, checked: Any) -> Iterator[str]:
    """A check as text: errors first, lesser remarks after, then what is left to mend."""
    if checked.published is None:
        yield f"{jurisdiction}: there is no register of services to check"
    for entry in checked.entries:
        by = f", corrected by {', '.join(entry.corrections)}" if entry.is_mended else ", not corrected"
        yield f"error{by}:" if entry.is_error else "remark:"
        yield from (f"  {finding.problem(checked.published.listed)}" for finding in entry.findings)
    for each in checked.published.applied if checked.published else ():
        yield f"correction {each.id}: " + (f"reported {each.reported}" if each.reported else "not reported yet")
    if checked.letter:
        yield f"letter to send: {checked.letter}"
    yield f"{jurisdiction}: {len(checked.problems)} to mend"
    yield from (f"  {problem}" for problem in checked.problems)


@app.command()
def schedule(
    jurisdiction: Where = None,
    once: Annotated[bool, typer.Option(help="Do what is due, and end: for a timer.")] = False,
) -> None:
    """Do what is due by the publishers' calendar, again and again. Example: veiviser schedule --once."""
    from pipeline import jobs

    where = jurisdiction or jobs.scheduled()
    if not once:
        jobs.run_always(where, _say, _ran, time.sleep)
    done = []
    try:
        for each in where:
            done += (runs := jobs.run_due(each, _say(each)))
            _ran(each, runs)
            if not runs:
                typer.echo(f"{each}: nothing is due")
    finally:
        jobs.alert(where, _say(""))
    if any(run.outcome != "done" for run in done):
        raise typer.Exit(FAILED)


def _ran(jurisdiction: str, runs: list[Any]) -> None:
    """One line a rule that was served."""
    for run in runs:
        told = "; ".join(filter(None, [", ".join(run.news), run.words])) or "nothing new"
        typer.echo(f"{jurisdiction}: {run.rule}, due {run.due:%Y-%m-%d %H:%M} UTC: {run.outcome}: {told}")


@app.command()
def status(
    jurisdiction: Where = None,
    as_json: AsJson = False,
    fail_if_late: Annotated[bool, typer.Option(help="End with 6 when something is late: for monitoring.")] = False,
) -> None:
    """Tell what ran last, what is due next, and what is late. Example: veiviser status -j norway."""
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
            typer.echo(_alerted(each))
    if fail_if_late and any(each.is_late for each in told):
        raise typer.Exit(LATE)


def _alerted(sent: Any) -> str:
    """What became of the last digest of a channel."""
    at = f" on {sent.at:%Y-%m-%d %H:%M} UTC" if sent.outcome != "never" else ""
    said = {"sent": "sent", "failed": "NOT SENT", "never": "not used yet"}[sent.outcome]
    return f"alerts by {sent.channel}: {said}{at}: {sent.words}"


@app.command()
def alert(
    jurisdiction: Where = None,
    test: Annotated[bool, typer.Option(help="Send a test digest to every channel.")] = False,
) -> None:
    """Tell whom alerts go to, and what would be said now; nothing is sent without --test. Example: veiviser alert."""
    from pipeline import jobs
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
        typer.echo(_alerted(each))
    if any(each.outcome == "failed" for each in sent):
        raise typer.Exit(FAILED)


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@app.command()
def dictionary() -> None:
    """Print all indicators as Markdown. Example: veiviser dictionary > docs/indicators.md."""
    from pipeline.dictionary import page

    typer.echo(page(), nl=False)


@app.command()
def path(jurisdiction: One = "norway") -> None:
    """Print the current release's DuckDB file. Example: duckdb -readonly $(veiviser path)."""
    from pipeline.registry.load import load
    from pipeline.settings import Settings
    from pipeline.warehouse.release import current

    typer.echo(current(Settings().processed / load(jurisdiction).jurisdiction.id))


@app.command()
def simulate(
    out: Annotated[Path | None, typer.Option(help="Archive to write into; the project's own when left out.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another country with the same statistics.")] = None,
) -> None:
    """Write a synthetic Norway into an archive. Example: veiviser simulate --out /tmp/raw --seed 7."""
    from pipeline import synthetic

    for file in synthetic.archive_country(out, seed, _say("norway")):
        typer.echo(file)


def main() -> None:
    """Runs a verb, and tells the operator's mistakes apart from ours."""
    try:
        app()
    except BadInput as error:
        told = [f"Bad input; {len(error.problems)} to mend:", *map(str, error.problems)]
        console.complain("\n  ".join(told))
        sys.exit(BAD_INPUT)
    except PublisherError as error:
        console.complain(str(error))
        sys.exit(PUBLISHER)
    except (NoRelease, AlreadyBuilding, AlreadyRunning) as error:
        console.complain(str(error))
        sys.exit(NOTHING_YET)
    except PermissionError as error:
        console.complain(f"cannot write {error.filename}: check its rights, or set VEIVISER_HOME to another folder")
        sys.exit(NO_ACCESS)
    finally:
        console.stop()
