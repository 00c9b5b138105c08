"""The letter to the owner of a list of joint services, in bokmål: what stands there, what should, and why."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.registry.dataset import ReferenceDataset
from pipeline.reports.voice import Voice
from pipeline.sources.landing import Sidecar
from pipeline.warehouse.list_check import ListCheck

TEMPLATES = Path(__file__).parent / "templates"
# The remarks that the owner can mend: a row of a city district, or of Svalbard, is no fault.
SPELLINGS = {"misspelt_name", "named_differently"}
COPY = "Copy: "  # how the note of a sidecar says whence the copy is


def letter_name(dataset: ReferenceDataset) -> str:
    """Where the letter lies below the reports of a jurisdiction."""
    day = f"_{dataset.members.day}" if dataset.members else ""
    return f"letters/{dataset.id}{day}.md"


def list_letter(check: ListCheck, dataset: ReferenceDataset, sidecar: Sidecar) -> bytes:
    """The letter as Markdown; every date in it is from the registry or the sidecar, none from the clock."""
    say = Voice("nb")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # Markdown, not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    text = environment.get_template("list_letter.md.j2").render(
        dataset=dataset,
        columns=dataset.columns,
        rows=len(check.listed.rows),
        day=say.date(check.listed.written.day),
        retrieved=say.date(sidecar.retrieved.date()),
        copy=sidecar.note.partition(COPY)[2],
        sha256=sidecar.sha256,
        entries=sum(entry.is_error for entry in check.entries),
        corrections=check.applied,
        left=check.left,
        spellings=[each for entry in check.entries for each in entry.findings if each.kind in SPELLINGS],
        date=say.date,
    )
    return text.encode()
