"""What puts files into the archive: fetching from publishers, and taking in what was dropped."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep

from filelock import FileLock, Timeout

from pipeline.problems import bad_input
from pipeline.progress import Say, silent
from pipeline.registry.load import load
from pipeline.reports.drop_template import template
from pipeline.schedule.ledger import AlreadyRunning, Asked, Ledger
from pipeline.settings import Settings
from pipeline.sources import discovery
from pipeline.sources.discovery import Found
from pipeline.sources.fetch import Fetching, Outcome
from pipeline.sources.http import Publishers
from pipeline.warehouse import drops, release
from pipeline.warehouse.fetch_door import FetchDoor

SHORT_WAIT = timedelta(minutes=2)


def fetch(jurisdiction: str, names: Collection[str] = (), say: Say = silent) -> Iterator[Outcome]:
    """Puts what is newer than the archive into it; one outcome a dataset, of all when no names are given.

    The ledger hears of each. In a publisher's quiet hours it waits for their end where that is near, and otherwise says
    when to come back. Raises BadInput for a name that is no dataset, and for an archive that cannot be read;
    AlreadyRunning while another fetch of the jurisdiction goes on.
    """
    registry = load(jurisdiction)
    open_ones = []
    for name in sorted(set(names) or registry.datasets):
        until = registry.calendar.quiet_until(name, now()) if registry.calendar else None
        if until is not None and until - now() > SHORT_WAIT:
            told = f"its tables may be half replaced until {until:%H:%M} ({until.tzinfo}): run it again after that"
            yield Outcome(name, "not fetched", told, again_at=until)
            continue
        if until is not None:
            sleep(max(0.0, (until - now()).total_seconds()))
        open_ones.append(name)
    if open_ones:
        yield from ask(jurisdiction, open_ones, say)


def ask(jurisdiction: str, names: Sequence[str], say: Say) -> Iterator[Outcome]:
    """As `fetch`, at once: the schedule has kept the quiet hours already."""
    ledger, registry = Ledger(runs(jurisdiction)), load(jurisdiction)
    with ledger.alone(lock_name="fetching", what="fetch"), Publishers() as publishers:
        fetching = Fetching(registry, Settings().raw / jurisdiction, publishers, FetchDoor(registry))
        for each in fetching.outcomes(names, say):
            ledger.answer(Asked(each.dataset, now(), each.outcome, each.detail))
            yield each


def discover(jurisdiction: str, words: str) -> list[Found]:
    """The publisher's tables that a search finds and those that are registered, held against what is declared.

    Raises AlreadyRunning while a fetch of the jurisdiction goes on: both together would ask more often than allowed.
    """
    with Ledger(runs(jurisdiction)).alone(lock_name="fetching", what="fetch"), Publishers() as publishers:
        return discovery.discover(load(jurisdiction), Settings().raw / jurisdiction, publishers, words)


def drop(jurisdiction: str) -> list[drops.Taken]:
    """Takes in what lies in the watched folder of a jurisdiction, and waits for what is being written just now.

    Raises BadInput and NoRelease for an archive that cannot be read or is empty, BadInput where VEIVISER_DROP leads
    nowhere, AlreadyRunning beside another one.
    """
    settings = Settings()
    registry = load(jurisdiction)
    watched = settings.drops / jurisdiction
    if settings.drop and drops.kinds(registry) and not watched.is_dir():
        raise bad_input(
            str(watched), "", "VEIVISER_DROP", str(settings.drop), "a folder that is there: mount or make it"
        )
    folder = settings.processed / jurisdiction
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "drop.lock", timeout=release.WAIT_SECONDS):
            return list(drops.take_in(registry, settings.raw / jurisdiction, watched, now))
    except Timeout:
        raise AlreadyRunning(f"files of {jurisdiction} are being taken in already; wait for it") from None


def drop_template(jurisdiction: str, kind: str, path: Path | None) -> Path:
    """Writes an empty delivery of a kind, `.xlsx` or `.csv` by the path, and returns where. Raises BadInput."""
    registry = load(jurisdiction)
    known = drops.kinds(registry)
    if kind not in known:
        raise bad_input("drop", "", "kind", kind, "one of " + ", ".join(known) if known else "none: nothing is dropped")
    path = path or Path(f"{kind}_{now():%Y-%m-%d}.xlsx")
    if path.suffix not in (".xlsx", ".csv"):
        raise bad_input("drop", "", "out", str(path), "a path that ends in .xlsx or .csv")
    path.write_bytes(template(known[kind], registry, path.suffix, now().date()))
    return path


def runs(jurisdiction: str) -> Path:
    """The folder of the ledger of a jurisdiction."""
    return Settings().processed / jurisdiction / "runs"


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)
