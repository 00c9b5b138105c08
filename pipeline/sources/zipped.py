"""Opens a ZIP only when nothing in it can hurt: names, links, encryption, sizes and ratios, asked before unpacking."""

import io
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from zlib import error as ZlibError

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.sources import limits
from pipeline.sources.table import PROBLEMS_SHOWN

END_OF_ZIP = b"PK\x05\x06"  # its record is 22 bytes long, with the length of a comment at byte 20
ENCRYPTED = 0x1
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BROKEN = (
    zipfile.BadZipFile, ZlibError, EOFError, OSError, ValueError, RuntimeError, NotImplementedError, OverflowError,
)  # fmt: skip  # what zipfile raises for damaged, encrypted or unknown contents


@contextmanager
def opened(body: bytes, file: str, within: str = "") -> Iterator[zipfile.ZipFile]:
    """The ZIP, if it is whole and harmless. within: the place to name when it lies inside another.

    A truncated one would often open all the same: as the first whole workbook inside it, which is a ZIP too.
    """
    end = body.rfind(END_OF_ZIP)
    comment_bytes = int.from_bytes(body[end + 20 : end + 22], "little")
    allowed = "a complete ZIP file: fetch it again"
    where = within or f"{len(body)} bytes"
    if end < 0 or end + 22 + comment_bytes != len(body):
        raise bad_input(file, where, "ZIP", "no end of the ZIP", allowed)
    entries = int.from_bytes(body[end + 10 : end + 12], "little")
    if entries > limits.MAX_ZIP_ENTRIES:
        raise bad_input(file, where, "ZIP", f"{entries} entries", f"at most {limits.MAX_ZIP_ENTRIES}")
    try:
        zipped = zipfile.ZipFile(io.BytesIO(body))
    except BROKEN as error:
        raise bad_input(file, where, "ZIP", str(error), allowed) from None
    with zipped:
        _check(zipped, file, within)
        yield zipped


def contents(zipped: zipfile.ZipFile, file: str, within: str = "") -> dict[str, bytes]:
    """Name → unpacked bytes of every file in it. Raises BadInput where a checksum does not agree."""
    found = {}
    problems = []
    for entry in zipped.infolist():
        try:
            if not entry.is_dir():
                found[entry.filename] = zipped.read(entry)
        except BROKEN as error:
            allowed = "an entry whose checksum agrees: fetch it again"
            problems.append(Problem(file, within or entry.filename, "ZIP", f"{entry.filename}: {error}", allowed))
    if problems:
        raise BadInput(problems[:PROBLEMS_SHOWN])
    return found


def _check(zipped: zipfile.ZipFile, file: str, within: str) -> None:
    entries = zipped.infolist()
    if len(entries) > limits.MAX_ZIP_ENTRIES:
        raise bad_input(file, within, "ZIP", f"{len(entries)} entries", f"at most {limits.MAX_ZIP_ENTRIES}")
    problems = []
    seen: set[str] = set()
    for entry in entries:
        for field, given, allowed in _mistakes(entry, seen):
            problems.append(Problem(file, within or entry.filename, field, given, allowed))
        seen.add(entry.filename.lower())
    unpacked = sum(entry.file_size for entry in entries)
    most = limits.MAX_UNPACKED_BYTES
    if unpacked > most:
        problems.append(Problem(file, within, "size", f"{unpacked} bytes unpacked", f"at most {most} bytes unpacked"))
    if problems:
        raise BadInput(problems[:PROBLEMS_SHOWN])


def _mistakes(entry: zipfile.ZipInfo, seen: set[str]) -> Iterator[tuple[str, str, str]]:
    """(field, given, allowed) for what is not allowed of an entry."""
    name = entry.orig_filename
    steps = name.replace("\\", "/").split("/")
    if ".." in steps or steps[0] == "" or ":" in steps[0] or "\\" in name or "\x00" in name:
        yield "name", repr(name), "a relative name without '..', drive, backslash or zero byte"
    if entry.filename.lower() in seen:
        yield "name", repr(name), "each name once"
    if stat.S_ISLNK(entry.external_attr >> 16):
        yield "name", f"{name!r}, a link", "files and folders"
    if entry.flag_bits & ENCRYPTED:
        yield "encryption", "encrypted", "an entry that anybody can open"
    if entry.compress_type not in METHODS:
        yield "compression", f"method {entry.compress_type}", "stored or deflated"
    if entry.file_size > max(limits.SMALL_BYTES, limits.MAX_RATIO * entry.compress_size):
        ratio = f"{entry.file_size} bytes unpacked from {entry.compress_size}"
        yield "ratio", ratio, f"at most {limits.MAX_RATIO} to 1"
