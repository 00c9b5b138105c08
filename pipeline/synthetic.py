"""Puts a simulated Norway into an archive, beside the real reference data it is simulated from."""

from pathlib import Path

import pandas as pd

from pipeline.progress import Say, counted, silent
from pipeline.registry.dataset import DelimitedDataset, ReferenceDataset
from pipeline.registry.load import Registry, load
from pipeline.settings import Settings
from pipeline.simulation import deliveries
from pipeline.sources import delimited
from pipeline.sources.landing import archive, scan


def archive_country(out: Path | None = None, seed: int | None = None, say: Say = silent) -> list[Path]:
    """Writes all synthetic deliveries; returns the files. The reference data come from the project's own archive."""
    registry = load("norway")
    say("drawing a country")
    drawn = deliveries(registry, *reference(registry), seed=seed)
    return [
        archive(
            (out or Settings().raw) / "norway",
            registry.datasets[each.dataset],
            each.body,
            each.extension,
            each.published,
            each.published,
            synthetic=True,
            note=each.note,
        )
        for each in counted(say, "archiving deliveries", drawn, lambda each: each.dataset)
    ]


def reference(registry: Registry) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The real codes, changes and population that the simulation stands on."""
    files = {file.sidecar.dataset: file for file in scan(Settings().raw / "norway", registry.datasets)}
    tables = []
    for name in ("klass_codes", "klass_changes"):
        dataset = registry.datasets[name]
        assert isinstance(dataset, ReferenceDataset)
        tables.append(delimited.read_reference(files[name].body(), dataset, files[name].file_id))
    population = registry.datasets["population_07459"]
    assert isinstance(population, DelimitedDataset)
    cells = delimited.read(files["population_07459"].body(), population, files["population_07459"].file_id)
    wide = cells.pivot(index=["unit_code", "period"], columns="measure", values="value").reset_index()
    wide = wide.rename(columns={"unit_code": "code", "period": "year"}).astype({"year": int})
    tables[0] = tables[0].astype({"year": int})
    return tables[0], tables[1], wide
