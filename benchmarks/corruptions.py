"""Damages the bundled deliveries at random, and tells what became of each: the same table, a clear error, or worse.

Usage: python benchmarks/corruptions.py [number] [seed]
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import pandas as pd

from pipeline.problems import BadInput
from pipeline.registry.load import Registry, jurisdictions, load
from pipeline.settings import Settings
from pipeline.sources.landing import ArchivedFile, scan
from pipeline.warehouse.checks import check_observations
from pipeline.warehouse.load import READERS

WHERE_IT_STOOD = ["place", "line", "text"]  # a row number is no figure, and " 12" is 12
SAME, ERROR, CHANGED, TRACEBACK = "same table", "clear error", "changed table", "traceback"
OUTCOMES = (SAME, ERROR, CHANGED, TRACEBACK)
DIGITS = b"0123456789"


def flip(body: bytearray, at: int, chance: random.Random) -> None:
    body[at] ^= 1 << chance.randrange(8)


def delete(body: bytearray, at: int, chance: random.Random) -> None:
    del body[at : at + chance.choice((1, 1, 2, 4, 64))]


def insert(body: bytearray, at: int, chance: random.Random) -> None:
    body[at:at] = chance.randbytes(chance.choice((1, 1, 2, 4, 64)))


def truncate(body: bytearray, at: int, chance: random.Random) -> None:
    del body[at:]


def swap(body: bytearray, at: int, chance: random.Random) -> None:
    body[at - 1], body[at] = body[at], body[at - 1]


def digit(body: bytearray, at: int, chance: random.Random) -> None:
    """The worst: the next digit becomes another one."""
    while body[at % len(body)] not in DIGITS:
        at += 1
    body[at % len(body)] = chance.choice(DIGITS.replace(bytes([body[at % len(body)]]), b""))


DAMAGES: tuple[Callable[[bytearray, int, random.Random], None], ...] = (flip, delete, insert, truncate, swap, digit)


class Delivery:
    """A file of the archive, what it reads to, and what becomes of it when it is damaged."""

    def __init__(self, registry: Registry, file: ArchivedFile, codes: set[str]) -> None:
        self.registry, self.file, self.codes = registry, file, codes
        self.dataset: Any = registry.datasets[file.sidecar.dataset]
        self.body = file.body()
        self.table = self.read(self.body)

    def read(self, body: bytes) -> pd.DataFrame:
        """What a build reads, checked as at the door of a build."""
        table = READERS[self.dataset.kind](body, self.dataset, self.file.file_id)
        return table.drop(columns=WHERE_IT_STOOD, errors="ignore")

    def door(self, body: bytes) -> None:
        """Raises BadInput where the checks at the door of a build find what the reader let pass."""
        table = READERS[self.dataset.kind](body, self.dataset, self.file.file_id).assign(file_id=self.file.file_id)
        if "unit_code" in table:
            problems = check_observations(table, self.dataset, self.registry.jurisdiction, self.codes)
            if problems:
                raise BadInput(problems)

    def damaged(self, number: int, seed: int) -> tuple[str, str]:
        """(kind of damage, outcome)."""
        chance = random.Random(f"{seed} {self.file.file_id} {number}")
        damage = DAMAGES[number % len(DAMAGES)]
        body = bytearray(self.body)
        damage(body, chance.randrange(1, len(body)), chance)
        return damage.__name__, self.outcome(bytes(body))

    def outcome(self, body: bytes) -> str:
        """What becomes of a body: one of OUTCOMES."""
        try:
            if self.read(body).equals(self.table):
                return SAME
            self.door(body)
        except BadInput as error:
            assert error.problems and all(problem.file and problem.allowed for problem in error.problems)
            return ERROR
        except Exception as error:
            print(self.file.file_id, type(error).__name__, str(error)[:200], file=sys.stderr)
            return TRACEBACK
        return CHANGED


def deliveries(only: set[str] | None = None) -> list[Delivery]:
    """All that is in the archive, or only that of these datasets."""
    found = []
    for each in jurisdictions():
        registry = load(each)
        files = scan(Settings().raw / each, registry.datasets)
        codes = {unit.code for unit in registry.jurisdiction.carried}
        for file in files:
            dataset: Any = registry.datasets[file.sidecar.dataset]
            if getattr(dataset, "role", "") == "municipality_code":
                codes |= set(READERS["reference"](file.body(), dataset, file.file_id)["code"])
        wanted = [file for file in files if only is None or file.sidecar.dataset in only]
        found += [Delivery(registry, file, codes) for file in wanted]
    return found


def table_of(counts: Counter[tuple[str, str]], title: str) -> str:
    """A table in Markdown: a line a kind, a column an outcome."""
    kinds = sorted({kind for kind, _ in counts})
    lines = [f"| {title} | {' | '.join(OUTCOMES)} |", "|---" * (len(OUTCOMES) + 1) + "|"]
    lines += [f"| {kind} | {' | '.join(str(counts[kind, outcome]) for outcome in OUTCOMES)} |" for kind in kinds]
    total = [str(sum(counts[kind, outcome] for kind in kinds)) for outcome in OUTCOMES]
    return "\n".join([*lines, f"| all | {' | '.join(total)} |"])


def main(number: int, seed: int) -> None:
    every = deliveries()
    by_kind, by_file, by_damage = Counter(), Counter(), Counter()
    try:
        for done in range(number):
            delivery = every[done % len(every)]
            damage, outcome = delivery.damaged(done // len(every), seed)
            by_kind[delivery.dataset.kind, outcome] += 1
            by_file[delivery.dataset.id, outcome] += 1
            by_damage[damage, outcome] += 1
    except KeyboardInterrupt:
        print(f"stopped before all {number} were done:\n")
    for counts, title in ((by_kind, "format"), (by_damage, "damage"), (by_file, "dataset")):
        print(table_of(counts, title), end="\n\n")


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]] + [5000, 20261122][len(sys.argv) - 1 :]
    main(*given)
