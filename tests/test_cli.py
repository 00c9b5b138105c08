"""The command line as a person meets it: what it prints, and with which code it ends."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.registry.load import load
from pipeline.settings import Settings
from pipeline.sources.landing import archive


def veiviser(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VEIVISER_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *words], env=environment, capture_output=True, text=True, check=False
    )


def test_run_ends_with_the_pages_to_open_and_then_finds_nothing_new(home: Path, releases: dict[str, Path]) -> None:
    done = veiviser(home, "run", "-j", "england")
    assert done.returncode == 0, done.stderr
    page = home / "reports" / "england" / "index.html"
    assert done.stdout.splitlines()[:2] == ["Done. Open in a browser:", f"  england: {page}"]
    assert page.exists() and (home / "reports" / "england" / "shortlists").is_dir()
    again = veiviser(home, "build", "-j", "england")
    assert again.stdout == f"england: nothing new; {releases['england']}\n"


def test_bad_input_is_told_and_ends_with_two(tmp_path: Path) -> None:
    dataset = load("england").datasets["dfe_plans"]
    day = datetime(2026, 1, 1, tzinfo=UTC)
    archive(Settings(home=tmp_path).raw / "england", dataset, b"", "csv", day, day)
    done = veiviser(tmp_path, "build", "-j", "england")
    assert done.returncode == 2
    assert (
        "Bad input, nothing was changed; 1 to mend:\n  dfe_plans/20260101T0000_e3b0c442.csv: file: given" in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_an_unknown_jurisdiction_ends_with_two(tmp_path: Path) -> None:
    done = veiviser(tmp_path, "build", "-j", "denmark")
    assert done.returncode == 2 and "given 'denmark'; allowed: one of england, norway" in done.stderr


def test_nothing_to_work_on_yet_ends_with_four_and_says_the_command(tmp_path: Path) -> None:
    for words in (("report", "-j", "norway"), ("path",), ("why", "caseload", "0301", "2025")):
        done = veiviser(tmp_path, *words)
        assert done.returncode == 4
        assert done.stderr.strip().endswith("no release of norway yet: run `veiviser build --jurisdiction norway`")


def test_why_walks_to_the_raw_cell(home: Path, releases: dict[str, Path]) -> None:
    done = veiviser(home, "why", "deadline_breaches", "4647", "2018H1")
    assert "(SYNTHETIC)" in done.stdout and "1432 Førde, row " in done.stdout and "sha256" in done.stdout
    told = json.loads(veiviser(home, "why", "rereferrals", "301", "2025", "-j", "england", "--json").stdout)
    assert told["value"]["numerator"] == float(told["cells"][0]["as_sent"])


def test_why_without_a_number_says_what_there_is(home: Path, releases: dict[str, Path]) -> None:
    done = veiviser(home, "why", "caseload", "4647", "1999")
    assert done.returncode == 2 and "allowed: periods 2015, 2016" in done.stderr


@pytest.mark.parametrize("what", ["indicators", "datasets", "cohorts", "breaks", "units"])
def test_lists_for_people_and_machines(home: Path, releases: dict[str, Path], what: str) -> None:
    lines = veiviser(home, "list", what).stdout.splitlines()
    rows = json.loads(veiviser(home, "list", what, "--json").stdout)
    assert len(lines) == len(rows) > 0


def test_path_is_the_current_release(home: Path, releases: dict[str, Path]) -> None:
    assert veiviser(home, "path", "-j", "england").stdout.strip() == str(releases["england"])


def test_a_simulated_country_with_another_seed_is_another_country(tmp_path: Path) -> None:
    done = veiviser(Settings().home, "simulate", "--out", str(tmp_path), "--seed", "7")
    assert done.returncode == 0, done.stderr
    names = {Path(line).name for line in done.stdout.splitlines()}
    bundled = {path.name for path in (Settings().raw / "norway").rglob("*.*")}
    assert len(names) == 17 and len(names - bundled) >= 16
