"""The ledger: which due times were answered, by which run, and how it went. Lines are added, never changed.

data/processed/norway/runs/2026.jsonl     one line when a run starts, one for each of its rules when it ends
data/processed/norway/runs/running.lock   held while a run goes on; it ends with the process, however that ends
data/processed/norway/runs/fetching.lock  held while publishers are asked, by a run or by hand

What publishers answered stands there as well: one line a dataset that was asked for, by a run or by hand.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from pipeline.progress import new_run
from pipeline.warehouse.release import WAIT_SECONDS, AlreadyBuilding

Outcome = Literal["running", "done", "failed", "busy", "interrupted"]


class AlreadyRunning(Exception):
    """Another scheduled run, or another fetch, of the same jurisdiction is under way."""


BUSY = (AlreadyRunning, AlreadyBuilding)


@dataclass(frozen=True)
class Run:
    """What a run did about one rule: `due` is the newest due time it answers, and it answers those before it too.

    outcome: `running` until its end is written; `interrupted` when it was killed before that; `busy` when somebody else
    was at the same work, which is no failure. news: what was new.
    """

    id: str
    rule: str
    due: datetime
    started: datetime
    ended: datetime | None = None
    outcome: Outcome = "running"
    news: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Asked:
    """What came of asking a publisher for a dataset; outcome: a word of the release watch (docs/operations.md)."""

    dataset: str
    at: datetime
    outcome: str
    detail: str


class Ledger:
    """The ledger of one jurisdiction; `folder` is its `runs`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def runs(self) -> list[Run]:
        """All runs, a row a rule, in the order in which they started."""
        found: dict[tuple[str, str], Run] = {}
        for line in read_lines(self.folder):
            for rule, due in line.get("due", {}).items():
                if line["event"] == "started":
                    found[line["run"], rule] = Run(line["run"], rule, _moment(due), _moment(line["at"]))
                elif run := found.get((line["run"], rule)):
                    found[line["run"], rule] = replace(
                        run,
                        ended=_moment(line["at"]),
                        outcome=line["outcome"],
                        news=tuple(line["news"]),
                        words=line["words"],
                    )
        return list(found.values())

    def start(self, due: dict[str, datetime], now: datetime) -> str:
        """Writes that a run starts, with the due time it answers for each rule; returns its name."""
        name = new_run(now)
        add_line(self.folder, now, {"event": "started", "run": name, "due": _texts(due)})
        return name

    def end(self, run: Run, now: datetime, outcome: Outcome, news: Sequence[str] = (), words: str = "") -> None:
        """Writes how a run ended for a rule."""
        told = {"outcome": outcome, "news": list(news), "words": words}
        add_line(self.folder, now, {"event": "ended", "run": run.id, "due": _texts({run.rule: run.due}), **told})

    def answers(self) -> list[Asked]:
        """What came of each asking, in order."""
        asked = [line for line in read_lines(self.folder) if line["event"] == "asked"]
        return [Asked(each["dataset"], _moment(each["at"]), each["outcome"], each["detail"]) for each in asked]

    def asked(self) -> dict[str, Asked]:
        """Dataset → what came of asking for it last."""
        return {each.dataset: each for each in self.answers()}

    def answer(self, asked: Asked) -> None:
        """Writes what came of asking for a dataset."""
        told = {"dataset": asked.dataset, "outcome": asked.outcome, "detail": asked.detail}
        add_line(self.folder, asked.at, {"event": "asked", **told})

    def clear(self, now: datetime) -> list[Run]:
        """Writes that each run without an end was interrupted; only under the lock, where no other goes on."""
        left = [run for run in self.runs() if run.outcome == "running"]
        for run in left:
            self.end(run, now, "interrupted", words="it was stopped before its end")
        return left

    @contextmanager
    def alone(
        self, wait: float = WAIT_SECONDS, lock_name: str = "running", what: str = "scheduled run"
    ) -> Iterator[None]:
        """One run at a time, or one of `what` at a time. Raises AlreadyRunning."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / f"{lock_name}.lock", timeout=wait)
        try:
            lock.acquire()
        except Timeout:
            place = self.folder.parent.name
            raise AlreadyRunning(f"another {what} of {place} is at work; wait for it, or stop it") from None
        try:
            yield
        finally:
            lock.release()

    def is_busy(self) -> bool:
        """Whether a run goes on right now."""
        if not self.folder.exists():
            return False
        try:
            with self.alone(wait=0):
                return False
        except AlreadyRunning:
            return True


def read_lines(folder: Path) -> Iterator[dict[str, Any]]:
    """The events of a folder of JSON lines; half a line, left by a kill or a full disk, is none.

    Only a line feed ends a line: words of others may hold U+2028 and its like, where `splitlines` would break them.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for text in path.read_text(encoding="utf-8", errors="replace").split("\n"):
            try:
                yield json.loads(text)
            except json.JSONDecodeError:
                continue


def add_line(folder: Path, now: datetime, event: dict[str, Any]) -> None:
    """One write, and on the disk before anything else happens; it never goes on behind half a line."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y}.jsonl"
    line = json.dumps({"at": now.isoformat(), **event}, ensure_ascii=False) + "\n"
    with path.open("ab+") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - 1, 0))
        is_whole = file.read() in (b"", b"\n")
        file.write(line.encode() if is_whole else b"\n" + line.encode())
        file.flush()
        os.fsync(file.fileno())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _texts(due: dict[str, datetime]) -> dict[str, str]:
    return {rule: moment.isoformat() for rule, moment in due.items()}
