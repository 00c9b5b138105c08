"""Reads and checks everything that is declared for a jurisdiction, and tells all mistakes at once."""

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pipeline.problems import BadInput, Problem
from pipeline.registry.across import across
from pipeline.registry.alarms import Alarm
from pipeline.registry.breaks import Break
from pipeline.registry.calendar import Calendar
from pipeline.registry.correction import Correction
from pipeline.registry.dataset import Dataset, DatasetBase
from pipeline.registry.experts import Expert
from pipeline.registry.index import Index, Round
from pipeline.registry.list_correction import ListCorrection
from pipeline.registry.measures import Measure
from pipeline.registry.model import Indicator, Jurisdiction
from pipeline.registry.peers import Peers
from pipeline.registry.programme import Cohort, Office, Programme
from pipeline.registry.protocol import Protocol
from pipeline.registry.reader import Reader
from pipeline.registry.services import Alone, JointService, Region, SplitPart, SplitWeight

HOME = Path(__file__).parent


@dataclass(frozen=True)
class Registry:
    """All declarations of one jurisdiction."""

    jurisdiction: Jurisdiction
    index: Index
    indicators: dict[str, Indicator]
    datasets: dict[str, DatasetBase]
    corrections: tuple[Correction, ...]
    offices: tuple[Office, ...]
    joint_services: tuple[JointService, ...]
    alone: tuple[Alone, ...]
    regions: tuple[Region, ...]
    list_corrections: tuple[ListCorrection, ...]
    split_weights: tuple[SplitWeight, ...]
    split_parts: tuple[SplitPart, ...]
    programme: Programme | None
    cohorts: tuple[Cohort, ...]
    measures: tuple[Measure, ...]
    protocols: tuple[Protocol, ...]
    alarms: tuple[Alarm, ...]
    breaks: tuple[Break, ...]
    peers: Peers | None
    experts: tuple[Expert, ...]
    calendar: Calendar | None = dataclass_field(repr=False)  # touches no number, so no release is named by it
    waiting: dict[str, Indicator] = dataclass_field(repr=False)  # on an unconfirmed table: neither asked nor built

    @property
    def ranked(self) -> list[Indicator]:
        """The indicators that enter the index, in the order of their dimensions."""
        order = [dimension.id for dimension in self.index.dimensions]
        ranked = [each for each in self.indicators.values() if each.use == "rank"]
        return sorted(
            (each for each in ranked if each.dimension in order),
            key=lambda each: (order.index(each.dimension or ""), each.id),
        )

    def entering(self, each: Round) -> list[Indicator]:
        """The indicators that a round ranks on: published in its era, of a dimension it sees."""
        return [
            indicator
            for indicator in self.ranked
            if indicator.in_era(each.era) is not None and indicator.dimension in each.dimensions
        ]

    def breaks_of(self, indicator_id: str) -> list[Break]:
        """The breaks in the figures of an indicator, by day."""
        return sorted((each for each in self.breaks if each.touches(indicator_id)), key=lambda each: each.day)

    def touched_by(self, each: Break) -> list[Indicator]:
        """The declared indicators whose figures a break parts."""
        return [indicator for indicator in self.indicators.values() if each.touches(indicator.id)]


def jurisdictions(home: Path = HOME) -> list[str]:
    """The jurisdictions that are declared, in alphabetical order."""
    return sorted(path.parent.name for path in home.glob("*/jurisdiction.toml"))


@cache
def load(jurisdiction: str, home: Path = HOME) -> Registry:
    """Everything declared for a jurisdiction.

    Raises BadInput with one problem a mistake: the file, the field, what was given, what is allowed.
    """
    registry, problems = read(jurisdiction, home)
    if registry is None or problems:
        raise BadInput(problems)
    return registry


def read(jurisdiction: str, home: Path = HOME) -> tuple[Registry | None, list[Problem]]:
    """What could be read of a jurisdiction's declarations, and the mistakes; nothing where the core of it is wrong.

    Raises BadInput for a jurisdiction there is not.
    """
    folder = home / jurisdiction
    if not (folder / "jurisdiction.toml").exists():
        known = ", ".join(jurisdictions(home))
        raise BadInput([Problem(str(folder.name), "", "jurisdiction", repr(jurisdiction), f"one of {known}")])
    reader = Reader(folder)
    parts: dict[str, Any] = {
        "jurisdiction": reader.one("jurisdiction.toml", Jurisdiction),
        "index": reader.one("index.toml", Index),
        "indicators": reader.by_id("indicators", Indicator),
        "datasets": reader.by_id("datasets", TypeAdapter(Dataset)),
        "corrections": reader.rows("corrections/*.toml", "correction", Correction),
        "offices": reader.rows("offices.toml", "office", Office),
        "joint_services": reader.rows("services/joint_services.toml", "joint_service", JointService),
        "alone": reader.rows("services/alone.toml", "alone", Alone),
        "regions": reader.rows("regions.toml", "region", Region),
        "list_corrections": reader.rows("services/list_corrections.toml", "correction", ListCorrection),
        "split_weights": reader.rows("services/split_weights.toml", "split_weight", SplitWeight),
        "split_parts": reader.rows("services/split_parts.toml", "split_part", SplitPart),
        "programme": reader.one("programme.toml", Programme) if (folder / "programme.toml").exists() else None,
        "cohorts": tuple(reader.by_id("programme", Cohort).values()),
        "measures": reader.rows("measures/*.toml", "measure", Measure),
        "protocols": tuple(reader.by_id("protocols", Protocol).values()),
        "alarms": reader.rows("alarms.toml", "alarm", Alarm),
        "breaks": reader.rows("breaks.toml", "break", Break),
        "peers": reader.one("peers.toml", Peers) if (folder / "peers.toml").exists() else None,
        "experts": reader.rows("experts.toml", "expert", Expert),
        "calendar": reader.one("calendar.toml", Calendar) if (folder / "calendar.toml").exists() else None,
    }
    if parts["jurisdiction"] is None or parts["index"] is None:
        return None, sorted(reader.problems)
    unsure = {each.id for each in parts["datasets"].values() if each.confirmed == "unconfirmed"}
    parts["waiting"] = {name: each for name, each in parts["indicators"].items() if unsure & each.datasets}
    parts["indicators"] = {name: each for name, each in parts["indicators"].items() if name not in parts["waiting"]}
    registry = Registry(**parts)
    return registry, sorted(reader.problems or across(registry))
