"""Fixtures for all tests: one build a session of each jurisdiction, whatever the number of workers."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings
from pytest_socket import disable_socket, socket_allow_hosts

from pipeline.registry.load import Registry, jurisdictions, load
from pipeline.settings import Settings
from pipeline.warehouse.build import build
from pipeline.warehouse.release import make_current, path_of

settings.register_profile("project", deadline=None, derandomize=True)  # no test is timed, and a green run stays green
settings.load_profile("project")
ROOT = Path(__file__).parent.parent


def pytest_runtest_setup(item: pytest.Item) -> None:
    """No test reaches the network; the browser's pipe, and where a test serves one, a local server, may be talked to."""
    if {"httpserver", "mail_server"} & set(getattr(item, "fixturenames", ())):
        socket_allow_hosts(["127.0.0.1"])
    else:
        disable_socket(allow_unix_socket=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First the browser's tests, for which a worker builds the releases; the others do meanwhile what needs none.

    Then the rest, modules that take a minute first, so that no worker is left alone with one.
    """

    def turn(item: pytest.Item) -> int:
        if item.path.parent.name == "browser":
            return 0
        return 2 if {"releases", "spring"} & set(getattr(item, "fixturenames", ())) else 1

    turns: dict[Path, int] = {}
    for item in items:
        turns[item.path] = max(turn(item), turns.get(item.path, 0))
    items.sort(key=lambda item: (turns[item.path], item.path.stem not in {"test_build", "test_flow"}))


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    """A number, so that no test asks for a name."""
    return "127.0.0.1", 0


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A worker's own home with the project's archive (read only) and nothing built."""
    return _with_archive(tmp_path_factory.mktemp("home"))


@pytest.fixture
def own_home(tmp_path: Path) -> Path:
    """A test's own home with the project's archive (read only) and nothing built."""
    return _with_archive(tmp_path)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder of all workers."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def releases(home: Path, shared: Path, worker_id: str) -> dict[str, Path]:
    """Jurisdiction → its release in the worker's home.

    Each is built once, by the worker that asks first, and copied by the others: a test may change its own home.
    """
    found = {}
    for each in jurisdictions()[:: 1 if worker_id[-1] in "13579" else -1]:  # two workers start with different ones
        there, folder = _built(each, shared / "built", load(each)), Settings(home=home).processed / each
        found[each] = path_of(folder, there.stem)
        found[each].parent.mkdir(parents=True)
        shutil.copyfile(there, found[each])
        make_current(folder, there.stem)
    return found


@pytest.fixture(scope="session")
def spring(shared: Path) -> Path:
    """Norway's release as of 1 April 2026, to read only: with preliminary figures, and without the monitor of 2025."""
    return _built("norway", shared / "spring", fewer_draws(load("norway")), date(2026, 4, 1))


def fewer_draws(registry: Registry) -> Registry:
    """The registry with a ranking that is quick, for tests of something else."""
    return replace(registry, index=registry.index.model_copy(update={"draws": 500}))


def _built(jurisdiction: str, folder: Path, registry: Registry, as_of: date | None = None) -> Path:
    """The release of a jurisdiction in a folder of all workers, built by the first who asks while the others wait."""
    from pipeline.jobs import ANALYSES

    folder.mkdir(exist_ok=True)
    with FileLock(folder / f"{jurisdiction}.lock"):
        return build(registry, Settings(home=_with_archive(folder / jurisdiction)), ANALYSES, as_of).path


def _with_archive(folder: Path) -> Path:
    """The folder as a home with the project's archive."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    if not (folder / "data" / "raw").exists():
        (folder / "data" / "raw").symlink_to(ROOT / "data" / "raw")
    return folder
