"""Offices, services, regions and split weights as tables of the schema `registry`."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd

from pipeline.registry.load import Registry
from pipeline.registry.services import JointService, Membership
from pipeline.warehouse.frames import DAY, frame, texts

OFFICE_NAME = {"office_id": "str", "name_nb": "str", "name_nn": "str", "name_en": "str"}
OFFICE_NAME |= {"valid_from": DAY, "valid_to": DAY}
OFFICE_COUNTY = {"office_id": "str", "county": "str", "name": "str", "valid_from": DAY, "valid_to": DAY}
MEMBER = {
    "kind": "str",
    "file": "str",
    "place": "str",
    "entry": "int64",
    "service_id": "str",
    "name": "str",
    "host_code": "str",
    "host_name": "str",
    "host_sure": "str",
    "municipality_code": "str",
    "municipality_name": "str",
    "is_host": "bool",
    "code_date": DAY,
    "valid_from": DAY,
    "valid_to": DAY,
    "known_from": DAY,
    "known_to": DAY,
    "source": "str",
}
SPLIT_WEIGHT = {"old_code": "str", "new_code": "str", "changed_on": DAY, "weight": "float64", "basis": "str"}
SPLIT_PART = {"old_code": "str", "new_code": "str", "changed_on": DAY, "origin_code": "str", "basis": "str"}
REGION = {"region_id": "str", "name_nb": "str", "name_nn": "str", "name_en": "str"}
CARRIED = {"code": "str", "name": "str", "county": "str"}


def tables(registry: Registry, as_of: date) -> Iterator[tuple[str, pd.DataFrame]]:
    """(table name, rows)."""
    yield "office", pd.DataFrame(_offices(registry))
    yield "office_name", frame(_office_names(registry), OFFICE_NAME)
    yield "office_county", frame(_office_counties(registry), OFFICE_COUNTY)
    yield "member", frame(_members(registry, as_of), MEMBER)
    yield "region", frame(_regions(registry), REGION)
    yield "split_weight", frame((each.model_dump() for each in registry.split_weights), SPLIT_WEIGHT)
    yield "split_part", frame(_split_parts(registry), SPLIT_PART)
    yield "carried", frame((each.model_dump() for each in registry.jurisdiction.carried), CARRIED)


def _offices(registry: Registry) -> Iterator[dict[str, Any]]:
    for each in registry.offices:
        yield {
            "office_id": each.id,
            "language": each.language,
            "organisation_number": each.organisation_number,
        } | texts(each, "name")


def _office_names(registry: Registry) -> Iterator[dict[str, Any]]:
    """One row an office and name; the name of today follows the last former one."""
    for office in registry.offices:
        for each in office.former_names:
            yield {"office_id": office.id} | texts(each, "name") | each.model_dump(include={"valid_from", "valid_to"})
        since = office.former_names[-1].valid_to if office.former_names else None
        yield {"office_id": office.id, "valid_from": since, "valid_to": None} | texts(office, "name")


def _office_counties(registry: Registry) -> Iterator[dict[str, Any]]:
    for office in registry.offices:
        for each in office.counties:
            yield {"office_id": office.id, **each.model_dump()}


def _members(registry: Registry, as_of: date) -> Iterator[dict[str, Any]]:
    """One row a member as declared: of a joint service, alone or in a region; the number tells entries apart.

    What starts after the as-of date is not known yet, and codes are those of that date at the latest.
    """
    entries: list[tuple[str, str, str, Membership]] = [
        *(("joint", "services/joint_services.toml", each.id, each) for each in registry.joint_services),
        *(("alone", "services/alone.toml", f"alone no. {no}", each) for no, each in enumerate(registry.alone, 1)),
        *(("region", "regions.toml", each.id, each) for each in registry.regions),
    ]
    begun = [each for each in entries if each[3].valid_from is None or each[3].valid_from <= as_of]
    for number, (kind, file, place, entry) in enumerate(begun, 1):
        service = entry if isinstance(entry, JointService) else None
        said = sorted(entry.evidence, key=lambda each: each.day)
        for member in entry.members:
            yield {
                "kind": kind,
                "file": file,
                "place": place,
                "entry": number,
                "service_id": service.id if service else None,
                "name": service.name if service else None,
                "host_code": service.host.code if service else member.code,
                "host_name": service.host.name if service else member.name,
                "host_sure": service.host_sure if service else "sourced",
                "municipality_code": member.code,
                "municipality_name": member.name,
                "is_host": service is None or member.code == service.host.code,
                "code_date": min(entry.code_date, as_of),
                "valid_from": entry.valid_from,
                "valid_to": entry.valid_to,
                "known_from": said[0].day,
                "known_to": said[-1].day,
                "source": "; ".join(f"{each.source} ({each.sure.replace('_', ' ')})" for each in said),
            }


def _split_parts(registry: Registry) -> Iterator[dict[str, Any]]:
    for each in registry.split_parts:
        for code in each.origin_codes:
            yield {**each.model_dump(exclude={"origin_codes"}), "origin_code": code}


def _regions(registry: Registry) -> Iterator[dict[str, Any]]:
    for each in {each.id: each for each in registry.regions}.values():
        yield {"region_id": each.id} | texts(each, "name")
