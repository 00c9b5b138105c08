"""The archive of what publishers sent: written once, never changed, each file with a sidecar that says whence.

data/raw/norway/ssb_12305/20260615T0600_9f3ac2d1.json
data/raw/norway/ssb_12305/20260615T0600_9f3ac2d1.toml
"""

import hashlib
import os
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import tomli_w
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import DatasetBase
from pipeline.sources import limits


class Sidecar(BaseModel):
    """What is known about a file in the archive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str
    address: str
    query: str = ""
    question: str = ""  # what was asked for, in short: a second answer of one vintage takes the place of the first
    part: Annotated[str, Field(pattern=r"^([1-9]\d*/[1-9]\d*)?$")] = ""  # "1/3": a vintage that came in three files
    publisher: str
    licence: str
    published: AwareDatetime
    published_is_known: bool = True  # otherwise the day it was gathered, or first known to be out, stands there
    retrieved: AwareDatetime
    sha256: str
    synthetic: bool = False
    note: str = ""


class ArchivedFile(BaseModel):
    """A file in the archive with its sidecar; `file_id` is its path below the jurisdiction."""

    model_config = ConfigDict(frozen=True)

    path: Path
    sidecar: Sidecar

    @property
    def file_id(self) -> str:
        """`<dataset>/<name>`: how tables and errors call the file."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def published_on(self) -> date:
        """The day it was published, in UTC."""
        return self.sidecar.published.astimezone(UTC).date()

    def changed(self) -> tuple[Problem, ...]:
        """The problem that its bytes are no longer those that came, if so."""
        try:
            self.body()
        except BadInput as error:
            return error.problems
        return ()

    def body(self) -> bytes:
        """The bytes as sent, checked against the hash of the day they came.

        Raises BadInput when they have changed since.
        """
        limits.check_size(self.path.stat().st_size, self.file_id)
        body = self.path.read_bytes()
        if hashlib.sha256(body).hexdigest() != self.sidecar.sha256:
            raise bad_input(
                self.file_id, "", "sha256", hashlib.sha256(body).hexdigest()[:12] + "…",
                f"{self.sidecar.sha256[:12]}…, as when it was archived: restore the file from a backup",
            )  # fmt: skip
        return body


def archive(
    folder: Path,
    dataset: DatasetBase,
    body: bytes,
    extension: str,
    published: datetime,
    retrieved: datetime,
    again: bool = False,
    **more: Any,
) -> Path:
    """Puts a delivery into the archive, and returns where; the same bytes of the same time again are no news.

    folder: the jurisdiction's archive. again: it answers another question about a vintage that is there, so the same
    bytes are a file of their own. more: further fields of the sidecar (query, synthetic, note).
    """
    sidecar = Sidecar(
        dataset=dataset.id,
        address=dataset.address,
        publisher=dataset.publisher,
        licence=dataset.licence,
        published=published,
        retrieved=retrieved,
        sha256=hashlib.sha256(body).hexdigest(),
        **more,
    )
    sent = body + f"{sidecar.question} {retrieved.isoformat()}".encode() if again else body
    name = f"{published.astimezone(UTC):%Y%m%dT%H%M}_{hashlib.sha256(sent).hexdigest()[:8]}"
    path = folder / dataset.id / f"{name}.{extension}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_once(path.with_suffix(".toml"), tomli_w.dumps(sidecar.model_dump()).encode())
        _write_once(path, body)
    return path


def _write_once(path: Path, content: bytes) -> None:
    """Written beside and renamed, so that a killed run leaves no half file under the final name."""
    part = path.with_name(path.name + ".part")
    for left in (part, path):
        if left.exists():  # a killed run left it, read only: Windows neither removes nor replaces such a file
            left.chmod(0o644)
    part.unlink(missing_ok=True)
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.chmod(0o444)
    part.replace(path)


def scan(folder: Path, datasets: dict[str, DatasetBase]) -> list[ArchivedFile]:
    """The files of the archive, in a fixed order; names that start with a dot are left alone.

    A vintage in several parts counts once all of them are there: until then none of its files is returned. Of a vintage
    that was asked for again, because something else is declared by now, the last answer is returned; so it is of a part
    that was sent again after a fetch was stopped.

    Raises BadInput for a file without a sidecar, an undeclared dataset, or two files for one dataset and vintage.
    """
    problems: list[Problem] = []
    files = []
    for path in sorted(folder.glob("*/*")):
        if path.suffix in (".toml", ".part", ".md") or path.name.startswith(".") or path.is_dir():
            continue
        try:
            files.append(_with_sidecar(path, datasets))
        except BadInput as error:
            problems += error.problems
    files = _answered_last(_sent_last(_whole(files)))
    problems += _doubles(files)
    if problems:
        raise BadInput(sorted(problems))
    return files


def _whole(files: list[ArchivedFile]) -> list[ArchivedFile]:
    """Without the parts of vintages that are not all there: a fetch was stopped, and the next one completes it."""
    parts = defaultdict(set)
    for file in files:
        parts[_vintage(file)].add(file.sidecar.part)
    return [
        file
        for file in files
        if not file.sidecar.part or len(parts[_vintage(file)]) == int(file.sidecar.part.partition("/")[2])
    ]


def _vintage(file: ArchivedFile) -> tuple[str, datetime, str, str]:
    """What the parts of a vintage have in common: dataset, moment, question, and how many they are."""
    each = file.sidecar
    return each.dataset, each.published, each.question, each.part.partition("/")[2]


def _sent_last(files: list[ArchivedFile]) -> list[ArchivedFile]:
    """Without the answers that a later one to the same question, about the same part of the vintage, replaces."""
    last: dict[tuple[object, ...], datetime] = {}
    for file in files:
        key = (*_vintage(file), file.sidecar.part)
        last[key] = max(file.sidecar.retrieved, last.get(key, file.sidecar.retrieved))
    return [
        file
        for file in files
        if not file.sidecar.question or file.sidecar.retrieved == last[*_vintage(file), file.sidecar.part]
    ]


def _answered_last(files: list[ArchivedFile]) -> list[ArchivedFile]:
    """Without the answers that a later one about the same vintage, to another question or in other parts, replaces."""
    asked = sorted((file for file in files if file.sidecar.question), key=lambda each: each.sidecar.retrieved)
    last = {(each.sidecar.dataset, each.sidecar.published): each for each in asked}
    return [file for file in files if not _is_replaced(file, last)]


def _is_replaced(old: ArchivedFile, last: dict[tuple[str, datetime], ArchivedFile]) -> bool:
    new = last.get((old.sidecar.dataset, old.sidecar.published), old)
    return _vintage(new) != _vintage(old) and new.sidecar.retrieved > old.sidecar.retrieved


def _with_sidecar(path: Path, datasets: dict[str, DatasetBase]) -> ArchivedFile:
    name = f"{path.parent.name}/{path.name}"
    if path.parent.name not in datasets:
        raise bad_input(name, "", "dataset", path.parent.name, "one of " + ", ".join(sorted(datasets)))
    try:
        return ArchivedFile(
            path=path, sidecar=Sidecar(**tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8")))
        )
    except FileNotFoundError:
        raise bad_input(
            name, "", "sidecar", None, f"a file {path.stem}.toml that says where this one is from"
        ) from None
    except (ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise bad_input(
            f"{path.parent.name}/{path.stem}.toml", "", "sidecar", str(error), "a complete sidecar"
        ) from None


def _doubles(files: Iterable[ArchivedFile]) -> list[Problem]:
    """Two files that claim to be the same vintage of the same dataset, or the same part of one."""
    vintages = defaultdict(list)
    parts = defaultdict(list)
    for file in files:
        vintages[file.sidecar.dataset, file.sidecar.published].append(file.file_id)
        parts[file.sidecar.dataset, file.sidecar.published].append(file.sidecar.part)
    return [
        Problem(
            " and ".join(ids), "", "published", f"both {published:%Y-%m-%d %H:%M}", f"one file a vintage of {dataset}"
        )
        for (dataset, published), ids in vintages.items()
        if len(ids) > 1 and not _are_parts(parts[dataset, published])
    ]


def _are_parts(parts: list[str]) -> bool:
    """Whether they are 1/3, 2/3 and 3/3, each once."""
    return sorted(parts) == sorted(f"{number}/{len(parts)}" for number in range(1, len(parts) + 1))
