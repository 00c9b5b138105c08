"""What can be looked at: rows for `veiviser list`."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from pipeline.api import open_release
from pipeline.problems import bad_input
from pipeline.registry.load import Registry, load
from pipeline.registry.programme import Cohort
from pipeline.schedule.ledger import Ledger
from pipeline.settings import Settings

KINDS = (
    "indicators", "datasets", "cohorts", "measures", "protocols", "breaks", "units", "offices", "tables", "checks",
    "releases", "runs",
)  # fmt: skip


def rows(what: str, jurisdiction: str) -> list[dict[str, Any]]:
    """One row a thing. Raises BadInput for a kind there is not."""
    if what not in KINDS:
        raise bad_input("list", "", "what", what, "one of " + ", ".join(KINDS))
    if what == "units":
        return _units(jurisdiction)
    if what == "tables":
        return _records(open_release(jurisdiction).tables()[["table", "rows", "one_row_per"]])
    if what == "checks":
        return _records(open_release(jurisdiction).checks())
    if what == "releases":
        return _releases(jurisdiction)
    if what == "runs":
        return [
            asdict(run) for run in Ledger(Settings().processed / load(jurisdiction).jurisdiction.id / "runs").runs()
        ]
    kinds = {
        "indicators": _indicators,
        "datasets": _datasets,
        "cohorts": _cohorts,
        "measures": _measures,
        "protocols": _protocols,
        "breaks": _breaks,
        "offices": _offices,
    }
    return kinds[what](load(jurisdiction))


def _indicators(registry: Registry) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "use": each.use,
            "unit": each.unit,
            "eras": ", ".join(s.era for s in each.series),
            "label": each.label.en + (" (waits for its table to be confirmed)" if each.id in registry.waiting else ""),
        }
        for each in sorted(
            [*registry.indicators.values(), *registry.waiting.values()], key=lambda each: (each.use != "rank", each.id)
        )
    ]


def _datasets(registry: Registry) -> list[dict[str, Any]]:
    return [
        {"id": each.id, "publisher": each.publisher, "confirmed": each.confirmed, "title": each.title}
        for each in registry.datasets.values()
    ]


def _offices(registry: Registry) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "name": each.name.nb,
            "counties": ", ".join(
                f"{county.county} {county.name}".strip()
                + (
                    f" ({county.valid_from or ''}–{county.valid_to or ''})"
                    if county.valid_from or county.valid_to
                    else ""
                )
                for county in each.counties
            ),
        }
        for each in registry.offices
    ]


def _listed(cohort: Cohort) -> str:
    """How a cohort's members are found in a delivered list."""
    assert cohort.listed is not None
    return (
        f"inspections from {cohort.listed.first_day} to {cohort.listed.last_day} with finding {cohort.listed.finding}"
    )


def _cohorts(registry: Registry) -> list[dict[str, Any]]:
    """Cohorts with named members, and those of which only that they were is public."""
    named = [
        {
            "id": each.id,
            "start": each.start,
            "end": each.end,
            "size": each.size or len(each.members) or "as listed",
            "members": ", ".join(member.name for member in each.members) or _listed(each),
        }
        for each in registry.cohorts
    ]
    unnamed = [
        {
            "id": each.id,
            "start": each.start.year if each.days == "year" else each.start,
            "end": each.end or "end not known",
            "size": each.size or "size not known",
            "members": each.unknown.en,
        }
        for each in (registry.programme.unnamed_cohorts if registry.programme else ())
    ]
    return sorted([*named, *unnamed], key=lambda row: str(row["start"]))


def _measures(registry: Registry) -> list[dict[str, Any]]:
    """The time line of what was done beside the guidance."""
    return [
        {
            "id": each.id,
            "first_day": each.first_day.year if each.days == "year" else each.first_day,
            "last_day": each.last_day.year if each.days == "year" and each.last_day else each.last_day or "",
            "kind": each.kind,
            "where": ", ".join([*each.offices, *each.municipalities]) or "whole country",
            "pots": ", ".join(
                f"{pot.amount_kroner} kroner, deadline {pot.deadline or 'not known'}" for pot in each.pots
            ),
            "finding": each.finding or "",
            "sure": each.sure,
            "label": each.label.en,
        }
        for each in sorted(registry.measures, key=lambda each: (each.first_day, each.id))
    ]


def _protocols(registry: Registry) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "cohorts": ", ".join(each.cohorts),
            "decided_on": each.decided_on,
            "outcomes_read_on": each.outcomes_read_on or "outcomes not read",
            "estimator": each.estimator,
            "comparisons": ", ".join(each.comparisons),
            "primary": ", ".join(each.primary.dimensions),
        }
        for each in registry.protocols
    ]


def _breaks(registry: Registry) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "day": each.day,
            "kind": each.kind,
            "effect": each.effect,
            "services": len(each.services),
            "sure": each.sure,
            "concerns": ", ".join(it.id for it in registry.touched_by(each)) or (each.concerns and each.concerns.en),
        }
        for each in sorted(registry.breaks, key=lambda each: each.day)
    ]


def _units(jurisdiction: str) -> list[dict[str, Any]]:
    table = open_release(jurisdiction).sql(
        "SELECT service_id, name, host, office_id FROM core.service WHERE valid_to IS NULL ORDER BY service_id"
    )
    return _records(table)


def _releases(jurisdiction: str) -> list[dict[str, Any]]:
    """Every release that stands, the one built last below, with what was new in it."""
    found = []
    for path in sorted((Settings().processed / load(jurisdiction).jurisdiction.id / "releases").glob("*.duckdb")):
        for row in _records(open_release(jurisdiction, path).table("ops.run")):
            found.append(row | {"new_files": list(row.get("new_files", ()))})  # a release of before has none
    return sorted(found, key=lambda row: row["started_at"])


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): cell for name, cell in row.items()} for row in table.to_dict("records")]
