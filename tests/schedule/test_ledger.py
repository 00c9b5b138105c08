"""The ledger: lines are added, a killed run is seen, and one run goes on at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.schedule.ledger import AlreadyRunning, Ledger
from tests.schedule.drawn import utc

DUE, NOW, LATER = utc("2026-12-31 08:00"), utc("2026-12-31 23:59"), utc("2027-01-01 00:05")
KILLED_HALFWAY = """
import sys
from pathlib import Path
from pipeline.schedule.ledger import Ledger
from tests.schedule.drawn import utc
ledger = Ledger(Path(sys.argv[1]))
with ledger.alone():
    ledger.start({"drawn": utc("2026-12-31 08:00")}, utc("2026-12-31 23:59"))
    print("started", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_read_as_it_was_written_also_across_a_new_year(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "runs")
    assert ledger.runs() == [] and not ledger.is_busy()
    name = ledger.start({"a": DUE, "b": DUE}, NOW)
    a, b = ledger.runs()
    assert (a.id, a.rule, a.due, a.started, a.ended, a.outcome) == (name, "a", DUE, NOW, None, "running")
    ledger.end(b, LATER, "failed", ["ny tabell"], "på feil sted")
    a, b = ledger.runs()
    assert a.outcome == "running"
    assert (b.ended, b.outcome, b.news, b.words) == (LATER, "failed", ("ny tabell",), "på feil sted")
    assert sorted(path.name for path in ledger.folder.iterdir()) == ["2026.jsonl", "2027.jsonl"]


def test_half_a_line_is_none_and_the_next_stands_on_its_own(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.start({"a": DUE}, NOW)
    with (tmp_path / "2026.jsonl").open("ab") as file:
        file.write('{"at": "2026-12-31T23:59:00", "event": "sta\u00e5'.encode()[:-1])
    ledger.end(ledger.runs()[0], NOW, "done")
    assert [run.outcome for run in ledger.runs()] == ["done"]


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_words_of_others_break_no_line(tmp_path: Path, sign: str) -> None:
    ledger, words = Ledger(tmp_path), f"tilsyn{sign}a.csv"
    ledger.start({"a": DUE}, NOW)
    ledger.end(ledger.runs()[0], NOW, "done", [words], words)
    assert [(run.outcome, run.news, run.words) for run in ledger.runs()] == [("done", (words,), words)]


def test_lines_are_added_and_never_changed(tmp_path: Path) -> None:
    ledger, path = Ledger(tmp_path), tmp_path / "2026.jsonl"
    ledger.start({"a": DUE}, NOW)
    before = path.read_bytes()
    ledger.clear(NOW)
    ledger.start({"a": DUE}, NOW)
    assert path.read_bytes().startswith(before)


def test_a_killed_run_is_interrupted_at_the_next_start(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED_HALFWAY, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent.parent,
    )  # fmt: skip
    assert child.stdout is not None and child.stdout.readline().strip() == b"started"
    assert ledger.is_busy()
    with pytest.raises(AlreadyRunning, match="is at work; wait for it, or stop it"), ledger.alone(wait=0):
        pass
    child.kill()
    child.communicate()
    assert not ledger.is_busy()
    assert [run.outcome for run in ledger.runs()] == ["running"]
    with ledger.alone():
        assert [run.rule for run in ledger.clear(LATER)] == ["drawn"]
    assert [(run.outcome, run.ended) for run in ledger.runs()] == [("interrupted", LATER)]
    assert ledger.clear(LATER) == []
