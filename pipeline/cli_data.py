"""Verbs that make something: the archive, releases and reports. Verbs only, no logic."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli_app import (
    BAD_INPUT,
    NOTHING_YET,
    PUBLISHER,
    Again,
    AsJson,
    AsOf,
    One,
    Where,
    app,
    console,
    day,
    steps_of,
)
from pipeline.registry.load import jurisdictions


@app.command()
def fetch(
    datasets: Annotated[list[str] | None, typer.Argument(help="Which datasets; all when left out.")] = None,
    jurisdiction: One = "norway",
) -> None:
    """Put what publishers have that is newer into the archive. Example: veiviser fetch ssb_12305."""
    from pipeline import intake

    faults, waits = set(), False
    for outcome in intake.fetch(jurisdiction, datasets or (), steps_of(jurisdiction)):
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
    from pipeline import intake
    from pipeline.sources.discovery import lines

    found = intake.discover(jurisdiction, " ".join(words or ["barnevern"]))
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
    from pipeline import intake
    from pipeline.settings import Settings

    if template is not None:
        typer.echo(intake.drop_template(jurisdiction, template, out))
        return
    taken = intake.drop(jurisdiction)
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
        built = jobs.build_release(each, day(as_of), again, steps_of(each))
        typer.echo(f"{each}: {'built' if built.is_new else 'nothing new;'} {built.path}")


@app.command()
def report(jurisdiction: Where = None) -> None:
    """Write pages and packs from the current release. Example: veiviser report -j norway."""
    from pipeline import jobs

    for each in jurisdiction or jurisdictions():
        pages = jobs.write_reports(each, steps_of(each))
        typer.echo(f"{each}: {len(pages)} files; open {pages[0]}")


@app.command()
def run(jurisdiction: Where = None, as_of: AsOf = None, again: Again = False) -> None:
    """Build, then report: everything, from the archive to the pages. Example: veiviser run."""
    from pipeline import jobs

    opened = []
    for each in jurisdiction or jurisdictions():
        jobs.build_release(each, day(as_of), again, steps_of(each))
        opened.append((each, jobs.write_reports(each, steps_of(each))))
    typer.echo("Done. Open in a browser:")
    for each, pages in opened:
        shortlists = next((page.parent for page in pages if page.suffix == ".xlsx"), None)
        typer.echo(f"  {each}: {pages[0]}" + (f"\n    shortlists: {shortlists}" if shortlists else ""))


@app.command()
def simulate(
    out: Annotated[Path | None, typer.Option(help="Archive to write into; the project's own when left out.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another country with the same statistics.")] = None,
) -> None:
    """Write a synthetic Norway into an archive. Example: veiviser simulate --out /tmp/raw --seed 7."""
    from pipeline import synthetic

    for file in synthetic.archive_country(out, seed, steps_of("norway")):
        typer.echo(file)
