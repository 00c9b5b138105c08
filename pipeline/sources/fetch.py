"""Asks the publishers for what is newer than the archive; a dataset that fails does not stop the others."""

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pipeline.problems import BadInput, PublisherError, bad_input
from pipeline.progress import Say, counted, silent
from pipeline.registry.dataset import BufdirDataset, DatasetBase, PxwebDataset
from pipeline.registry.load import Registry
from pipeline.sources.bufdir_page import edition
from pipeline.sources.http import Publishers
from pipeline.sources.landing import ArchivedFile, archive, scan
from pipeline.sources.pxweb_api import PxwebApi
from pipeline.sources.pxweb_question import questions, wanted

Says = Literal["new vintage", "no change", "failed", "not fetched"]


@dataclass(frozen=True)
class Outcome:
    """What came of a dataset; fault: whose, when it failed."""

    dataset: str
    outcome: Says
    detail: str
    fault: Literal["publisher", "ours"] | None = None

    def __str__(self) -> str:
        return f"{self.dataset}: {self.outcome} ({self.detail})"


class Fetching:
    """One round of asking: the archive as it was, and the interfaces that were met."""

    def __init__(self, registry: Registry, folder: Path, publishers: Publishers) -> None:
        self._registry, self._folder, self._publishers = registry, folder, publishers
        self._archived = scan(folder, registry.datasets)
        self._apis: dict[str, PxwebApi] = {}

    def outcomes(self, names: Collection[str] = (), say: Say = silent) -> Iterator[Outcome]:
        """One outcome a dataset, of all when no names are given. Raises BadInput for a name that is none."""
        datasets = self._registry.datasets
        for name in names:
            if name not in datasets:
                raise bad_input("fetch", "", "dataset", name, "one of " + ", ".join(sorted(datasets)))
        for name in counted(say, "asking publishers", sorted(set(names) or datasets)):
            yield self._outcome(datasets[name])

    def _outcome(self, dataset: DatasetBase) -> Outcome:
        clients: dict[type, Callable[..., Outcome]] = {PxwebDataset: self._pxweb, BufdirDataset: self._bufdir}
        client = clients.get(type(dataset))
        if client is None:
            return Outcome(
                dataset.id, "not fetched", f"no interface: put the file into the archive, from {dataset.address}"
            )
        known = [file for file in self._archived if file.sidecar.dataset == dataset.id]
        try:
            _refuse_synthetic(dataset, known)
            return client(dataset, max(known, key=lambda file: file.sidecar.published, default=None))
        except PublisherError as error:
            return Outcome(dataset.id, "failed", str(error), "publisher")
        except BadInput as error:
            return Outcome(dataset.id, "failed", "; ".join(map(str, error.problems)), "ours")

    def _pxweb(self, dataset: PxwebDataset, newest: ArchivedFile | None) -> Outcome:
        """All parts are here before the first is archived."""
        want = wanted(self._registry, dataset.id)
        if want is None:
            return Outcome(dataset.id, "not fetched", "no indicator uses it")
        base = dataset.address.partition("/tables/")[0]
        api = self._apis.setdefault(base, PxwebApi(self._publishers, base))
        table = api.table(dataset.table)
        if newest is not None and table.updated <= newest.sidecar.published:
            return Outcome(dataset.id, "no change", _since(table.updated, table.is_discontinued))
        asked = questions(dataset, api.metadata(dataset.table), want, api.config.max_cells)
        answers = [(question, *api.data(table, question)) for question in asked]
        retrieved = datetime.now(UTC)
        for question, query, answer in answers:
            archive(
                self._folder, dataset, answer.body, "json", table.updated, retrieved, query=query, part=question.part
            )
        in_parts = f", in {len(answers)} parts" if len(answers) > 1 else ""
        return Outcome(dataset.id, "new vintage", _since(table.updated, table.is_discontinued) + in_parts)

    def _bufdir(self, dataset: BufdirDataset, newest: ArchivedFile | None) -> Outcome:
        """An edition is known by its address, which carries a hash; its day is that of the file, or in its name."""
        found = edition(self._publishers, dataset)
        query = f"GET {found.address}"
        if newest is not None and newest.sidecar.query == query:
            return Outcome(dataset.id, "no change", _since(newest.sidecar.published))
        answer = self._publishers.get(found.address, "zip")
        published = answer.last_modified or found.named_day
        if newest is not None and newest.sidecar.sha256 == hashlib.sha256(answer.body).hexdigest():
            return Outcome(dataset.id, "no change", f"the same bytes at another address, {found.address}")
        if newest is not None and published <= newest.sidecar.published:
            happened = f"is another file, but {_since(published)}: not newer than the newest in the archive"
            raise PublisherError(found.address, happened, "ask the publisher which of the two holds")
        archive(
            self._folder, dataset, answer.body, "zip", published, datetime.now(UTC),
            query=query, published_is_known=answer.last_modified is not None,
        )  # fmt: skip
        return Outcome(dataset.id, "new vintage", _since(published))


def _since(updated: datetime, is_discontinued: bool = False) -> str:
    ended = ", discontinued: find its successor" if is_discontinued else ""
    return f"of {updated.astimezone(UTC):%Y-%m-%d %H:%M} UTC{ended}"


def _refuse_synthetic(dataset: DatasetBase, known: list[ArchivedFile]) -> None:
    """Real figures beside synthetic ones would make a series that is neither."""
    if any(file.sidecar.synthetic for file in known):
        raise bad_input(
            dataset.id, "", "archive", "synthetic deliveries",
            "real ones alone: set VEIVISER_HOME to a folder whose archive has no synthetic deliveries of it",
        )  # fmt: skip
