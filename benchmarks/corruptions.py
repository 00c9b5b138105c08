"""Damages the bundled deliveries at random, and tells what became of each: the same, a clear error, or worse.

Twice: in the archive, as a build comes to them, and before they reach it, as readers and the checks at the door do.

Usage: python benchmarks/corruptions.py [number] [seed]
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import pandas as pd

from pipeline.problems import BadInput, Problem
from pipeline.registry.load import Registry, jurisdictions, load
from pipeline.settings import Settings
from pipeline.sources.landing import ArchivedFile, scan
from pipeline.warehouse.build import known_files
from pipeline.warehouse.delivery_checks import CodesInUse, check_observations, check_reference
from pipeline.warehouse.list_check import checked, list_dataset
from pipeline.warehouse.listed_services import JointList, Row
from pipeline.warehouse.load import READERS

WHERE_IT_STOOD = ["place", "line", "text"]  # a row number is no figure, and " 12" is 12
SAME, ERROR, CHANGED, TRACEBACK = "same table", "clear error", "changed table", "traceback"
CODES = "municipality_code"
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

    def __init__(self, registry: Registry, file: ArchivedFile, codes: CodesInUse, names: dict[str, str]) -> None:
        """names: the municipalities of the day of the list of joint services, by code."""
        self.registry, self.file, self.codes, self.names = registry, file, codes, names
        self.dataset: Any = registry.datasets[file.sidecar.dataset].on(file.published_on)
        self.body = file.body()
        self.table = self.read(self.body)
        self.remarks = self.listed(self.table) if self.dataset.id == "joint_service_list" else set()

    def read(self, body: bytes) -> pd.DataFrame:
        """What a build reads."""
        return READERS[self.dataset.kind](body, self.dataset, self.file.file_id).assign(file_id=self.file.file_id)

    def listed(self, table: pd.DataFrame) -> set[Any]:
        """What `veiviser check services` finds in a list of joint services."""
        columns = ("line", "municipality_code", "member_names", "member_codes")
        rows = tuple(Row(int(line), *rest) for line, *rest in zip(*(table[each] for each in columns), strict=True))
        written: Any = self.dataset.members
        check = checked(
            JointList(self.dataset.id, self.dataset.columns, rows, written, self.names), self.registry.list_corrections
        )
        return {(finding.kind, finding.rows, finding.given) for entry in check.entries for finding in entry.findings}

    def door(self, table: pd.DataFrame) -> list[Problem]:
        """What the checks at the door of a build find in what the reader let pass."""
        if "unit_code" in table:
            day = self.file.published_on
            return check_observations(table, self.dataset, self.registry, self.codes, day)
        role = getattr(self.dataset, "role", "")
        if role == "joint_service_list" and self.listed(table) != self.remarks:
            return [Problem(self.file.file_id, "", "list", "another remark", "the remarks of before")]
        return check_reference(table, role, self.codes)

    def damaged(self, number: int, seed: int) -> tuple[str, bytes]:
        """The kind of damage, and the body with it."""
        chance = random.Random(f"{seed} {self.file.file_id} {number}")
        damage = DAMAGES[number % len(DAMAGES)]
        body = bytearray(self.body)
        damage(body, chance.randrange(1, len(body)), chance)
        return damage.__name__, bytes(body)

    def outcome(self, body: bytes) -> str:
        """What becomes of a body that arrives like this: one of OUTCOMES."""
        return self._told(lambda: self._arrived(body))

    def archived_outcome(self, body: bytes, folder: Path) -> str:
        """What becomes of an archived file whose bytes have changed to these, when a build comes to it.

        folder: an empty one, for an archive with this file alone.
        """
        place = folder / self.file.path.parent.name
        place.mkdir(parents=True, exist_ok=True)
        (place / self.file.path.name).write_bytes(body)
        (place / self.file.path.name).with_suffix(".toml").write_bytes(self.file.path.with_suffix(".toml").read_bytes())
        return self._told(lambda: self._built(folder, body))

    def _arrived(self, body: bytes) -> str:
        table = self.read(body)
        if table.drop(columns=WHERE_IT_STOOD, errors="ignore").equals(
            self.table.drop(columns=WHERE_IT_STOOD, errors="ignore")
        ):
            return SAME
        problems = self.door(table)
        if problems:
            raise BadInput(problems)
        return CHANGED

    def _built(self, folder: Path, body: bytes) -> str:
        [file] = known_files(folder, self.registry)
        return SAME if file.body() == self.body else CHANGED

    def _told(self, tried: Callable[[], str]) -> str:
        try:
            return tried()
        except BadInput as error:
            assert error.problems and all(problem.file and problem.allowed for problem in error.problems)
            return ERROR
        except Exception as error:
            print(self.file.file_id, type(error).__name__, str(error)[:200], file=sys.stderr)
            return TRACEBACK


def deliveries(only: set[str] | None = None) -> list[Delivery]:
    """All that is in the archive, or only that of these datasets."""
    found = []
    for each in jurisdictions():
        registry = load(each)
        files = scan(Settings().raw / each, registry.datasets)
        lists = [file for file in files if getattr(registry.datasets[file.sidecar.dataset], "role", "") == CODES]
        tables = [
            READERS["reference"](file.body(), registry.datasets[file.sidecar.dataset], file.file_id) for file in lists
        ]
        codes = CodesInUse.of(tables, registry.jurisdiction)
        named = pd.concat(tables)
        listed: Any = list_dataset(registry)
        days = [listed.on(each.published_on).members.day for each in files if listed and _is_of(each, listed)]
        year = str(max(days).year) if days else ""
        names = dict(named.loc[named["year"] == year, ["code", "name"]].itertuples(index=False))
        wanted = [file for file in files if only is None or file.sidecar.dataset in only]
        found += [Delivery(registry, file, codes, names) for file in wanted]
    return found


def _is_of(file: ArchivedFile, dataset: Any) -> bool:
    return file.sidecar.dataset == dataset.id


def table_of(counts: Counter[tuple[str, str]], title: str) -> str:
    """A table in Markdown: a line a kind, a column an outcome."""
    kinds = sorted({kind for kind, _ in counts})
    lines = [f"| {title} | {' | '.join(OUTCOMES)} |", "|---" * (len(OUTCOMES) + 1) + "|"]
    lines += [f"| {kind} | {' | '.join(str(counts[kind, outcome]) for outcome in OUTCOMES)} |" for kind in kinds]
    total = [str(sum(counts[kind, outcome] for kind in kinds)) for outcome in OUTCOMES]
    return "\n".join([*lines, f"| all | {' | '.join(total)} |"])


def main(number: int, seed: int) -> None:
    every = deliveries()
    stored = Counter()
    by_kind, by_file, by_damage = Counter(), Counter(), Counter()
    try:
        with TemporaryDirectory() as folder:
            for done in range(number):
                delivery = every[done % len(every)]
                _, body = delivery.damaged(done // len(every), seed)
                own = Path(folder) / delivery.dataset.id / str(done % len(every))
                stored[delivery.dataset.kind, delivery.archived_outcome(body, own)] += 1
        print(table_of(stored, f"{number} damages in the archive, seed {seed}"), end="\n\n", flush=True)
        for done in range(number):
            delivery = every[done % len(every)]
            damage, body = delivery.damaged(done // len(every), seed)
            outcome = delivery.outcome(body)
            by_kind[delivery.dataset.kind, outcome] += 1
            by_file[delivery.dataset.id, outcome] += 1
            by_damage[damage, outcome] += 1
    except KeyboardInterrupt:
        print(f"stopped before all {number} were done:\n")
    print(f"{by_kind.total()} damages before the archive, seed {seed}:\n")
    for counts, title in ((by_kind, "format"), (by_damage, "damage"), (by_file, "dataset")):
        print(table_of(counts, title), end="\n\n")


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:]] + [5000, 20261122][len(sys.argv) - 1 :]
    main(*given)
