"""What a job tells on its way: what it does, how far it is, and which run it belongs to."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, TypeVar

Say = Callable[[str], None]
Thing = TypeVar("Thing")


class Step(str):
    """A line that also knows what it is about (`what`) and how far that is: `done` of `total`, where it is counted."""

    what: str
    done: int | None
    total: int | None
    level: Literal["info", "error"]

    def __new__(
        cls,
        text: str,
        what: str = "",
        done: int | None = None,
        total: int | None = None,
        level: Literal["info", "error"] = "info",
    ) -> "Step":
        """A line; `what` is the line itself when left out."""
        self = super().__new__(cls, text)
        self.what, self.done, self.total, self.level = what or text, done, total, level
        return self


def silent(step: str) -> None:
    """Says nothing."""


def counted(say: Say, what: str, things: Collection[Thing], name: Callable[[Thing], object] = str) -> Iterator[Thing]:
    """Hands out the things, and says after each how many are done; a single one is not worth counting."""
    for done, thing in enumerate(things, 1):
        yield thing
        if len(things) > 1:
            say(Step(f"{what}, {done} of {len(things)}: {name(thing)}", what, done, len(things)))


_run: ContextVar[str] = ContextVar("_run")


def new_run(now: datetime) -> str:
    """A name for a run that starts now, such as `20260315T071502_1c9e02`."""
    return f"{now:%Y%m%dT%H%M%S}_{os.urandom(3).hex()}"


def run_id() -> str:
    """The run this belongs to: the scheduled one under way, otherwise one for the whole process."""
    if not _run.get(""):
        _run.set(new_run(datetime.now(UTC)))
    return _run.get()


@contextmanager
def running(name: str) -> Iterator[None]:
    """Everything said and built in the block belongs to this run."""
    token = _run.set(name)
    try:
        yield
    finally:
        _run.reset(token)
