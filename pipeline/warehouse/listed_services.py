"""What is wrong in a published list of joint services: general rules, and the municipalities of the list's day.

The list has a row a municipality; a row names its group twice, by names and by codes. No rule knows an answer.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Literal, NamedTuple

from pipeline.problems import Problem
from pipeline.registry.dataset import MemberList

Column = Literal["municipality_code", "member_names", "member_codes"]
# VERØY is 0.80 alike to Værøy, whom its code names (and 0.91 to Averøy: so the code is asked first); Farsund and
# Tvedestrand, a slip of codes, are 0.33 alike.
ALIKE = 0.75


class Kind(NamedTuple):
    """A kind of finding: whether a group comes out wrong by it, and what could have stood there."""

    is_error: bool
    allowed: str


KINDS = {
    "code_of_another": Kind(True, "{could}, whose name stands at its place"),
    "unknown_name": Kind(True, "{could}, the municipality of its code"),
    "not_in_own_group": Kind(True, "a group with {could} in it, whose row this is"),
    "member_elsewhere": Kind(True, "a member whose own row names the same group, not {could}"),
    "member_without_row": Kind(True, "a member with a row of its own"),
    "no_municipality": Kind(True, "a municipality of the list's day {could}"),
    "unlike_counts": Kind(True, "as many names as codes ({could})"),
    "row_twice": Kind(True, "one row a municipality"),
    "no_row": Kind(True, "a row for {could}"),
    "named_differently": Kind(False, "{could}, as other rows of the group have it"),
    "misspelt_name": Kind(False, "{could}"),
    "city_district": Kind(False, "a municipality; this is a district of {could}"),
    "other_area": Kind(False, "a municipality; this is another area"),
}


@dataclass(frozen=True)
class Finding:
    """Something in a column of some rows that does not fit: what stood there, and what could have."""

    kind: str
    rows: tuple[str, ...]
    column: Column
    given: str
    could: str = ""

    @property
    def is_error(self) -> bool:
        """Whether a group comes out wrong by it; otherwise it is a lesser remark."""
        return KINDS[self.kind].is_error

    def problem(self, listed: "JointList") -> Problem:
        """The finding as the house tells mistakes, with the publisher's name of the column."""
        allowed = KINDS[self.kind].allowed.format(could=self.could).rstrip()
        place = f"row {', '.join(self.rows)}"
        return Problem(listed.file, place, listed.columns[self.column], self.given or "nothing", allowed)


@dataclass(frozen=True)
class Row:
    """A row as it stands in the list."""

    line: int
    municipality_code: str
    member_names: str
    member_codes: str

    @property
    def text(self) -> tuple[str, str]:
        """Its group, as written."""
        return self.member_names, self.member_codes


@dataclass(frozen=True)
class JointList:
    """A list, how it is written, and the municipalities of its day by code.

    file: how errors call it. columns: the publisher's name of each column.
    """

    file: str
    columns: Mapping[str, str]
    rows: tuple[Row, ...]
    written: MemberList
    municipalities: Mapping[str, str]

    def parts(self, text: str) -> list[str]:
        """The names or codes in a cell; none where the list says that there is no co-operation."""
        if text.strip() == self.written.none:
            return []
        return [part.strip() for part in text.split(self.written.separator) if part.strip()]

    def groups(self) -> set[frozenset[str]]:
        """The groups of two or more municipalities that the rows of municipalities name."""
        named = {
            frozenset(self.parts(row.member_codes)) for row in self.rows if row.municipality_code in self.municipalities
        }
        return {group for group in named if len(group) > 1}

    def at(self, code: str, column: Column) -> list[str]:
        """What stands in a column of a municipality's row; several when it has several rows."""
        return [str(getattr(row, column)) for row in self.rows if row.municipality_code == code]

    def called(self, code: str) -> str:
        """A code with its name."""
        return f"{code} {self.municipalities.get(code, '')}".strip()

    def owners(self, text: str) -> list[str]:
        """The municipalities that may be written so; a county in parentheses counts when it tells two apart."""
        plain = _plain(text)
        return self._spelled.get(plain) or self._spelled.get(_without_county(plain), [])

    def nearest(self, text: str) -> list[str]:
        """The municipality whose name is most alike, when it is alike enough to be meant."""
        likeness, code = max((self.likeness(text, code), code) for code in self.municipalities)
        return [code] if likeness >= ALIKE else []

    def likeness(self, text: str, code: str) -> float:
        """How alike a text is to a municipality's name, from 0 to 1."""
        plain = _plain(text)
        return max(SequenceMatcher(None, plain, each).ratio() for each in _spellings(self.municipalities[code]))

    @cached_property
    def lists(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Group as written → the rows that have it so; rows without a group are left out."""
        lists: dict[tuple[str, str], tuple[str, ...]] = {}
        for row in sorted(self.rows, key=lambda each: each.municipality_code):
            if self.parts(row.member_names) or self.parts(row.member_codes):
                lists[row.text] = (*lists.get(row.text, ()), row.municipality_code)
        return lists

    @cached_property
    def _spelled(self) -> dict[str, list[str]]:
        spelled = defaultdict(list)
        for code, name in sorted(self.municipalities.items()):
            for spelling in _spellings(name):
                spelled[spelling].append(code)
        return spelled


def _plain(text: str) -> str:
    """Small letters and single blanks, with one blank before a parenthesis."""
    return " ".join(text.casefold().replace("(", " (").split())


def _without_county(plain: str) -> str:
    return re.sub(r" \(.*\)", "", plain)


def _spellings(name: str) -> set[str]:
    """How a municipality may be written: one of its names or all, and without the county."""
    names = [_plain(name), *(_plain(each) for each in name.split(" - "))]
    return {*names, *map(_without_county, names)}


def findings(listed: JointList) -> list[Finding]:
    """Everything in the list that does not fit, in the order of the list."""
    found = [*_of_all_rows(listed)]
    for text, rows in listed.lists.items():
        found += _of_a_list(listed, text, rows)
    return found


def _of_all_rows(listed: JointList) -> Iterator[Finding]:
    """A municipality with two rows or none, and a row of something else than a municipality."""
    times = Counter(row.municipality_code for row in listed.rows)
    for code in times:
        if times[code] > 1:
            yield Finding("row_twice", (code,), "municipality_code", code)
    for row in listed.rows:
        code = row.municipality_code
        if code not in listed.parts(row.member_codes):
            yield from _no_municipality(listed, (code,), "municipality_code", code, "")
    for code in sorted(set(listed.municipalities) - set(times)):
        yield Finding("no_row", (code,), "municipality_code", "", listed.called(code))


def _of_a_list(listed: JointList, text: tuple[str, str], rows: tuple[str, ...]) -> Iterator[Finding]:
    """What is wrong in one group as written: its names against its codes, its rows, its members' own rows."""
    names, codes = map(listed.parts, text)
    if len(names) != len(codes):
        yield Finding("unlike_counts", rows, "member_names", text[0], text[1])
    else:
        for name, code in zip(names, codes, strict=True):
            yield from _no_municipality(listed, rows, "member_codes", code, name)
            yield from _name_and_code(listed, rows, name, code)
    for row in rows:
        if row not in codes:
            yield Finding("not_in_own_group", (row,), "member_codes", text[1], listed.called(row))
    yield from _members(listed, rows, codes)
    same = [other for other in listed.lists if set(listed.parts(other[1])) == set(codes)]
    usual = max(same, key=lambda other: len(listed.lists[other]))
    if listed.parts(usual[0]) != names:
        yield Finding("named_differently", rows, "member_names", text[0], usual[0])


def _no_municipality(
    listed: JointList, rows: tuple[str, ...], column: Column, code: str, name: str
) -> Iterator[Finding]:
    """A code that is no municipality of the day: a city district, another area (two digits), or a mistake."""
    given = f"{code} {name}".strip()
    if code in listed.municipalities:
        return
    if len(code) == 6 and code[:4] in listed.municipalities:
        yield Finding("city_district", rows, column, given, listed.called(code[:4]))
    elif len(code) == 2:
        yield Finding("other_area", rows, column, given)
    else:
        meant = " or ".join(map(listed.called, listed.owners(name)))
        yield Finding("no_municipality", rows, column, given, meant and f"({meant})")


def _name_and_code(listed: JointList, rows: tuple[str, ...], name: str, code: str) -> Iterator[Finding]:
    """A name that is not that of the code at its place: another municipality's, misspelt, or nobody's."""
    owners = listed.owners(name)
    if code not in listed.municipalities or code in owners:
        return
    if not owners and listed.likeness(name, code) >= ALIKE:
        right = listed.municipalities[code]
        yield Finding("misspelt_name", rows, "member_names", name, right.upper() if name.isupper() else right)
    elif meant := owners or listed.nearest(name):
        could = " or ".join(map(listed.called, meant))
        yield Finding("code_of_another", rows, "member_codes", listed.called(code), could)
    else:
        yield Finding("unknown_name", rows, "member_names", name, listed.called(code))


def _members(listed: JointList, rows: tuple[str, ...], codes: list[str]) -> Iterator[Finding]:
    """Members that have no row, or whose own row names another group or none."""
    for code in codes:
        own = [row for row in listed.rows if row.municipality_code == code]
        if not own:
            yield Finding("member_without_row", rows, "member_codes", listed.called(code))
        elif all(set(listed.parts(row.member_codes)) != set(codes) for row in own):
            named = own[0].member_codes or listed.written.none
            yield Finding("member_elsewhere", rows, "member_codes", listed.called(code), named)
