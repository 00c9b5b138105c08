"""What the verbs share: the app, its options, exit codes, and where steps go."""

from datetime import date, datetime
from typing import Annotated, Literal

import typer
from pydantic import ValidationError

from pipeline.console import Console, Form
from pipeline.problems import bad_input
from pipeline.progress import Say
from pipeline.settings import Settings

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


def steps_of(jurisdiction: str) -> Say:
    """Steps go to stderr, so that stdout stays for results."""
    return console.say(jurisdiction)


def day(moment: datetime | None) -> date | None:
    """The day alone: typer has no such option."""
    return moment.date() if moment else None
