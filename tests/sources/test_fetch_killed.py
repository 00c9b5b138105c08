"""A fetch killed before any one of its steps and started again leaves the archive of one that was not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources.norway import BODIES, ROOT, Publishing
from tests.sources.pxweb_standin import cut

DRIVER = """
import dataclasses, json, os, pathlib, shutil, signal, sys
from pipeline.sources import fetch as fetching
from pipeline.sources.fetch import Fetching
from pipeline.sources.http import Limits, Publishers
from tests.sources.norway import NORWAY, clock

fetching._now = clock
home, addresses = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
datasets = {name: NORWAY.datasets[name].model_copy(update={"address": each}) for name, each in addresses.items()}
norway = dataclasses.replace(NORWAY, datasets=datasets)


def fetch(folder, kill_before):
    # In a process of its own; killed before its so many-th touch of a file in the archive, or of the network.
    pid = os.fork()
    if pid == 0:
        touched = 0

        def hook(event, args):
            nonlocal touched
            writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
            changes = event in ("os.rename", "os.remove", "os.mkdir", "os.chmod") or writes
            if event == "socket.connect" or event == "socket.sendto" or (changes and str(folder) in str(args[0])):
                touched += 1
                if touched == kill_before:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        with Publishers(Limits(calls=1000, window_seconds=1)) as publishers:
            failed = [each for each in Fetching(norway, folder, publishers).outcomes() if each.outcome == "failed"]
        print(*failed, sep="\\n", end="", flush=True)
        os._exit(len(failed))
    return os.waitpid(pid, 0)[1]


assert fetch(home / "whole", 0) == 0
for number in range(1, 10_000):
    folder = home / f"{number:04}"
    if fetch(folder, number) == 0:
        shutil.rmtree(folder)
        break
    assert fetch(folder, 0) == 0, number
"""


def contents(folder: Path) -> dict[str, str]:
    """The archive without the moments of retrieval: metadata are named by them."""
    found = {}
    for path in sorted(folder.rglob("*.*")):
        name = path.relative_to(folder).as_posix()
        stem, _, ending = path.name.partition("_")
        if "metadata/" in name:
            name = f"{path.relative_to(folder).parent.as_posix()}/{ending}"
        text = path.read_text(encoding="utf-8")
        kept = [line for line in text.splitlines() if not line.startswith(("retrieved =", "published ="))]
        assert name not in found, f"{name} is there twice"
        found[name] = "\n".join(kept)
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork; what is tested is the order of the writes")
def test_killed_anywhere_and_started_again(publishing: Publishing, tmp_path: Path) -> None:
    """A table in two parts, with its metadata."""
    body = BODIES["ssb_12305"]
    codes = {name: list(body["dimension"][name]["category"]["index"]) for name in body["id"]}
    few = cut(body, codes | {"KOKkommuneregion0000": codes["KOKkommuneregion0000"][:12]})
    publishing.pxweb.tables["12305"] = few
    publishing.pxweb.config |= {"maxDataCells": 150, "maxCallsPerTimeWindow": 10_000}
    registry = publishing.registry()
    addresses = {"ssb_12305": registry.datasets["ssb_12305"].address}
    driven = subprocess.run(
        [sys.executable, "-c", DRIVER, str(tmp_path), json.dumps(addresses)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert driven.returncode == 0, driven.stdout + driven.stderr
    whole = contents(tmp_path / "whole")
    killed = sorted(path for path in tmp_path.iterdir() if path.name != "whole")
    assert sum(name.startswith("ssb_12305/") and name.endswith(".json") for name in whole) == 2
    assert len(killed) > 30, len(killed)
    for folder in killed:
        assert contents(folder) == whole, f"killed before step {folder.name}"
