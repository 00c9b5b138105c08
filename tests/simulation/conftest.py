"""The synthetic country, drawn once for all tests, from the reference data that the repository ships."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.registry.dataset import ReferenceDataset
from pipeline.registry.load import Registry, load
from pipeline.simulation import Delivery, Truth, deliveries
from pipeline.simulation.truth import truth_of
from pipeline.simulation.world import World, build_world

RAW = Path(__file__).parents[2] / "data" / "raw" / "norway"
Inputs = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def _newest(dataset: str) -> pd.DataFrame:
    paths = sorted((RAW / dataset).glob("*.csv"))
    assert paths, f"no reference file in {RAW / dataset}"
    return pd.read_csv(paths[-1], dtype=str)


def _reference(registry: Registry, dataset: str) -> pd.DataFrame:
    declared = registry.datasets[dataset]
    assert isinstance(declared, ReferenceDataset)
    return _newest(dataset)[list(declared.columns.values())].rename(
        columns={theirs: ours for ours, theirs in declared.columns.items()}
    )


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load("norway")


@pytest.fixture(scope="session")
def inputs(registry: Registry) -> Inputs:
    population = _newest("population_07459")
    for column in ("year", "age_0_17", "age_0_22", "total"):
        population[column] = population[column].astype(int)
    return _reference(registry, "klass_codes"), _reference(registry, "klass_changes"), population


@pytest.fixture(scope="session")
def world(registry: Registry, inputs: Inputs) -> World:
    return build_world(registry, *inputs)


@pytest.fixture(scope="session")
def known(world: World) -> Truth:
    return truth_of(world)


@pytest.fixture(scope="session")
def sent(registry: Registry, inputs: Inputs) -> list[Delivery]:
    return deliveries(registry, *inputs)


@pytest.fixture(scope="session")
def body(sent: list[Delivery]) -> dict[tuple[str, str], bytes]:
    """Dataset and day of publication → what was sent."""
    return {(each.dataset, f"{each.published:%Y-%m-%d}"): each.body for each in sent}
