"""Verbs that answer what there is and whence it comes. Verbs only, no logic."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from pipeline.cli_app import BAD_INPUT, AsJson, AsOf, Checks, One, app, day, steps_of
from pipeline.problems import bad_input


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
            typer.echo(history.to_json(orient="records", date_format="iso", force_ascii=False))
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

    if since is not None and (weight or top or without):
        raise bad_input("rank", "", "since", f"{since:%Y-%m-%d}", "no other choice: both rankings are as declared")
    release = open_release(jurisdiction, as_of=day(as_of))
    if since is not None:
        compared = release.compare(open_release(jurisdiction, as_of=day(since)), round_id)
        told = (
            compared.services.to_json(orient="records", force_ascii=False) if as_json else telling.comparison(compared)
        )
    else:
        found = release.rank(round_id, weights=telling.weights(weight or []), top=top, without=without or ())
        told = (
            found.to_json(orient="records", force_ascii=False)
            if as_json
            else telling.ranking(found, top or release.tier_top, release.is_synthetic)
        )
    typer.echo(told)


@app.command()
def power(
    protocol: Annotated[str | None, typer.Argument(help="All when left out.")] = None,
    runs: Annotated[int, typer.Option(min=50, help="Simulated programmes; more take longer and vary less.")] = 300,
    jurisdiction: One = "norway",
    as_json: AsJson = False,
) -> None:
    """Simulate a programme as declared: the smallest effect it could show. Example: veiviser power cohort_2018."""
    from pipeline import telling
    from pipeline.api import open_release

    release = open_release(jurisdiction)
    found = release.power(protocol, runs, steps_of(jurisdiction))
    typer.echo(
        found.to_json(orient="records", force_ascii=False) if as_json else telling.power(found, release.is_synthetic)
    )


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
    from pipeline import jobs, telling

    checked = jobs.check_services(jurisdiction, steps_of(jurisdiction))
    if as_json:
        entries = [asdict(entry) | {"is_error": entry.is_error} for entry in checked.entries]
        told = {"entries": entries, "problems": [asdict(each) for each in checked.problems], "letter": checked.letter}
        typer.echo(json.dumps(told, default=str, ensure_ascii=False))
    else:
        typer.echo("\n".join(telling.services(jurisdiction, checked)))
    if checked.problems:
        raise typer.Exit(BAD_INPUT)


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
