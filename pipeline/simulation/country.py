"""The entry points: every delivery of the synthetic country, and the truth behind them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from pipeline.registry.dataset import PxwebDataset
from pipeline.registry.load import Registry
from pipeline.simulation.khr import HIDING, khr_body, reports
from pipeline.simulation.monitor import monitor_body, monitor_name
from pipeline.simulation.pxweb import pxweb_body
from pipeline.simulation.pxweb_tables import TABLES
from pipeline.simulation.truth import Truth, truth_of
from pipeline.simulation.world import World, build_world


@dataclass(frozen=True)
class Delivery:
    """A file as a publisher would have sent it.

    dataset: id in the registry. extension: csv, json or zip. published: UTC. note: says that it is SYNTHETIC.
    """

    dataset: str
    extension: str
    published: datetime
    body: bytes
    note: str


def deliveries(
    registry: Registry,
    codes: pd.DataFrame,
    changes: pd.DataFrame,
    population: pd.DataFrame,
    seed: int | None = None,
) -> list[Delivery]:
    """Every synthetic delivery, oldest first; the bytes are the same for the same seed.

    codes: year, code, name. changes: old_code, new_code, changed_on. population: code, year, age_0_17, age_0_22,
    total; of 1 January.
    """
    return deliveries_of(build_world(registry, codes, changes, population, seed))


def truth(
    registry: Registry,
    codes: pd.DataFrame,
    changes: pd.DataFrame,
    population: pd.DataFrame,
    seed: int | None = None,
) -> Truth:
    """What is true behind the deliveries of the same seed."""
    return truth_of(build_world(registry, codes, changes, population, seed))


def deliveries_of(world: World) -> list[Delivery]:
    """Every delivery of a country, oldest first."""
    found = [*_khr(world), *_monitor(world), *_pxweb(world)]
    return sorted(found, key=lambda each: (each.published, each.dataset))


def _khr(world: World) -> Iterator[Delivery]:
    published = world.parameters.published
    for report in reports(world.registry):
        day = published.khr_supervision if report.dataset.id == HIDING else published.khr
        note = f"SYNTHETIC half-yearly report 2013-2020 on {report.indicator}, drawn with seed {world.seed}."
        yield Delivery(report.dataset.id, "csv", day, khr_body(world, report), note)


def _monitor(world: World) -> Iterator[Delivery]:
    day = world.parameters.published.monitor
    body = monitor_body(world, day)
    note = f"SYNTHETIC copy of Bufdir's monitor, {monitor_name(body, day)}, drawn with seed {world.seed}."
    yield Delivery("bufdir_monitor", "zip", day, body, note)


def _pxweb(world: World) -> Iterator[Delivery]:
    published = world.parameters.published
    for table in TABLES:
        dataset = world.registry.datasets[table]
        if not isinstance(dataset, PxwebDataset):
            raise TypeError(f"{table} must be declared as a PxWeb table, not as {type(dataset).__name__}")
        vintages = {"unrevised": published.kostra_unrevised, "revised": published.kostra_revised}
        if dataset.revision == "none":
            vintages = {"not revised": published.population}
        for vintage, day in vintages.items():
            body = pxweb_body(world, dataset, day, is_revised=vintage != "unrevised")
            note = f"SYNTHETIC answer of SSB table {dataset.table} ({vintage}), drawn with seed {world.seed}."
            yield Delivery(table, "json", day, body, note)
