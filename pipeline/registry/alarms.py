"""Signs that a figure moved otherwise than by better work, so that an improvement is not confirmed on it."""

from typing import Literal

from pydantic import model_validator

from pipeline.registry.model import Declaration, Identifier, Text


class Alarm(Declaration):
    """One sign, and what it takes to see it.

    kind: how it is asked of public figures (`analysis/alarms.py`), or `not_public`: then `needs` says what is missing.
    indicators: those it is about; all with a duty where left out. beside: of two sources, the indicator whose numerator
    counts what the other's denominator counts.
    """

    id: Identifier
    kind: Literal["fewer_cases", "counterbalance", "two_sources", "not_public"]
    label: Text
    needs: Text
    indicators: tuple[Identifier, ...] = ()
    beside: Identifier | None = None
    source: str

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Alarm":
        if (self.kind == "two_sources") != (self.beside is not None):
            raise ValueError("beside belongs to kind = 'two_sources', which needs it")
        return self
