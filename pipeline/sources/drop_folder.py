"""The folder that people put files into: which of them are whole, and what becomes of each.

data/drop/norway/tilsyn_2026-05-01.xlsx               put here
data/drop/norway/.taking/tilsyn_2026-05-01.xlsx       while it is looked at: out of the way of a better one
data/drop/norway/receipts/4f3a9c10_tilsyn_2026-05-01.xlsx.txt
data/drop/norway/quarantine/77ab01ff_tilsyn_2026-04-01.xlsx, as it was, and its receipt beside it
"""

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.problems import bad_input
from pipeline.sources import limits

QUARANTINE, RECEIPTS, TAKING = "quarantine", "receipts", ".taking"
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".download", ".filepart", ".lock")
OPEN_IN = ("~${}", ".~lock.{}#")  # what Excel and LibreOffice put beside a file that somebody has open
NOT_FILES = ("thumbs.db", "desktop.ini")
SETTLE_SECONDS = 10.0  # a file that is being copied changes more often than this


@dataclass(frozen=True)
class Found:
    """A file as it lay there at one look. folder: the watched one, where its receipt goes, wherever it lies itself."""

    folder: Path
    path: Path
    size: int
    changed_ns: int  # of its contents
    touched_ns: int  # of its contents, name or rights; nobody can set it, while a copy may keep the time of contents

    @property
    def name(self) -> str:
        """Its name as it can be shown and written; a name in no encoding has its bytes replaced."""
        return re.sub(r"[\x00-\x1f\x7f]", "�", self.path.name.encode("utf-8", "replace").decode())


def look(folder: Path) -> list[Found]:
    """What lies in the folder, by name: files and links, none that is hidden, unfinished, or open in a program.

    First comes what an earlier run had begun to take.
    """
    names = {path.name for path in folder.iterdir()}
    begun = folder / TAKING
    found = [_seen(folder, path) for path in sorted(begun.iterdir())] if begun.is_dir() else []
    for name in sorted(names):
        unfinished = name.lower().endswith(UNFINISHED) or name.startswith((".", "~$")) or name.lower() in NOT_FILES
        if unfinished or any(lock.format(name) in names for lock in OPEN_IN):
            continue
        try:
            if not stat.S_ISDIR((folder / name).lstat().st_mode):
                found.append(_seen(folder, folder / name))
        except FileNotFoundError:
            continue
    return found


def _seen(folder: Path, path: Path) -> Found:
    seen = path.lstat()
    return Found(folder, path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)


def settled(
    folder: Path, sleep: Callable[[float], None] = time.sleep, clock_ns: Callable[[], int] = time.time_ns
) -> tuple[list[Found], list[Found]]:
    """(files that are whole, files that are still being written): looks, waits until they could be, and looks again."""
    before = look(folder)
    if before:
        age = (clock_ns() - max(each.touched_ns for each in before)) / 1e9
        sleep(min(max(SETTLE_SECONDS - age, SETTLE_SECONDS / 5), SETTLE_SECONDS))  # a server's clock may be behind ours
    after = look(folder)
    oldest = clock_ns() - int(SETTLE_SECONDS * 1e9)
    whole = [each for each in after if each in before and each.touched_ns <= oldest]
    return whole, [each for each in after if each not in whole]


def take(found: Found) -> Found:
    """Moves a file to where nobody else puts one, so that what is read, and at the end removed, is this one alone.

    Raises PermissionError for one that may not be read, FileExistsError while another of that name could not be taken.
    """
    taking = found.folder / TAKING
    if found.path.parent == taking:
        return found
    if not found.path.is_symlink() and not os.access(found.path, os.R_OK):
        raise PermissionError(found.name)
    taking.mkdir(mode=0o700, exist_ok=True)
    path = taking / found.path.name
    if os.path.lexists(path):
        raise FileExistsError(found.name)
    return replace(found, path=found.path.rename(path))


def content(found: Found) -> bytes:
    """The bytes. Raises BadInput for a link, anything that is no file, a file too large, or one that changed since."""
    if found.path.is_symlink():
        raise bad_input(found.name, "", "file", "a link", "the file itself")
    limits.check_size(found.size, found.name)
    handle = os.open(
        found.path,
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0),
    )
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise bad_input(found.name, "", "file", "a device or a pipe", "a file")
        body = file.read(limits.MAX_FILE_BYTES + 1)
        seen = os.fstat(handle)
    if (seen.st_size, seen.st_mtime_ns) != (found.size, found.changed_ns) or len(body) != found.size:
        raise Changing(found.name)
    return body


class Changing(Exception):
    """A file that is no longer the one that was looked at: the next look takes it."""


def to_quarantine(found: Found, body: bytes | None, receipt: str) -> Path:
    """Moves a file out of the way, its bytes untouched, its receipt written first; returns the receipt."""
    return _put_away(found, body, receipt, QUARANTINE, keeps=True)


def received(found: Found, body: bytes, receipt: str) -> Path:
    """Removes a file whose bytes are in the archive, its receipt written first; returns the receipt."""
    return _put_away(found, body, receipt, RECEIPTS, keeps=False)


def _put_away(found: Found, body: bytes | None, receipt: str, place: str, keeps: bool) -> Path:
    """Killed in between, the file still lies there, and is put away again under the same names."""
    folder = found.folder / place
    folder.mkdir(exist_ok=True)
    unread = f"{found.size} {found.changed_ns}".encode()  # so that another of the same name takes no one's place
    mark = hashlib.sha256(body if body is not None else unread).hexdigest()[:8]
    name = _short(found.name)
    told = folder / f"{mark}_{name}.txt"
    part = told.with_name(told.name + ".part")
    part.write_text(receipt, encoding="utf-8-sig", newline="\r\n")  # so that the simplest editors show it right
    part.replace(told)
    seen = found.path.lstat()
    if (seen.st_size, seen.st_mtime_ns) != (found.size, found.changed_ns):
        raise Changing(found.name)
    if keeps:
        found.path.replace(folder / f"{mark}_{name}")
    else:
        found.path.unlink()
    return told


def _short(name: str) -> str:
    """A name that leaves room for what is written around it."""
    written = name.encode()
    return name if len(written) <= 200 else (written[:90] + b"..." + written[-90:]).decode(errors="ignore")
