"""Asks the publishers for what is newer than the archive; a dataset that fails does not stop the others."""

import hashlib
import json
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from pipeline.problems import BadInput, Problem, PublisherError, bad_input
from pipeline.progress import Say, counted, silent
from pipeline.registry.calendar import has_interface
from pipeline.registry.dataset import BufdirDataset, DatasetBase, PxwebDataset, ReferenceDataset
from pipeline.registry.load import Registry
from pipeline.sources import bufdir, delimited, limits, pxweb
from pipeline.sources.bufdir_page import edition
from pipeline.sources.code_lists import codes_of, newer_list
from pipeline.sources.http import LOOK, Answer, Publishers
from pipeline.sources.landing import ArchivedFile, archive, scan
from pipeline.sources.pxweb_api import PxwebApi
from pipeline.sources.pxweb_metadata import differences
from pipeline.sources.pxweb_question import questions, wanted

METADATA = "metadata"  # the folder beside the datasets that keeps what tables said of themselves, as sent
SYNTHETIC = (
    "the archive has synthetic figures of it, and real ones are not put beside them: "
    "set VEIVISER_HOME to a folder whose archive has none of it"
)
AHEAD = timedelta(days=1)  # how far a publisher's clock may be before ours
SHOWN = 3  # mistakes in a delivery; the rest is counted
WHICH_HOLDS = "ask the publisher which holds; where it is the older one, take the other out of the archive"
Says = Literal["new vintage", "no change", "changed metadata", "failed", "not fetched"]


@dataclass(frozen=True)
class Outcome:
    """What came of a dataset; fault: whose, when it failed or was refused."""

    dataset: str
    outcome: Says
    detail: str
    fault: Literal["publisher", "ours"] | None = None
    again_at: datetime | None = None  # the end of the quiet hours that it was not asked in

    @property
    def is_news(self) -> bool:
        """Whether the publisher had something that was not known."""
        return self.outcome in ("new vintage", "changed metadata")

    def __str__(self) -> str:
        return f"{self.dataset}: {self.outcome} ({self.detail})"


Door = Callable[[pd.DataFrame, DatasetBase, Iterable[ArchivedFile], date], Iterable[Problem]]
"""What is wrong with a delivery as read, of a dataset and a day, beside the newest files of the archive."""


class Fetching:
    """One round of asking: the archive as it was, and the interfaces that were met.

    door: what a delivery must be beside readable; nothing else when left out.
    """

    def __init__(self, registry: Registry, folder: Path, publishers: Publishers, door: Door = lambda *_: ()) -> None:
        self._registry, self._folder, self._publishers, self._door = registry, folder, publishers, door
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
        in_order = sorted(set(names) or datasets, key=lambda each: (*_lists_codes(datasets[each]), each))
        for name in counted(say, "asking publishers", in_order):
            yield self._outcome(datasets[name])
            self._keep_metadata(datasets[name])

    def _outcome(self, dataset: DatasetBase) -> Outcome:
        clients: dict[type, Callable[..., Outcome]] = {
            PxwebDataset: self._pxweb,
            BufdirDataset: self._bufdir,
            ReferenceDataset: self._klass,
        }
        if not has_interface(dataset):
            return Outcome(
                dataset.id, "not fetched", f"no interface: put the file into the archive, from {dataset.address}"
            )
        if dataset.id in self._synthetic:
            return Outcome(dataset.id, "not fetched", SYNTHETIC, "ours")
        try:
            return clients[type(dataset)](dataset, self._newest.get(dataset.id))
        except PublisherError as error:
            return Outcome(dataset.id, "failed", str(error), "publisher")
        except BadInput as error:
            return Outcome(dataset.id, "failed", "; ".join(map(str, error.problems)), "ours")
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            return Outcome(dataset.id, "failed", _unforeseen(error), "ours")

    def _pxweb(self, dataset: PxwebDataset, newest: ArchivedFile | None) -> Outcome:
        """All parts are here before the first is archived; a vintage comes again when others of it are declared."""
        want = wanted(self._registry, dataset.id)
        if want is None:
            return Outcome(dataset.id, "not fetched", "no indicator uses it")
        base = dataset.address.partition("/tables/")[0]
        api = self._apis.setdefault(base, PxwebApi(self._publishers, base))
        table = api.table(dataset.table)
        metadata, sent = api.described(dataset.table)
        known, question_id = newest.sidecar if newest else None, want.id(dataset)
        _check_moment(dataset.address, table.updated, known.published if known else None)
        is_new = known is None or table.updated > known.published
        is_other = known is not None and table.updated == known.published and question_id != known.question
        said = [_since(table.updated, table.is_discontinued)]
        answers = []
        if is_new or is_other:
            asked = questions(dataset, metadata, want, api.config.max_cells)
            answers = [(question, *api.data(table, question)) for question in asked]
            for _, _, answer in answers:
                self._check(answer, dataset, table.updated, pxweb.read)
        changed, retrieved = self._changed(dataset, metadata, sent), _now()
        for question, query, answer in answers:
            archive(
                self._folder, dataset, answer.body, "json", table.updated, retrieved, again=is_other,
                query=query, question=question_id, part=question.part,
            )  # fmt: skip
        said += [f"in {len(answers)} parts"] if len(answers) > 1 else []
        said += ["asked for again: something else is declared by now"] if is_other else []
        said += [each for each in api.instead if each.startswith(f"{dataset.table} ")]
        if changed:
            figures = "with a new vintage " if is_new else "figures "
            return Outcome(dataset.id, "changed metadata", "; ".join([figures + ", ".join(said), *changed]))
        return Outcome(dataset.id, "new vintage" if is_new or is_other else "no change", ", ".join(said))

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
            now, query = _now(), f"GET {self._unkept.address}"
            where, body = self._folder / METADATA, self._unkept.body
            archive(where, dataset, body, "json", now, now, query=query, published_is_known=False)
        self._unkept = None

    def _klass(self, dataset: ReferenceDataset, newest: ArchivedFile | None) -> Outcome:
        """A list has no moment of publication, so a new one counts from the moment it was first seen."""
        now = _now()
        codes = codes_of(self._registry, self._newest) if dataset.role == "municipality_change" else None
        answer = newer_list(self._publishers, dataset, newest, codes, now.date())
        if answer is None:
            assert newest is not None, "a list is only known to be no news where there is one"
            return Outcome(dataset.id, "no change", _since(newest.sidecar.published))
        self._check(answer, dataset, now, delimited.read_reference)
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
        _check_moment(found.address, published, newest.sidecar.published if newest else None)
        if newest is not None and published == newest.sidecar.published:
            happened = f"is another file, but {_since(published)} as the newest in the archive"
            raise PublisherError(found.address, happened, WHICH_HOLDS)
        self._check(answer, dataset, published, bufdir.read)
        archive(
            self._folder, dataset, answer.body, "zip", published, _now(),
            query=query, published_is_known=answer.last_modified is not None,
        )  # fmt: skip
        return Outcome(dataset.id, "new vintage", _since(published))

    def _check(self, answer: Answer, dataset: Any, published: datetime, read: Callable[..., pd.DataFrame]) -> None:
        """Reads a delivery as a build will: what a build would stop at may not enter. Raises PublisherError with it."""
        day = published.astimezone(UTC).date()
        holds = dataset.on(day)
        try:
            limits.check_size(len(answer.body), dataset.id)
            problems = tuple(self._door(read(answer.body, holds, dataset.id), dataset, self._newest.values(), day))
        except BadInput as error:
            problems = error.problems
        if problems:
            more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
            happened = "sends what cannot be used: " + "; ".join(map(str, problems[:SHOWN])) + more
            remedy = f"try again later; where it lasts and the publisher is right, mend datasets/{dataset.id}.toml"
            raise PublisherError(answer.address, happened, remedy)


def _check_moment(address: str, published: datetime, last: datetime | None) -> None:
    """Raises PublisherError for a moment to come, or one before the newest in the archive."""
    if published > _now() + AHEAD:
        raise PublisherError(address, f"says it is {_since(published)}, which is yet to come", LOOK)
    if last is not None and published < last:
        happened = f"is {_since(published)}, older than the newest in the archive, {_since(last)}"
        raise PublisherError(address, happened, WHICH_HOLDS)


def _now() -> datetime:
    return datetime.now(UTC)


def _since(updated: datetime, is_discontinued: bool = False) -> str:
    ended = ", discontinued: find its successor" if is_discontinued else ""
    return f"of {updated.astimezone(UTC):%Y-%m-%d %H:%M} UTC{ended}"


def _newest(files: Iterable[ArchivedFile]) -> dict[str, ArchivedFile]:
    """Dataset → its newest file."""
    return {file.sidecar.dataset: file for file in sorted(files, key=lambda each: each.sidecar.published)}


def _lists_codes(dataset: DatasetBase) -> tuple[bool, bool]:
    """The codes are asked for first, then other lists: changes are held against the codes, and figures as well."""
    if not isinstance(dataset, ReferenceDataset):
        return True, True
    return dataset.role != "municipality_code", False


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
