"""Fixtures for all tests: one build a session of each jurisdiction, in a folder of its own."""

from pathlib import Path

import pytest
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
    """A home with the project's archive (read only) and nothing built."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "data").mkdir()
    (folder / "data" / "raw").symlink_to(ROOT / "data" / "raw")
    return folder


@pytest.fixture(scope="session")
def releases(home: Path) -> dict[str, Path]:
    """Jurisdiction → its release, built once."""
    from pipeline.jobs import ANALYSES

    return {each: build(load(each), Settings(home=home), ANALYSES).path for each in jurisdictions()}
