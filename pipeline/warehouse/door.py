"""What a delivery must be to enter the archive: asked as the build will ask it, so that no file in it stops a build."""

import traceback
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import cached_property

import duckdb
import pandas as pd

from pipeline.problems import BadInput
from pipeline.registry.dataset import DatasetBase, MapDataset, RecordDataset, ReferenceDataset
from pipeline.registry.load import Registry
from pipeline.registry.programme import Office
from pipeline.sources import records
from pipeline.sources.complaint import WHOLE_FILE, Complaint
from pipeline.sources.landing import ArchivedFile
from pipeline.warehouse.delivery_checks import CodesInUse, check_observations, check_reference
from pipeline.warehouse.geography import geography
from pipeline.warehouse.load import READERS


class Door:
    """Asks deliveries; the code lists of the archive are read when the first one needs them."""

    def __init__(self, registry: Registry, files: list[ArchivedFile]) -> None:
        self._registry, self._files = registry, files

    def faults(self, body: bytes, dataset: DatasetBase, name: str, day: date) -> list[Complaint]:
        """Everything that is wrong with a delivery of a day; nothing when it may enter.

        A reader of ours that breaks is told as such, so that one file stops neither the others nor a scheduled run.
        """
        try:
            return self._faults(body, dataset, name, day)
        except duckdb.Error:
            raise  # the archive's fault, not the delivery's
        except Exception:
            said = traceback.format_exc(limit=-1).strip().replace("\n", " ")
            ours = (
                "dette er vår feil, ikke din: send oss kvitteringen",
                "this is our failure, not yours: send us this",
            )
            return [Complaint("", "file", said, ours)]

    def _faults(self, body: bytes, dataset: DatasetBase, name: str, day: date) -> list[Complaint]:
        try:
            if isinstance(dataset, RecordDataset):
                return self._records(body, dataset, name, day)
            table = READERS[dataset.kind](body, dataset.on(day), name)  # type: ignore[attr-defined]
        except BadInput as error:
            return [Complaint.of_problem(problem) for problem in error.problems]
        cells = table.assign(file_id=name)
        if isinstance(dataset, MapDataset):
            return []
        if isinstance(dataset, ReferenceDataset):
            problems = check_reference(cells, dataset.role, self._code_list(day))
        else:
            problems = check_observations(cells, dataset, self._registry, self._code_list(day), day)
        return [Complaint.of_problem(problem) for problem in problems]

    def _records(self, body: bytes, dataset: RecordDataset, name: str, day: date) -> list[Complaint]:
        table = records.raw(body, dataset, name)
        codes = records.Codes(self._municipalities, self._registry.offices, day)
        found = records.faults(table, dataset, codes)
        if not found and dataset.compared_with == "offices":
            told = records.office_ids(records.read(body, dataset, name), dataset, self._registry.offices)
            found = list(office_differences(told, self._registry.offices, day))
        return found

    def _code_list(self, day: date) -> CodesInUse:
        """The municipality codes in use on the first day of each year up to the day's."""
        spans = self._municipalities
        codes = records.Codes(spans, self._registry.offices, day)
        carried = frozenset(each.code for each in self._registry.jurisdiction.carried)
        first = min((start.year for each in spans.values() for start, _ in each), default=day.year)
        return CodesInUse(
            {
                year: frozenset(code for code in spans if codes.in_use(code, date(year, 1, 1))) - carried
                for year in range(first, day.year + 1)
            },
            carried,
        )

    @cached_property
    def _municipalities(self) -> dict[str, list[tuple[date, date | None]]]:
        """Each municipality code with the spans of days it was in use."""
        spans = defaultdict(list)
        with geography(self._registry, self._files, ["core.municipality"]) as con:
            for code, first, end in con.execute(
                "SELECT municipality_code, valid_from, valid_to FROM core.municipality ORDER BY ALL"
            ).fetchall():
                spans[code].append((first, end))
        return dict(spans)


def office_differences(told: pd.DataFrame, offices: tuple[Office, ...], day: date) -> Iterator[Complaint]:
    """Where a list of offices differs from offices.toml on a day; a row a county, with `line`, the row in the file."""
    known = {(office.id, each.county): office for office in offices for each in office.counties if each.holds(day)}
    whose = {county: office for (_, county), office in known.items()}
    mend = ("; er listen riktig, må offices.toml endres først", "; if the list is right, mend offices.toml first")

    def differs(line: object, column: str, given: str, right: str) -> Complaint:
        place = f"row {line}" if line else WHOLE_FILE
        return Complaint(place, column, repr(given), (right + mend[0], right + mend[1]))

    for row in told.to_dict("records"):
        office = known.get((row["office_id"], row["county"]))
        if office is None:
            right = whose[row["county"]].name.nb if row["county"] in whose else ", ".join(sorted(whose))
            yield differs(row["line"], "Fylkesnummer", f"{row['county']} {row['office_id']}", right)
            continue
        if office.organisation_number not in (None, row["organisation_number"]):
            yield differs(
                row["line"], "Organisasjonsnummer", row["organisation_number"], str(office.organisation_number)
            )
        if office.language != row["language"]:
            yield differs(row["line"], "Målform", row["language"], office.language)
    for id_, county in sorted(set(known) - set(zip(told["office_id"], told["county"], strict=True))):
        yield differs(0, "Fylkesnummer", "", f"{county} {known[id_, county].name.nb}")
