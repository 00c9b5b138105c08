"""Takes in what people dropped: into the archive what is sound, into quarantine what is not, and a receipt of each."""

import hashlib
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from pipeline.problems import BadInput, bad_input
from pipeline.registry.dataset import DatasetBase
from pipeline.registry.load import Registry
from pipeline.sources import drop_folder
from pipeline.sources.complaint import Complaint
from pipeline.sources.drop_folder import Changing, Found
from pipeline.sources.fetch import SYNTHETIC
from pipeline.sources.landing import archive, scan
from pipeline.sources.receipt import Outcome, receipt
from pipeline.sources.rows import WORKBOOK
from pipeline.warehouse.build import known_files
from pipeline.warehouse.door import Door

DAY = re.compile(r"(?<!\d)([0-9]{4})[-_.]?([0-9]{2})[-_.]?([0-9]{2})(?!\d)")
PLAIN = str.maketrans({"æ": "ae", "ø": "o", "å": "a", " ": "_", "-": "_", ".": "_"})
EXTENSIONS = (".csv", ".txt", ".xlsx")


@dataclass(frozen=True)
class Taken:
    """What became of a file. stored: its id in the archive, where it is. why: it is left alone, without a receipt.

    `left` is a file that is still being written; `failed` is one that somebody must help, with the disk or with rights.
    """

    name: str
    dataset: str
    outcome: Outcome | Literal["left", "failed"]
    why: str = ""
    faults: int = 0
    stored: str = ""
    receipt: Path | None = None

    def __str__(self) -> str:
        if self.outcome in ("left", "failed"):
            return f"{self.name}: left alone ({self.why})"
        if self.outcome == "refused":
            return f"{self.name}: refused ({self.faults} to mend: {self.receipt})"
        return f"{self.name}: {'accepted' if self.outcome == 'accepted' else 'nothing new'} ({self.stored})"


def kinds(registry: Registry) -> dict[str, DatasetBase]:
    """The datasets whose files people may drop."""
    return {name: dataset for name, dataset in registry.datasets.items() if dataset.drop is not None}


def take_in(
    registry: Registry,
    raw: Path,
    drops: Path,
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Taken]:
    """Takes in what lies in the folder `drops` now, a file after the other; `raw` is the jurisdiction's archive.

    A file that the disk or its rights keep from being taken stops no other.
    Killed at any moment it leaves each file in the folder, in the archive, or both, and the next one goes on.
    Raises BadInput for an archive that cannot be read, NoRelease for an empty one; then no file is touched.
    """
    if not drops.is_dir():
        return
    whole, unfinished = drop_folder.settled(drops, sleep)
    door = Door(registry, known_files(raw, registry)) if whole else None
    for found in whole:
        assert door is not None
        try:
            yield _take(drop_folder.take(found), registry, raw, door, now())
        except (Changing, FileNotFoundError):
            unfinished.append(found)
        except PermissionError:
            yield Taken(found.name, "", "failed", "it may not be read or moved: check its rights, and the folder's")
        except FileExistsError:
            yield Taken(found.name, "", "failed", "the one of that name before it could not be taken yet")
        except OSError as error:
            yield Taken(found.name, "", "failed", f"it could not be taken: {error}; check the disk, and mounts")
    yield from (Taken(found.name, "", "left", "still being written") for found in unfinished)


def _take(found: Found, registry: Registry, raw: Path, door: Door, now: datetime) -> Taken:
    body, dataset = None, None
    archived = scan(raw, registry.datasets)
    try:
        dataset = kind_of(found.name, registry)
        body = drop_folder.content(found)
        known = [file for file in archived if file.sidecar.dataset == dataset.id]
        sha256 = hashlib.sha256(body).hexdigest()
        same = next((file for file in known if file.sidecar.sha256 == sha256), None)
        if same is not None:
            told = receipt(found.name, dataset.title, now, "known", same.file_id, [])
            path = drop_folder.received(found, body, told)
            return Taken(found.name, dataset.id, "known", stored=same.file_id, receipt=path)
        if any(file.sidecar.synthetic for file in known):
            raise bad_input(found.name, "", "archive", "synthetic deliveries", f"real ones alone: {SYNTHETIC}")
        zone = registry.calendar.zone if registry.calendar else UTC
        day = day_of(found.name, dataset, now.astimezone(zone).date())
        published = _published(found, day, now, {file.sidecar.published for file in known})
        faults = door.faults(body, dataset, found.name, published.date())
    except BadInput as error:
        faults = [Complaint.of_problem(problem) for problem in error.problems]
    if faults or dataset is None or body is None:
        told = receipt(found.name, dataset.title if dataset else "", now, "refused", "", faults)
        path = drop_folder.to_quarantine(found, body, told)
        return Taken(found.name, dataset.id if dataset else "", "refused", faults=len(faults), receipt=path)
    extension = "xlsx" if body.startswith(WORKBOOK) else "csv"
    stored = archive(
        raw, dataset, body, extension, published, now,
        published_is_known=day is not None, note=f"dropped as {found.name}",
    )  # fmt: skip
    file_id = f"{dataset.id}/{stored.name}"
    path = drop_folder.received(found, body, receipt(found.name, dataset.title, now, "accepted", file_id, []))
    return Taken(found.name, dataset.id, "accepted", stored=file_id, receipt=path)


def kind_of(name: str, registry: Registry) -> DatasetBase:
    """The dataset that a file name begins with. Raises BadInput for none, with those there are, or a strange ending."""
    plain = unicodedata.normalize("NFC", name).casefold().translate(PLAIN)  # a Mac writes å as two signs
    fitting = {
        begins: dataset
        for id_, dataset in kinds(registry).items()
        for begins in (id_, *(dataset.drop.names if dataset.drop else ()))
        if re.match(rf"{begins}(?![a-z])", plain)
    }
    if not fitting:
        known = [f"{id_} ({', '.join(each.drop.names)})" for id_, each in kinds(registry).items() if each.drop]
        raise bad_input(name, "", "file name", name, "a name that begins with one of " + "; ".join(known))
    if not name.lower().endswith(EXTENSIONS):
        raise bad_input(name, "", "file name", name, "a file saved as " + " or ".join(EXTENSIONS))
    return fitting[max(fitting, key=len)]


def day_of(name: str, dataset: DatasetBase, today: date) -> date | None:
    """The day in a file name; nothing where none is needed and there. Raises BadInput for what cannot be one."""
    allowed = f"one day until {today} in the name, as in {dataset.id}_{today}.csv"
    days = set()
    for found in DAY.findall(name):
        try:
            days.add(date(*map(int, found)))
        except ValueError:
            raise bad_input(name, "", "file name", "-".join(found), allowed) from None
    if len(days) > 1 or max(days, default=today) > today:
        raise bad_input(name, "", "file name", " and ".join(map(str, sorted(days))), allowed)
    if not days and dataset.drop is not None and dataset.drop.day == "named":
        raise bad_input(name, "", "file name", name, allowed)
    return next(iter(days), None)


def _published(found: Found, day: date | None, now: datetime, taken: set[datetime]) -> datetime:
    """The moment of the file: its day, or when it was last changed; a minute later for each that has that moment."""
    changed = min(datetime.fromtimestamp(found.changed_ns // 10**9, UTC), now)
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else changed.replace(second=0, microsecond=0)
    while moment in taken:
        moment += timedelta(minutes=1)
    return moment
