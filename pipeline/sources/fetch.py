"""Asks the publishers for what is newer than the archive; a dataset that fails does not stop the others."""

import hashlib
import json
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pipeline.problems import BadInput, PublisherError, bad_input
from pipeline.progress import Say, counted, silent
from pipeline.registry.dataset import BufdirDataset, DatasetBase, PxwebDataset, ReferenceDataset
from pipeline.registry.load import Registry
from pipeline.sources.bufdir_page import edition
from pipeline.sources.code_lists import codes_of, newer_list
from pipeline.sources.http import Answer, Publishers
from pipeline.sources.landing import ArchivedFile, archive, scan
from pipeline.sources.pxweb_api import PxwebApi
from pipeline.sources.pxweb_metadata import differences
from pipeline.sources.pxweb_question import questions, wanted

METADATA = "metadata"  # the folder beside the datasets that keeps what tables said of themselves, as sent
SYNTHETIC = (
    "the archive has synthetic figures of it, and real ones are not put beside them: "
    "set VEIVISER_HOME to a folder whose archive has none of it"
)
Says = Literal["new vintage", "no change", "changed metadata", "failed", "not fetched"]


@dataclass(frozen=True)
class Outcome:
    """What came of a dataset; fault: whose, when it failed or was refused."""

    dataset: str
    outcome: Says
    detail: str
    fault: Literal["publisher", "ours"] | None = None

    @property
    def is_news(self) -> bool:
        """Whether the publisher had something that was not known."""
        return self.outcome in ("new vintage", "changed metadata")

    def __str__(self) -> str:
        return f"{self.dataset}: {self.outcome} ({self.detail})"


class Fetching:
    """One round of asking: the archive as it was, and the interfaces that were met."""

    def __init__(self, registry: Registry, folder: Path, publishers: Publishers) -> None:
        self._registry, self._folder, self._publishers = registry, folder, publishers
        archived = scan(folder, registry.datasets)
        self._newest = _newest(archived)
        self._synthetic = {file.sidecar.dataset for file in archived if file.sidecar.synthetic}
        self._metadata = _newest(scan(folder / METADATA, registry.datasets))
        self._unkept: Answer | None = None
        self._apis: dict[str, PxwebApi] = {}

    def outcomes(self, names: Collection[str] = (), say: Say = silent) -> Iterator[Outcome]:
        """One outcome a dataset, of all when no names are given. Raises BadInput for a name that is none."""
        datasets = self._registry.datasets
        for name in names:
            if name not in datasets:
                raise bad_input("fetch", "", "dataset", name, "one of " + ", ".join(sorted(datasets)))
        in_order = sorted(set(names) or datasets, key=lambda each: (not _lists_codes(datasets[each]), each))
        for name in counted(say, "asking publishers", in_order):
            yield self._outcome(datasets[name])
            self._keep_metadata(datasets[name])

    def _outcome(self, dataset: DatasetBase) -> Outcome:
        clients: dict[type, Callable[..., Outcome]] = {
            PxwebDataset: self._pxweb,
            BufdirDataset: self._bufdir,
            ReferenceDataset: self._klass,
        }
        client = clients.get(type(dataset))
        if client is None or (isinstance(dataset, ReferenceDataset) and dataset.klass is None):
            return Outcome(
                dataset.id, "not fetched", f"no interface: put the file into the archive, from {dataset.address}"
            )
        if dataset.id in self._synthetic:
            return Outcome(dataset.id, "not fetched", SYNTHETIC, "ours")
        try:
            return client(dataset, self._newest.get(dataset.id))
        except PublisherError as error:
            return Outcome(dataset.id, "failed", str(error), "publisher")
        except BadInput as error:
            return Outcome(dataset.id, "failed", "; ".join(map(str, error.problems)), "ours")
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            return Outcome(dataset.id, "failed", _unforeseen(error), "ours")

    def _pxweb(self, dataset: PxwebDataset, newest: ArchivedFile | None) -> Outcome:
        """All parts are here before the first is archived; a vintage that lacks what is declared by now comes again."""
        want = wanted(self._registry, dataset.id)
        if want is None:
            return Outcome(dataset.id, "not fetched", "no indicator uses it")
        base = dataset.address.partition("/tables/")[0]
        api = self._apis.setdefault(base, PxwebApi(self._publishers, base))
        table = api.table(dataset.table)
        metadata, sent = api.described(dataset.table)
        known, question_id = newest.sidecar if newest else None, want.id(dataset)
        is_new = known is None or table.updated > known.published
        is_wider = known is not None and table.updated == known.published and question_id != known.question
        said = [_since(table.updated, table.is_discontinued)]
        if is_new or is_wider:
            asked = questions(dataset, metadata, want, api.config.max_cells)
            answers = [(question, *api.data(table, question)) for question in asked]
            retrieved = datetime.now(UTC)
            for question, query, answer in answers:
                archive(
                    self._folder, dataset, answer.body, "json", table.updated, retrieved,
                    query=query, question=question_id, part=question.part,
                )  # fmt: skip
            said += [f"in {len(answers)} parts"] if len(answers) > 1 else []
            said += ["asked for again: more is declared by now"] if is_wider else []
        said += [each for each in api.instead if each.startswith(f"{dataset.table} ")]
        if changed := self._changed(dataset, metadata, sent):
            figures = "with a new vintage " if is_new else "figures "
            return Outcome(dataset.id, "changed metadata", "; ".join([figures + ", ".join(said), *changed]))
        return Outcome(dataset.id, "new vintage" if is_new or is_wider else "no change", ", ".join(said))

    def _changed(self, dataset: PxwebDataset, metadata: dict[str, Any], sent: Answer | None) -> list[str]:
        """How the table's metadata differ from those kept last, apart from newer periods."""
        last = self._metadata.get(dataset.id)
        if sent is None or (last and last.sidecar.sha256 == hashlib.sha256(sent.body).hexdigest()):
            return []
        self._unkept = sent
        return differences(_grown(json.loads(last.body()), metadata, dataset.time_dimension), metadata) if last else []

    def _keep_metadata(self, dataset: DatasetBase) -> None:
        """As sent; after the outcome was told, so that what a killed fetch found is found again."""
        if self._unkept:
            now, query = datetime.now(UTC), f"GET {self._unkept.address}"
            where, body = self._folder / METADATA, self._unkept.body
            archive(where, dataset, body, "json", now, now, query=query, published_is_known=False)
        self._unkept = None

    def _klass(self, dataset: ReferenceDataset, newest: ArchivedFile | None) -> Outcome:
        """A list has no moment of publication, so a new one counts from the moment it was first seen."""
        now = datetime.now(UTC)
        codes = codes_of(self._registry, self._newest) if dataset.role == "municipality_change" else None
        answer = newer_list(self._publishers, dataset, newest, codes, now.date())
        if answer is None:
            assert newest is not None, "a list is only known to be no news where there is one"
            return Outcome(dataset.id, "no change", _since(newest.sidecar.published))
        query = f"GET {answer.address}"
        archive(self._folder, dataset, answer.body, "json", now, now, query=query, published_is_known=False)
        self._newest = _newest(scan(self._folder, self._registry.datasets))  # changes are held against these codes
        return Outcome(dataset.id, "new vintage", f"first seen {_since(now)[3:]}")

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


def _newest(files: Iterable[ArchivedFile]) -> dict[str, ArchivedFile]:
    """Dataset → its newest file."""
    return {file.sidecar.dataset: file for file in sorted(files, key=lambda each: each.sidecar.published)}


def _lists_codes(dataset: DatasetBase) -> bool:
    """Asked for first, because changes are held against the codes."""
    return isinstance(dataset, ReferenceDataset) and dataset.role == "municipality_code"


def _grown(before: dict[str, Any], after: dict[str, Any], time: str) -> dict[str, Any]:
    """The earlier metadata with the periods of the later, when these only added some: that comes with every vintage."""
    was, now = (list(each["dimension"].get(time, {}).get("category", {}).get("index", ())) for each in (before, after))
    if not set(was) <= set(now):
        return before
    category = after["dimension"][time]["category"]
    return before | {"dimension": before["dimension"] | {time: before["dimension"][time] | {"category": category}}}


def _unforeseen(error: Exception) -> str:
    """An answer that nobody thought of must not stop the other datasets; the place is for our developers."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"the answer cannot be read: {error!r} in {Path(place.filename).name}:{place.lineno}; send us this line"
