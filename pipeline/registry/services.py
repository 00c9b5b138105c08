"""The register of services: who serves which municipality, from when until when, and who says so.

What is wrong with it in the light of the code list is told by `pipeline.warehouse.register`.
"""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from pipeline.registry.model import Declaration, Identifier, Sure, Text


class Municipality(Declaration):
    """A municipality as an analyst writes it, code and name: `1520 Ørsta`."""

    code: str
    name: str


def _split(text: Any) -> Any:
    """`1520 Ørsta` as its two parts."""
    if isinstance(text, Municipality):
        return text
    code, _, name = str(text).partition(" ")
    if not code or not name.strip():
        raise ValueError("a code and a name, such as '1520 Ørsta'")
    return {"code": code, "name": name.strip()}


def _own_name(identifier: str) -> str:
    """An id that is not made of a municipality's code, as those of the services that are alone are."""
    if identifier.startswith("municipality_"):
        raise ValueError("an id that does not start with 'municipality_'; those are of municipalities that are alone")
    return identifier


Written = Annotated[Municipality, BeforeValidator(_split)]
Words = Annotated[str, StringConstraints(min_length=1)]


class Evidence(Declaration):
    """Who states a membership, of which day. Between the first and the last such day it is known; outside, assumed."""

    day: date
    source: Words
    sure: Sure


class Membership(Declaration):
    """Municipalities and who serves them, for some time; codes and names are those of `code_date`.

    Half-open: valid_from ≤ day < valid_to; nothing means as far as the code list reaches. A municipality that changes
    its code is followed, forwards and backwards; of one that was split, the largest part.
    """

    members: Annotated[tuple[Written, ...], Field(min_length=1)]
    code_date: date
    valid_from: date | None = None
    valid_to: date | None = None
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1)]


class JointService(Membership):
    """A child-welfare service that several municipalities share; the agreement is signed with the host."""

    id: Annotated[Identifier, AfterValidator(_own_name)]
    name: str
    host: Written
    host_sure: Sure = "inferred"
    note: str = ""


class Alone(Membership):
    """Municipalities that each have a service of their own; all parts of one that is split go on alone."""


class Region(Membership):
    """Municipalities that something else holds for, such as the administrative area for the Sámi languages."""

    id: Identifier
    name: Text


class SplitPart(Declaration):
    """Municipalities of earlier that went whole to one of the parts, when what they had become was split."""

    old_code: str
    new_code: str
    changed_on: date
    origin_codes: Annotated[tuple[str, ...], Field(min_length=1)]
    basis: str


class SplitWeight(Declaration):
    """How much of a municipality that was split went to each of its successors, where population cannot tell."""

    old_code: str
    new_code: str
    changed_on: date
    weight: Annotated[float, Field(gt=0, lt=1)]
    basis: str
