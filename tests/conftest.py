"""Fixtures for all tests: one build a session of each jurisdiction, whatever the number of workers."""

import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings
from pytest_socket import disable_socket, socket_allow_hosts

from pipeline.registry.load import jurisdictions, load
from pipeline.settings import Settings
from pipeline.warehouse.build import build

settings.register_profile("project", deadline=None, derandomize=True)  # no test is timed, and a green run stays green
settings.load_profile("project")
ROOT = Path(__file__).parent.parent


def pytest_runtest_setup(item: pytest.Item) -> None:
    """No test reaches the network; the browser's pipe, and where a test serves one, a local server, may be talked to."""
    if {"httpserver", "mail_server"} & set(getattr(item, "fixturenames", ())):
        socket_allow_hosts(["127.0.0.1"])
    else:
        disable_socket(allow_unix_socket=True)


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    """A number, so that no test asks for a name."""
    return "127.0.0.1", 0


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A worker's own home with the project's archive (read only) and nothing built."""
    return _with_archive(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def releases(home: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, Path]:
    """Jurisdiction → its release in the worker's home.

    Each is built once, by the worker that asks first, and copied by the others: a test may change its own home.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    order = jurisdictions()[:: 1 if worker_id[-1] in "13579" else -1]  # two workers start with different ones
    return {each: _release(each, shared / "built", home) for each in order}


def _release(jurisdiction: str, shared: Path, home: Path) -> Path:
    """The release in `home`, copied from the shared home, where it is built when it does not stand yet."""
    from pipeline.jobs import ANALYSES

    shared.mkdir(exist_ok=True)
    with FileLock(shared / f"{jurisdiction}.lock"):
        settings = Settings(home=_with_archive(shared / jurisdiction))
        built = build(load(jurisdiction), settings, ANALYSES).path
        shutil.copytree(settings.processed, Settings(home=home).processed, dirs_exist_ok=True)
    return Settings(home=home).processed / built.relative_to(settings.processed)


def _with_archive(folder: Path) -> Path:
    """The folder as a home with the project's archive."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    if not (folder / "data" / "raw").exists():
        (folder / "data" / "raw").symlink_to(ROOT / "data" / "raw")
    return folder
