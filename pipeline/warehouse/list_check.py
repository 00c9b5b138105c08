"""Holds a published list of joint services against its rules and its declared corrections."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import duckdb

from pipeline.problems import Problem, bad_input
from pipeline.registry.dataset import MemberList, ReferenceDataset
from pipeline.registry.list_correction import ListCorrection
from pipeline.registry.load import Registry
from pipeline.warehouse.listed_services import Finding, JointList, Row, findings

ROLE = "joint_service_list"


@dataclass(frozen=True)
class Entry:
    """Rows that carry the same list, and what was found there: what the data owner would call one error.

    corrections: the ids of those that touch it. is_mended: with them, no error is left there.
    """

    rows: tuple[str, ...]
    findings: tuple[Finding, ...]
    corrections: tuple[str, ...]
    is_mended: bool

    @property
    def is_error(self) -> bool:
        """Whether one of its findings is an error, and not only a lesser remark."""
        return any(finding.is_error for finding in self.findings)


@dataclass(frozen=True)
class ListCheck:
    """What the check of a list came to: its entries as published, errors first, and the list with the corrections.

    applied: the corrections, with the cells where their errors stand. left: errors that stand with the corrections.
    stale: what stands in the list no more, so that its correction can go.
    """

    listed: JointList
    mended: JointList
    entries: tuple[Entry, ...]
    applied: tuple[ListCorrection, ...]
    left: tuple[Finding, ...]
    stale: tuple[Problem, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong and not corrected: in the list, and in its corrections."""
        return (*(finding.problem(self.listed) for finding in self.left), *self.stale)


def list_dataset(registry: Registry) -> ReferenceDataset | None:
    """The list of joint services that a jurisdiction has, if any."""
    lists = (each for each in registry.datasets.values() if isinstance(each, ReferenceDataset) and each.role == ROLE)
    return next(lists, None)


def check_list(con: duckdb.DuckDBPyConnection, dataset: ReferenceDataset, registry: Registry) -> ListCheck:
    """Finds what is wrong in the list, before and after its corrections. Raises BadInput when it is not archived."""
    rows = con.execute(
        """SELECT CAST(line AS INTEGER), municipality_code, member_names, member_codes
           FROM raw.joint_service_list ORDER BY ALL"""
    ).fetchall()
    if not rows or dataset.members is None:
        raise bad_input(registry.jurisdiction.id, "", "archive", f"no file of {dataset.id}", "one: copy data/raw there")
    municipalities = _municipalities(con, dataset.members)
    listed = JointList(dataset.id, dataset.columns, tuple(Row(*row) for row in rows), dataset.members, municipalities)
    return checked(listed, registry.list_corrections)


def _municipalities(con: duckdb.DuckDBPyConnection, written: MemberList) -> dict[str, str]:
    """The municipalities of the list's day, by code."""
    return dict(
        con.execute(
            """SELECT municipality_code, name FROM core.municipality
               WHERE is_listed AND valid_from <= $1 AND (valid_to IS NULL OR valid_to > $1)""",
            [written.day],
        ).fetchall()
    )


def checked(listed: JointList, corrections: tuple[ListCorrection, ...]) -> ListCheck:
    """The check itself."""
    mended = replace(listed, rows=tuple(corrected(listed.rows, corrections)))
    left = [finding for finding in findings(mended) if finding.is_error]
    applied = tuple(each for each in (_standing(listed, each) for each in corrections) if each.cells)
    entries = [_entry(rows, found, applied, left) for rows, found in _gathered(listed)]
    return ListCheck(
        listed=listed,
        mended=mended,
        entries=tuple(sorted(entries, key=lambda entry: not entry.is_error)),
        applied=applied,
        left=tuple(left),
        stale=tuple(_stale(listed, corrections)),
    )


def corrected(rows: Iterable[Row], corrections: Iterable[ListCorrection]) -> Iterator[Row]:
    """The rows, with the right value in each cell that holds the expected one."""
    right = {
        (row, cell.column, cell.expected_value): cell.right_value
        for each in corrections
        for cell in each.cells
        for row in cell.rows
    }
    for row in rows:
        code = row.municipality_code
        yield replace(
            row,
            member_names=right.get((code, "member_names", row.member_names), row.member_names),
            member_codes=right.get((code, "member_codes", row.member_codes), row.member_codes),
        )


def _standing(listed: JointList, correction: ListCorrection) -> ListCorrection:
    """The correction with the cells, and in each the rows, where its error stands."""
    cells = []
    for cell in correction.cells:
        rows = tuple(code for code in cell.rows if cell.expected_value in listed.at(code, cell.column))
        cells += [cell.model_copy(update={"rows": rows})] if rows else []
    return correction.model_copy(update={"cells": tuple(cells)})


def _gathered(listed: JointList) -> Iterator[tuple[tuple[str, ...], list[Finding]]]:
    """The rows of each entry with its findings. Rows that share the names or the codes of a group are one entry."""
    entry_of: dict[str, set[str]] = {row.municipality_code: {row.municipality_code} for row in listed.rows}
    first: dict[str, str] = {}
    for row in listed.rows:
        for text in row.text:
            if listed.parts(text):
                together = entry_of[row.municipality_code] | entry_of[first.setdefault(text, row.municipality_code)]
                entry_of.update(dict.fromkeys(together, together))
    found: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings(listed):
        rows = tuple(sorted(entry_of.get(finding.rows[0], finding.rows)))
        found.setdefault(rows, []).append(finding)
    for rows, theirs in sorted(found.items()):
        yield rows, sorted(theirs, key=lambda finding: not finding.is_error)


def _entry(
    rows: tuple[str, ...], found: list[Finding], applied: tuple[ListCorrection, ...], left: list[Finding]
) -> Entry:
    """Mended when a correction touches it, and no error is left in any row that it or its corrections touch."""
    theirs = [each for each in applied if any(set(rows) & set(cell.rows) for cell in each.cells)]
    concerned = {*rows, *(row for each in theirs for cell in each.cells for row in cell.rows)}
    is_mended = bool(theirs) and not any(concerned & set(finding.rows) for finding in left)
    return Entry(rows, tuple(found), tuple(each.id for each in theirs), is_mended)


def _stale(listed: JointList, corrections: Iterable[ListCorrection]) -> Iterator[Problem]:
    """Cells of corrections whose error does not stand in the list: it was mended, and the correction can go."""
    for each in corrections:
        for cell in each.cells:
            for code in cell.rows:
                there = listed.at(code, cell.column)
                if cell.expected_value not in there:
                    allowed = f"{' and '.join(map(repr, there)) or 'no such row'}, as the list has it"
                    yield Problem(
                        "services/list_corrections.toml",
                        f"{each.id}, row {code}",
                        listed.columns[cell.column],
                        repr(cell.expected_value),
                        f"{allowed} (mended? then remove the correction)",
                    )
