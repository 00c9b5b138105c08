"""What to ask of a PxWeb table: what the declarations use of it, so that nothing is declared twice."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from math import prod
from typing import Any

from pipeline.problems import BadInput, Problem, bad_input
from pipeline.registry.dataset import PxwebDataset
from pipeline.registry.load import Registry
from pipeline.registry.model import Part

NAMES_SHOWN = 3


@dataclass(frozen=True)
class Wanted:
    """What the declarations use of a dataset: measures, values of dimensions, and from which year."""

    measures: tuple[str, ...]
    dimensions: dict[str, tuple[str, ...]]
    first_year: str

    @property
    def id(self) -> str:
        """Short, and another one as soon as something else is wanted."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Question:
    """Codes for each dimension, the number of cells they make, and which part of the whole it is: `1/3`, or nothing."""

    selection: dict[str, tuple[str, ...]]
    cells: int
    part: str = ""


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
    problems = list(_unknown(dataset, metadata, want))
    if problems:
        raise BadInput(problems)
    codes = {name: list(metadata["dimension"][name]["category"]["index"]) for name in metadata["id"]}
    units = codes[dataset.unit_dimension]
    periods = [code for code in codes[dataset.time_dimension] if code[:4] >= want.first_year]
    each = prod(map(len, want.dimensions.values())) * len(want.measures) * len(periods)
    if each > max_cells:
        raise bad_input(
            dataset.id, f"table {dataset.table}", "cells", each, f"{max_cells} in one answer: declare fewer codes"
        )
    whole = Question(
        {
            dataset.unit_dimension: ("*",),
            **want.dimensions,
            dataset.contents_dimension: want.measures,
            dataset.time_dimension: (f"from({min(periods)})",),
        },
        cells=each * len(units),
    )
    return [whole] if whole.cells <= max_cells else _split(whole, dataset.unit_dimension, units, each, max_cells)


def _split(whole: Question, dimension: str, units: list[str], each: int, max_cells: int) -> list[Question]:
    """Parts of as many units as fit; each: the cells of one unit."""
    size = max_cells // each
    groups = [tuple(units[start : start + size]) for start in range(0, len(units), size)]
    return [
        replace(
            whole,
            selection={**whole.selection, dimension: group},
            cells=each * len(group),
            part=f"{number}/{len(groups)}",
        )
        for number, group in enumerate(groups, start=1)
    ]


def _unknown(dataset: PxwebDataset, metadata: dict[str, Any], want: Wanted) -> Iterator[Problem]:
    """Declared dimensions and codes that the table does not have, and dimensions that must be chosen and are not."""
    place = f"table {dataset.table}"
    named = [dataset.unit_dimension, dataset.time_dimension, dataset.contents_dimension, *want.dimensions]
    for name in named:
        if name not in metadata["id"]:
            yield Problem(dataset.id, place, "dimension", repr(name), "one of " + ", ".join(metadata["id"]))
    for name, codes in ((dataset.contents_dimension, want.measures), *want.dimensions.items()):
        category = metadata["dimension"].get(name, {}).get("category")
        for code in codes if category else ():
            if code not in category["index"]:
                yield Problem(dataset.id, place, name, repr(code), _near(code, category))
    for name in metadata["id"]:
        if name not in named and not metadata["dimension"][name].get("extension", {}).get("elimination"):
            allowed = f"one in `dimensions` of every part that uses {dataset.id}: the table has no total over it"
            yield Problem(dataset.id, place, name, "no value", allowed)
    periods = metadata["dimension"].get(dataset.time_dimension, {}).get("category", {}).get("index")
    if periods is not None and max(periods, default="")[:4] < want.first_year:
        said = f"periods up to {max(periods, default='none')}"
        yield Problem(dataset.id, place, dataset.time_dimension, said, f"some from {want.first_year}")


def _near(code: str, category: dict[str, Any]) -> str:
    """The codes that look most like one, with their labels."""
    codes, labels = list(category["index"]), category.get("label", {})
    near = get_close_matches(code, codes, NAMES_SHOWN, cutoff=0.6) or codes[:NAMES_SHOWN]
    return f"one of its {len(codes)} codes, such as " + ", ".join(
        f"{each} ({labels[each]})" if each in labels else each for each in near
    )
