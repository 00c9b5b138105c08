"""How bad input is told: one sentence a mistake, and all mistakes at once; and how a publisher that fails is."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in something that was given to us: where it stands, what stood there, what could have."""

    file: str
    place: str
    field: str
    given: str
    allowed: str

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.file, self.place, self.field) if part)
        return f"{where}: given {self.given}; allowed: {self.allowed}"


class BadInput(Exception):
    """A declaration or a delivery that cannot be used; carries every mistake found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def bad_input(file: str, place: str, field: str, given: object, allowed: str) -> BadInput:
    """The error for a single mistake; `given` is shown as Python writes it, so that blanks are seen."""
    return BadInput([Problem(file, place, field, repr(given), allowed)])


class PublisherError(Exception):
    """A publisher that did not answer as it should: the address, what happened, and what to do.

    status: of HTTP, where the publisher answered with one that refuses.
    """

    def __init__(self, address: str, happened: str, remedy: str, status: int | None = None) -> None:
        self.address, self.happened, self.remedy, self.status = address, happened, remedy, status
        super().__init__(f"{address}: {happened}; {remedy}")
