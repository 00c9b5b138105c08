"""What to ask of a PxWeb table: what the declarations use of it, so that nothing is declared twice."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import prod
from typing import Any

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import PxwebDataset
from pipeline.registry.load import Registry
from pipeline.registry.model import Part

NAMES_SHOWN = 3
RUN = 2  # so many codes in a row are written as one expression


@dataclass(frozen=True)
class Wanted:
    """What the declarations use of a dataset: measures, values of dimensions, and from which year."""

    measures: tuple[str, ...]
    dimensions: dict[str, tuple[str, ...]]
    first_year: str

    def id(self, dataset: PxwebDataset) -> str:
        """Short, and another one as soon as something else is wanted of the dataset, or through another code list."""
        return hashlib.sha256(repr((self, dataset.codelists)).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Question:
    """Codes for each dimension, and which part of the whole they are: `1/3`, or nothing.

    codes: one by one. selection: the same, as short as PxWebApi v2 takes them. codelists: their ids, by dimension.
    """

    codes: dict[str, tuple[str, ...]]
    selection: dict[str, tuple[str, ...]]
    codelists: dict[str, str]
    part: str = ""

    @property
    def cells(self) -> int:
        """How many cells the answer has."""
        return prod(map(len, self.codes.values()))


def wanted(registry: Registry, dataset: str) -> Wanted | None:
    """What all indicators and the child population use of a dataset; nothing when none of them does."""
    used = list(_used(registry, dataset))
    if not used:
        return None
    dimensions: dict[str, set[str]] = {}
    for part, _ in used:
        for name, code in part.dimensions.items():
            dimensions.setdefault(name, set()).add(code)
    return Wanted(
        measures=tuple(sorted({measure for part, _ in used for measure in part.measures})),
        dimensions={name: tuple(sorted(codes)) for name, codes in sorted(dimensions.items())},
        first_year=min(year for _, year in used),
    )


def _used(registry: Registry, dataset: str) -> Iterator[tuple[Part, str]]:
    """The parts that name the dataset, each with the year it starts."""
    all_series = [series for indicator in registry.indicators.values() for series in indicator.series]
    for series in all_series:
        for part in series.parts.values():
            if part.dataset == dataset:
                yield part, series.first_period[:4]
    if registry.jurisdiction.child_population.dataset == dataset:
        yield registry.jurisdiction.child_population, min(series.first_period[:4] for series in all_series)


def questions(dataset: PxwebDataset, metadata: dict[str, Any], want: Wanted, max_cells: int) -> list[Question]:
    """The question, in as few parts as the limit on cells allows; it is split between units.

    Raises BadInput with every declared code that the table does not have.
    """
    problems = list(unknown(dataset, metadata, want))
    if problems:
        raise BadInput(problems)
    there = {name: list(metadata["dimension"][name]["category"]["index"]) for name in metadata["id"]}
    units = there[dataset.unit_dimension]
    periods = [code for code in there[dataset.time_dimension] if code[:4] >= want.first_year]
    others = {name: theirs(dataset, name, codes) for name, codes in want.dimensions.items()}
    each = prod(map(len, others.values())) * len(want.measures) * len(periods)
    if each > max_cells:
        raise bad_input(
            dataset.id, f"table {dataset.table}", "cells", each, f"{max_cells} in one answer: declare fewer codes"
        )
    size = max_cells // each
    groups = [units[start : start + size] for start in range(0, len(units), size)]
    return [
        _question(
            dataset,
            {
                dataset.unit_dimension: group,
                **others,
                dataset.contents_dimension: list(want.measures),
                dataset.time_dimension: periods,
            },
            there,
            part=f"{number}/{len(groups)}" if len(groups) > 1 else "",
        )
        for number, group in enumerate(groups, start=1)
    ]


def _question(
    dataset: PxwebDataset, codes: dict[str, list[str]], there: dict[str, list[str]], part: str = ""
) -> Question:
    """there: all codes of each dimension, in the publisher's order."""
    return Question(
        codes={name: tuple(each) for name, each in codes.items()},
        selection={
            name: tuple(each) if name in dataset.codelists else shortened(each, there[name])
            for name, each in codes.items()
        }
        | {dataset.time_dimension: (f"from({codes[dataset.time_dimension][0]})",)},
        codelists={name: dataset.codelists[name].id for name in codes if name in dataset.codelists},
        part=part,
    )


def shortened(codes: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    """The codes as one expression of PxWebApi v2 where they are all, the last, or a run of those there are.

    there: all codes of the dimension, in the publisher's order, which is what `from` and `range` go by.
    """
    first, after = there.index(codes[0]), there.index(codes[0]) + len(codes)
    if len(codes) < RUN or list(codes) != list(there[first:after]):
        return tuple(codes)
    if len(codes) == len(there):
        return ("*",)
    return (f"from({codes[0]})",) if after == len(there) else (f"[range({codes[0]},{codes[-1]})]",)


def theirs(dataset: PxwebDataset, name: str, codes: Collection[str]) -> list[str]:
    """What the publisher calls the codes of a dimension."""
    if name not in dataset.codelists:
        return list(codes)
    ours = {our: their for their, our in dataset.codelists[name].codes.items()}
    return [ours.get(code, code) for code in codes]


def unknown(dataset: PxwebDataset, metadata: dict[str, Any], want: Wanted) -> Iterator[Problem]:
    """Declared dimensions and codes that the table does not have, and dimensions that must be chosen and are not."""
    place = f"table {dataset.table}"
    named = [dataset.unit_dimension, dataset.time_dimension, dataset.contents_dimension, *want.dimensions]
    for name in named:
        if name not in metadata["id"]:
            yield Problem(dataset.id, place, "dimension", repr(name), "one of " + ", ".join(metadata["id"]))
    for name, codes in ((dataset.contents_dimension, want.measures), *want.dimensions.items()):
        dimension = metadata["dimension"].get(name)
        if dimension is not None:
            yield from _unknown_codes(dataset, name, codes, dimension)
    for name in metadata["id"]:
        if name not in named and not metadata["dimension"][name].get("extension", {}).get("elimination"):
            allowed = f"one in `dimensions` of every part that uses {dataset.id}: the table has no total over it"
            yield Problem(dataset.id, place, name, "no value", allowed)
    periods = metadata["dimension"].get(dataset.time_dimension, {}).get("category", {}).get("index")
    if periods is not None and max(periods, default="")[:4] < want.first_year:
        said = f"periods up to {max(periods, default='none')}"
        yield Problem(dataset.id, place, dataset.time_dimension, said, f"some from {want.first_year}")


def _unknown_codes(
    dataset: PxwebDataset, name: str, codes: Collection[str], dimension: dict[str, Any]
) -> Iterator[Problem]:
    """Of one dimension; a code list has the codes that are declared for it, and must be offered by the table."""
    place, codelist = f"table {dataset.table}", dataset.codelists.get(name)
    if codelist is None:
        for code in codes:
            if code not in dimension["category"]["index"]:
                yield Problem(dataset.id, place, name, repr(code), _near(code, dimension["category"]))
        return
    for code in sorted(set(codes) - set(codelist.codes.values())):
        allowed = f"one of {', '.join(codelist.codes.values())}, as codelists declares"
        yield Problem(dataset.id, place, name, repr(code), allowed)
    offered = dimension.get("extension", {}).get("codelists")
    if offered is not None and codelist.id not in [each["id"] for each in offered]:
        there = ", ".join(f"{each['id']} ({each.get('label', '')})" for each in offered) or "none"
        yield Problem(dataset.id, place, f"{name}: code list", repr(codelist.id), f"one the table offers: {there}")


def _near(code: str, category: dict[str, Any]) -> str:
    """The codes that look most like one, with their labels."""
    codes, labels = list(category["index"]), category.get("label", {})
    near = get_close_matches(code, codes, NAMES_SHOWN, cutoff=0.6) or codes[:NAMES_SHOWN]
    return f"one of its {len(codes)} codes, such as " + ", ".join(
        f"{each} ({labels[each]})" if each in labels else each for each in near
    )
