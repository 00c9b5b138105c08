"""Looks up a publisher's tables, and holds what is declared of them against what is there."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pipeline.problems import PublisherError, bad_input
from pipeline.registry.dataset import PxwebDataset
from pipeline.registry.load import Registry
from pipeline.sources.http import Publishers
from pipeline.sources.landing import scan
from pipeline.sources.pxweb_api import Listed, PxwebApi, is_missing
from pipeline.sources.pxweb_question import theirs, unknown, wanted

Standing = Literal["as declared", "changed", "discontinued", "gone", "can be switched on", "waits", "not registered"]
BROKEN: tuple[Standing, ...] = ("changed", "discontinued", "gone")
NEAR = 0.5  # how alike two titles or labels must be, from 0 to 1, for one to be named as the other's successor
Labels = Mapping[str, str]  # by code, or titles by table
Codes = Mapping[str, Labels]  # by dimension


@dataclass(frozen=True)
class Content:
    """What a table counts: its code, its label, and the unit the publisher gives."""

    code: str
    label: str
    unit: str


@dataclass(frozen=True)
class Found:
    """A table as the publisher has it, and how that fits what we declare; dataset: ours, or nothing.

    told: what does not fit and what may stand in its place, or what there is to do.
    """

    table: str
    label: str
    dataset: str
    standing: Standing
    first_period: str
    last_period: str
    is_discontinued: bool
    contents: tuple[Content, ...]
    told: tuple[str, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether something that is in use no longer is as declared."""
        return self.standing in BROKEN


def discover(registry: Registry, folder: Path, publishers: Publishers, words: str) -> list[Found]:
    """All tables a search for the words finds, and all that are registered; those first.

    folder: the jurisdiction's archive, which knows what lost codes were called. Raises PublisherError when a publisher
    does not answer, BadInput for a jurisdiction without PxWeb tables.
    """
    datasets = [each for each in registry.datasets.values() if isinstance(each, PxwebDataset)]
    if not datasets:
        home = registry.jurisdiction.id
        raise bad_input("discover", "", "jurisdiction", home, "one whose datasets/ has tables with kind = 'pxweb'")
    before = _last_seen(registry, folder)
    found: list[Found] = []
    for base in sorted({each.address.partition("/tables/")[0] for each in datasets}):
        api = PxwebApi(publishers, base)
        ours = {each.table: each for each in datasets if each.address.startswith(f"{base}/tables/")}
        listed = {each.id: each for each in api.tables(words)}
        others = {table: each for table, each in sorted(listed.items()) if table not in ours}
        titles = {table: each.label for table, each in others.items() if not each.is_discontinued}
        for table, dataset in sorted(ours.items()):
            found.append(_registered(registry, dataset, api, listed.get(table), titles, before.get(dataset.id, {})))
        found += [_candidate(each, api) for each in others.values()]
    return found


def _registered(
    registry: Registry, dataset: PxwebDataset, api: PxwebApi, listed: Listed | None, titles: Labels, before: Codes
) -> Found:
    """One of our tables; titles: of those that may replace it; before: what its codes were called when last fetched."""
    is_used = dataset.confirmed != "unconfirmed"
    try:
        is_discontinued = listed.is_discontinued if listed else api.table(dataset.table).is_discontinued
        metadata = api.metadata(dataset.table)
    except PublisherError as error:
        if not is_missing(error):
            raise
        lost = f"the publisher has no such table any more; {_perhaps(dataset.title, titles)}"
        standing: Standing = "gone" if is_used else "waits"
        return Found(dataset.table, dataset.title, dataset.id, standing, "", "", False, (), (lost,))
    label = str(metadata.get("label") or dataset.title)
    told = [*_lost(registry, dataset, metadata, before), *_lost_from_lists(dataset, api)]
    standing = "changed" if told else "as declared"
    if is_discontinued:
        standing = "discontinued"
        told.append(f"it gets no new figures; {_perhaps(label, titles)}")
    if not is_used:
        standing, told = _waiting(dataset, told)
    told += [each for each in api.instead if each.startswith(dataset.table)]
    return Found(
        dataset.table, label, dataset.id, standing, *_span(metadata, dataset.time_dimension, listed), is_discontinued,
        _contents(metadata, dataset.contents_dimension), tuple(told),
    )  # fmt: skip


def _waiting(dataset: PxwebDataset, told: list[str]) -> tuple[Standing, list[str]]:
    """A table that is not in use until somebody has seen that its codes are right."""
    if told:
        return "waits", told
    if dataset.expects.measures:
        switch = f'write confirmed = "live" into datasets/{dataset.id}.toml, and name it in a rule of calendar.toml'
        return "can be switched on", [f"all codes are there: {switch}"]
    return "waits", [f"no codes are declared: choose among its contents, in `expects` of datasets/{dataset.id}.toml"]


def _candidate(listed: Listed, api: PxwebApi) -> Found:
    """A table that is not ours; without contents when it is discontinued, or listed and not there."""
    try:
        metadata = {} if listed.is_discontinued else api.metadata(listed.id)
    except PublisherError as error:
        if not is_missing(error):
            raise
        metadata = {}
    measures = (metadata.get("role", {}).get("metric") or ["ContentsCode"])[0]
    return Found(
        listed.id, listed.label, "", "not registered", listed.first_period, listed.last_period, listed.is_discontinued,
        _contents(metadata, measures),
    )  # fmt: skip


def _lost(registry: Registry, dataset: PxwebDataset, metadata: dict[str, Any], before: Codes) -> Iterator[str]:
    """Declared dimensions and codes that the table no longer has, with what they were and what is like them now."""
    named, is_whole = _declared(registry, dataset), True
    for name, codes in named.items():
        if name not in metadata["dimension"]:
            is_whole = False
            yield f"there is no dimension {name}; there are {', '.join(metadata['id'])}"
            continue
        there, was = _labels(metadata, name), before.get(name, {})
        for code in [code for code in codes if code not in there and name not in dataset.codelists]:
            is_whole = False
            like = _perhaps(was[code], there) if code in was else _perhaps(code, {each: each for each in there})
            yield f"{name} {code}{f' ({was[code]})' if code in was else ''} is not in the table; {like}"
    want = wanted(registry, dataset.id)
    if is_whole and want is not None:
        for problem in unknown(dataset, metadata, want):
            yield f"{problem.field}: given {problem.given}; allowed: {problem.allowed}"


def _lost_from_lists(dataset: PxwebDataset, api: PxwebApi) -> Iterator[str]:
    """Declared codes that a code list no longer has."""
    for name, codelist in dataset.codelists.items():
        try:
            there = {each["code"]: each.get("label", "") for each in api.codelist(codelist.id)["values"]}
        except PublisherError as error:
            if error.status is None or error.status >= 500:
                raise
            yield f"{name}: code list {codelist.id}: {error.happened}"
            continue
        for code in codelist.codes:
            if code not in there:
                yield f"{name} {code} is not in the code list {codelist.id}; {_perhaps(codelist.codes[code], there)}"


def _declared(registry: Registry, dataset: PxwebDataset) -> dict[str, list[str]]:
    """The codes in use and those expected, by dimension."""
    want = wanted(registry, dataset.id)
    expects = dataset.expects
    named: dict[str, list[str]] = {dataset.unit_dimension: [], dataset.time_dimension: []}
    named[dataset.contents_dimension] = [*(want.measures if want else ()), *expects.measures]
    for dimensions in (want.dimensions if want else {}, expects.dimensions):
        for name, codes in dimensions.items():
            named.setdefault(name, []).extend(theirs(dataset, name, codes))
    return {name: list(dict.fromkeys(codes)) for name, codes in named.items()}


def _last_seen(registry: Registry, folder: Path) -> dict[str, Codes]:
    """What the codes of each PxWeb dataset were called in the newest file of the archive."""
    newest = {
        file.sidecar.dataset: file for file in sorted(scan(folder, registry.datasets), key=lambda f: f.published_on)
    }
    seen: dict[str, Codes] = {}
    for name, file in newest.items():
        if isinstance(registry.datasets[name], PxwebDataset):
            body = json.loads(file.body())
            seen[name] = {dimension: _labels(body, dimension) for dimension in body.get("dimension", {})}
    return seen


def _labels(metadata: dict[str, Any], name: str) -> dict[str, str]:
    category = metadata["dimension"][name]["category"]
    return {code: category.get("label", {}).get(code, code) for code in category.get("index") or category["label"]}


def _contents(metadata: dict[str, Any], name: str) -> tuple[Content, ...]:
    if name not in metadata.get("dimension", {}):
        return ()
    units = metadata["dimension"][name]["category"].get("unit", {})
    return tuple(
        Content(code, label, str(units.get(code, {}).get("base", "")))
        for code, label in _labels(metadata, name).items()
    )


def _span(metadata: dict[str, Any], time: str, listed: Listed | None) -> tuple[str, str]:
    """The first and the last period."""
    if listed and listed.last_period:
        return listed.first_period, listed.last_period
    periods = list(_labels(metadata, time)) if time in metadata["dimension"] else []
    return min(periods, default=""), max(periods, default="")


def _perhaps(was: str, labels: Labels) -> str:
    """The codes whose labels are most like another, best first."""
    plain = {code: _plain(label) for code, label in labels.items()}
    near = get_close_matches(_plain(was), list(dict.fromkeys(plain.values())), cutoff=NEAR)
    codes = [code for label in near for code in plain if plain[code] == label]
    named = (code if labels[code] == code else f"{code} ({labels[code]})" for code in codes[:3])
    return f"perhaps now {', '.join(named)}" if codes else "nothing there is like it"


def _plain(label: str) -> str:
    """Without the table's number before it and the years after it, which differ between a table and its successor."""
    return re.sub(r"^\d{5}:\s*|[\s,.]*\d{4}(\s*-\s*\d{4})?\s*$", "", label).lower()


def lines(found: Iterable[Found]) -> Iterator[str]:
    """For people: a line a table, then what it counts, then what is to be done."""
    for each in found:
        ended = ", discontinued" if each.is_discontinued else ""
        whose = f"{each.dataset}: {each.standing}" if each.dataset else each.standing
        yield f"{each.table}  {each.label}  [{each.first_period}–{each.last_period}{ended}]  {whose}"
        yield from (f"    {c.code}  {c.label}{f' ({c.unit})' if c.unit else ''}" for c in each.contents)
        yield from (f"  ! {told}" for told in each.told)
