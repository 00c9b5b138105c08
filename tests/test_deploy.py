"""The units that start the schedule: they are well-formed, catch up, and call a command there is."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from pipeline.cli import app

DEPLOY = Path(__file__).parent.parent / "deploy"
NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def unit(name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)  # a key may stand twice
    parser.optionxform = str  # type: ignore[assignment]
    parser.read_string((DEPLOY / "systemd" / name).read_text(encoding="utf-8"))
    return parser


def words() -> dict[str, str]:
    task = ElementTree.parse(DEPLOY / "windows" / "veiviser.xml").getroot()
    return {each.tag.removeprefix(NAMESPACE): (each.text or "").strip() for each in task.iter()}


def test_the_timer_looks_each_hour_and_catches_up() -> None:
    timer = unit("veiviser.timer")["Timer"]
    assert (timer["OnCalendar"], timer["Persistent"]) == ("hourly", "true")
    assert words()["StartWhenAvailable"] == "true" and words()["Interval"] == "PT1H"


def test_both_call_a_command_there_is() -> None:
    called = [unit("veiviser.service")["Service"]["ExecStart"].split()[1:], words()["Arguments"].split()]
    assert called == [["schedule", "--once"]] * 2
    help_text = CliRunner().invoke(app, ["schedule", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert help_text.exit_code == 0 and "--once" in help_text.stdout


def test_the_windows_task_names_no_encoding_and_needs_none() -> None:
    """Task Scheduler reads a file, PowerShell a string: a declared encoding is wrong for one of them."""
    text = (DEPLOY / "windows" / "veiviser.xml").read_bytes()
    assert text.isascii() and b"encoding" not in text


def test_the_example_of_a_machine_says_what_is_written_to_and_what_a_failure_starts() -> None:
    parts = unit("local.conf")
    written = parts["Service"]["ReadWritePaths"].split()
    text = (DEPLOY / "systemd" / "local.conf").read_text(encoding="utf-8")
    moved = [line.rpartition("=")[2] for line in text.splitlines() if line.startswith("Environment=")]
    assert moved == written, "each folder that is moved can be written to"
    assert (DEPLOY / "systemd" / parts["Unit"]["OnFailure"]).exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    """With a command, a user and a page that are on this machine, which systemd looks for."""
    service = (DEPLOY / "systemd" / "veiviser.service").read_text(encoding="utf-8")
    service = service.replace("/srv/veiviser/.venv/bin/veiviser", sys.executable).replace("User=veiviser", "User=root")
    (tmp_path / "veiviser.service").write_text(service, encoding="utf-8")
    (tmp_path / "veiviser.service.d").mkdir()
    shutil.copy(DEPLOY / "systemd" / "local.conf", tmp_path / "veiviser.service.d")
    for name in ("veiviser.timer", "veiviser-failed.service"):
        shutil.copy(DEPLOY / "systemd" / name, tmp_path)
    units = [str(tmp_path / name) for name in ("veiviser.service", "veiviser.timer", "veiviser-failed.service")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "veiviser" not in done.stderr, done.stderr
