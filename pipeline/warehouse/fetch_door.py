"""What a fetched delivery must be to enter the archive, beside readable: asked as the build will ask it."""

from collections.abc import Iterable
from datetime import date

import pandas as pd

from pipeline.problems import Problem
from pipeline.registry.dataset import DatasetBase, ReferenceDataset
from pipeline.registry.load import Registry
from pipeline.sources import delimited
from pipeline.sources.landing import ArchivedFile
from pipeline.warehouse.delivery_checks import CodesInUse, check_observations, check_reference


class FetchDoor:
    """Asks deliveries of a jurisdiction that have been read."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __call__(
        self, table: pd.DataFrame, dataset: DatasetBase, newest: Iterable[ArchivedFile], day: date
    ) -> list[Problem]:
        """What is wrong with a delivery of a day; newest: the newest file of each dataset in the archive.

        Where the archive has no list of municipality codes yet, nothing is held against it.
        """
        codes = CodesInUse.of(
            [self._read(file) for file in newest if self._lists_codes(file)], self._registry.jurisdiction
        )
        table = table.assign(file_id=dataset.id)
        if not codes.years:
            return []
        if isinstance(dataset, ReferenceDataset):
            return check_reference(table, dataset.role, codes)
        return check_observations(table, dataset, self._registry, codes, day)

    def _lists_codes(self, file: ArchivedFile) -> bool:
        dataset = self._registry.datasets[file.sidecar.dataset]
        return isinstance(dataset, ReferenceDataset) and dataset.role == "municipality_code"

    def _read(self, file: ArchivedFile) -> pd.DataFrame:
        dataset = self._registry.datasets[file.sidecar.dataset]
        assert isinstance(dataset, ReferenceDataset), "_lists_codes has chosen it"
        return delimited.read_reference(file.body(), dataset, file.file_id)
