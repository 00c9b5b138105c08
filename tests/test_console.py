"""Steps on their way to stderr: JSON lines for machines, bars on a terminal, and results alone on stdout."""

import io
import json
import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.console import Console
from pipeline.progress import Step, counted, new_run, run_id, running

NOW = datetime(2026, 3, 15, 7, 15, 2, tzinfo=UTC)
JOB = """
import time
from pipeline.console import Console
from pipeline.progress import counted
console = Console()
for name in counted(console.say("norway"), "building tables", ["a", "b", "c"]):
    time.sleep(0.2)
console.say("norway")("checking [tables]")
print("the result")
console.stop()
"""


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    printed = capsys.readouterr()
    assert printed.out == ""
    return [json.loads(line) for line in printed.err.splitlines()]


def test_a_counted_job_says_after_each_thing_how_far_it_is() -> None:
    said: list[str] = []
    done = []
    for each in counted(said.append, "adding", ["a", "b"]):
        done.append((each, len(said)))
    assert done == [("a", 0), ("b", 1)]
    assert said == ["adding, 1 of 2: a", "adding, 2 of 2: b"]
    assert [(step.what, step.done, step.total) for step in said if isinstance(step, Step)] == [
        ("adding", 1, 2),
        ("adding", 2, 2),
    ]
    assert list(counted(said.append, "adding", ["alone"])) == ["alone"] and len(said) == 2


def test_json_has_the_run_the_moment_and_the_jurisdiction_on_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    say = Console("json").say("norway")
    with running(new_run(NOW)) as _:
        name = run_id()
        list(counted(say, "skriver rapporter", ["på nynorsk", "b"]))
        say(Step("build: it broke\nTraceback", "build: it broke", level="error"))
    first, second, broken = told(capsys)
    assert name.startswith("20260315T071502_") and {each["run"] for each in (first, second, broken)} == {name}
    assert abs(datetime.now(UTC) - datetime.fromisoformat(str(first["at"]))) < timedelta(minutes=1)
    assert (first["step"], first["done"], first["total"]) == ("skriver rapporter", 1, 2)
    assert (first["message"], first["level"], first["jurisdiction"]) == (
        "skriver rapporter, 1 of 2: på nynorsk",
        "info",
        "norway",
    )
    assert (broken["level"], broken["step"], broken["message"]) == (
        "error",
        "build: it broke",
        "build: it broke\nTraceback",
    )
    assert "done" not in broken


def test_outside_a_scheduled_run_all_lines_of_a_process_share_one_run() -> None:
    assert run_id() == run_id()
    with running("another"):
        assert run_id() == "another"
    assert run_id() != "another"


def test_text_and_a_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    Console("text").say("")("hello")
    Console().complain("Bad input:\n  a file")
    assert capsys.readouterr().err == "hello\nBad input:\n  a file\n"
    Console("json").complain("Bad input:\n  a file")
    (line,) = told(capsys)
    assert (line["level"], line["message"]) == ("error", "Bad input:\n  a file")


def test_elsewhere_than_on_a_terminal_it_is_json(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    Console().say("norway")("hello")
    assert json.loads(stderr.getvalue())["message"] == "hello"


def test_a_terminal_gets_bars_and_a_file_only_the_result() -> None:
    """stderr is a terminal, stdout is not: nothing of the bars may go there, and nothing of the result may be lost."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-c", JOB], stdout=subprocess.PIPE, stderr=theirs, cwd=Path(__file__).parent.parent,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:  # the other end was closed
        pass
    out, _ = done.communicate()
    assert out == b"the result\n"
    text = seen.decode()
    assert "1/3" in text and "norway: building tables, 3 of 3\r\n" in text and "norway: checking [tables]\r\n" in text
    assert "{" not in text and text.endswith("\x1b[?25h") or "\x1b[?25h" in text, "the cursor is given back"
