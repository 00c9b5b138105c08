"""Releases: built beside the old one, switched to in one step, readable whatever happens to a build."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from pipeline.warehouse.release import AlreadyBuilding, NoRelease, building, connect, current, make_current, path_of

KILLED_HALFWAY = """
import sys, time
from pathlib import Path
from pipeline.warehouse.release import building
with building(Path(sys.argv[1]), "second") as con:
    con.execute("CREATE TABLE core.t AS SELECT * FROM range(200000)").fetchall()
    print("halfway", flush=True)
    time.sleep(60)
"""


def make(folder: Path, name: str, value: int) -> None:
    with building(folder, name) as con:
        con.execute(f"CREATE TABLE core.t AS SELECT {value} AS v").fetchall()


def read(folder: Path) -> int:
    with connect(current(folder)) as con:
        return con.execute("SELECT v FROM core.t").fetchall()[0][0]


def test_the_newest_good_release_is_current_and_old_ones_stay(tmp_path: Path) -> None:
    make(tmp_path, "first", 1)
    make(tmp_path, "second", 2)
    assert read(tmp_path) == 2
    assert path_of(tmp_path, "first").exists()


def test_a_failed_build_leaves_the_last_release_and_nothing_half_built(tmp_path: Path) -> None:
    make(tmp_path, "first", 1)
    with pytest.raises(duckdb.Error), building(tmp_path, "second") as con:
        con.execute("SELECT broken").fetchall()
    assert read(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "building.lock",
        "current",
        "first.duckdb",
    ]


def test_a_build_killed_halfway_leaves_the_last_release_and_the_next_build_clean(tmp_path: Path) -> None:
    make(tmp_path, "first", 1)
    child = subprocess.Popen([sys.executable, "-c", KILLED_HALFWAY, str(tmp_path)], stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdout.readline() == b"halfway\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert list(tmp_path.glob("*.building*")) != []
    assert read(tmp_path) == 1
    make(tmp_path, "third", 3)
    assert read(tmp_path) == 3
    assert list(tmp_path.glob("*.building*")) == []


def test_a_build_killed_between_standing_and_switching_leaves_the_last_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "first", 1)

    def killed(folder: Path, name: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("pipeline.warehouse.release._switch", killed)
        make(tmp_path, "second", 2)
    assert path_of(tmp_path, "second").exists()
    assert read(tmp_path) == 1


def test_an_older_release_can_be_made_current_again(tmp_path: Path) -> None:
    make(tmp_path, "first", 1)
    make(tmp_path, "second", 2)
    make_current(tmp_path, "first")
    assert read(tmp_path) == 1
    with building(tmp_path, "third"), pytest.raises(AlreadyBuilding):
        make_current(tmp_path, "second")


def test_one_build_at_a_time(tmp_path: Path) -> None:
    with (
        building(tmp_path, "first"),
        pytest.raises(AlreadyBuilding, match="another build"),
        building(tmp_path, "second"),
    ):
        pass


def test_a_reader_is_not_disturbed_by_a_build(tmp_path: Path) -> None:
    make(tmp_path, "first", 1)
    with connect(current(tmp_path)) as reader:
        make(tmp_path, "second", 2)
        assert reader.execute("SELECT v FROM core.t").fetchall() == [(1,)]


def test_a_reader_cannot_change_a_release(tmp_path: Path) -> None:
    make(tmp_path, "first", 1)
    with connect(current(tmp_path)) as con, pytest.raises(duckdb.Error, match="read-only"):
        con.execute("CREATE TABLE core.mine AS SELECT 1").fetchall()


def test_no_release_yet_says_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(NoRelease, match="run `veiviser build --jurisdiction"):
        current(tmp_path)


def test_a_real_build_killed_at_any_moment(home: Path, releases: dict[str, Path]) -> None:
    """SIGKILL after growing delays; the current release is the old one, or the new one whole, and opens."""
    folder = home / "data" / "processed" / "england"
    before = current(folder)
    for number, delay in enumerate((0.8, 1.6, 2.2, 2.8), 1):
        child = subprocess.Popen(
            [sys.executable, "-m", "pipeline", "build", "-j", "england", "--as-of", f"2027-01-0{number}"],
            env={**os.environ, "VEIVISER_HOME": str(home)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert current(folder) in (before, *folder.glob(f"releases/2027010{number}_*.duckdb"))
        with connect(current(folder)) as con:
            assert con.execute("SELECT count(*) FROM mart.ranking").fetchall() == [(153,)]
    make_current(folder, before.stem)
