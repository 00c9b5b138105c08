"""The command line as a person meets it: what it prints, and with which code it ends."""

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import intake
from pipeline.cli import main
from pipeline.problems import PublisherError
from pipeline.registry.load import load
from pipeline.settings import Settings
from pipeline.sources.fetch import Outcome
from pipeline.sources.landing import archive


def veiviser(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in this process, as `main` does; a failure of ours comes out as it is."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        patched.setenv("VEIVISER_HOME", str(home))
        patched.setattr(sys, "argv", ["veiviser", *words])
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def started(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own, as a person or a timer starts it."""
    environment = {**os.environ, "VEIVISER_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *words], env=environment, capture_output=True, text=True, check=False
    )


def test_run_ends_with_the_pages_to_open_and_then_finds_nothing_new(home: Path, releases: dict[str, Path]) -> None:
    done = started(home, "run", "-j", "england")
    assert done.returncode == 0, done.stderr
    page = home / "reports" / "england" / "index.html"
    assert done.stdout.splitlines()[:2] == ["Done. Open in a browser:", f"  england: {page}"]
    assert page.exists() and (home / "reports" / "england" / "shortlists").is_dir()
    again = started(home, "build", "-j", "england")
    assert again.stdout == f"england: nothing new; {releases['england']}\n"


def test_bad_input_is_told_and_ends_with_two(tmp_path: Path) -> None:
    dataset = load("england").datasets["dfe_plans"]
    day = datetime(2026, 1, 1, tzinfo=UTC)
    archive(Settings(home=tmp_path).raw / "england", dataset, b"", "csv", day, day)
    done = started(tmp_path, "build", "-j", "england")
    assert done.returncode == 2
    assert "Bad input; 1 to mend:\n  dfe_plans/20260101T0000_e3b0c442.csv: file: given" in done.stderr
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


def test_rank_with_other_choices_is_told_tier_by_tier(home: Path, releases: dict[str, Path]) -> None:
    words = ("rank", "-j", "england", "--weight", "timeliness=2", "--top", "10", "--without", "rereferrals")
    done = veiviser(home, *words)
    assert done.returncode == 0, done.stderr
    head, *lines = done.stdout.splitlines()
    assert head == "Probability of being among the 10 with most need; score and its interval; by indicators alone."
    assert [line[:6] for line in lines if line.endswith(" or more")] == [
        "A: 0.8",
        "B: 0.5",
        "C: 0.2",
        "D: 0.1",
    ] and "SYNTHETIC" not in done.stdout
    assert lines[-1].endswith("more with less than 0.1") and not any(line[0].isdigit() for line in lines[:-1])
    rows = json.loads(veiviser(home, *words, "--json").stdout)
    assert sum(row["probability_top_10"] for row in rows) == pytest.approx(10)
    listed = sum(row["tier"] != "E" for row in rows)
    assert len(rows) == listed + int(lines[-1].split()[0]) and len(lines) == listed + 4 + 1


def test_power_is_told_an_outcome_a_line_and_says_what_to_mend(home: Path, releases: dict[str, Path]) -> None:
    done = veiviser(home, "power", "cohort_2018", "--runs", "50")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("SYNTHETIC") and "12 of 221 services guided, 50 programmes simulated" in lines[1]
    assert lines[-1].startswith("  composite: ") and "at odds ratio 0.5" in lines[-1]
    assert "simulating programmes, 50 of 50" in done.stderr
    rows = json.loads(veiviser(home, "power", "--runs", "50", "--json").stdout)
    told = [f"  composite: {row['smallest_visible']:.1f} points" for row in rows if row["outcome_id"] == "composite"]
    assert lines[-1].startswith(told[0])  # the same seed, the same answer
    for words, problem in (
        (("power", "nope"), "protocol: given 'nope'; allowed: one of cohort_2018"),
        (("power", "-j", "england"), "allowed: a file in england/protocols/ (docs/add-something.md)"),
    ):
        done = veiviser(home, *words)
        assert done.returncode == 2 and problem in done.stderr


def test_rank_since_tells_who_moved_and_why(home: Path, releases: dict[str, Path]) -> None:
    day = f"{datetime.strptime(releases['england'].name[:8], '%Y%m%d'):%Y-%m-%d}"
    done = veiviser(home, "rank", "-j", "england", "--since", day)
    assert done.returncode == 0, done.stderr
    assert "rank correlation 1.000" in done.stdout and "services: others" in done.stdout
    rows = json.loads(veiviser(home, "rank", "-j", "england", "--since", day, "--json").stdout)
    assert {row["moved_by"] for row in rows} == {0} and {row["why"] for row in rows} == {"others"}
    never = veiviser(home, "rank", "-j", "england", "--since", "2019-01-01")
    assert never.returncode == 4
    assert "no release of england as of 2019-01-01: run `veiviser build --jurisdiction england --as-of" in never.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--weight", "speed=2"], "given 'speed'; allowed: one of timeliness"),
        (["--weight", "timeliness"], "given 'timeliness'; allowed: a dimension and a number, such as timeliness=2"),
        (["--weight", "timeliness=-1"], "given '-1'; allowed: a number above 0"),
        (["--weight", "timeliness=inf"], "given 'inf'; allowed: a number above 0"),
        (["--top", "0"], "given '0'; allowed: a number of places, 1 or more"),
        (["--without", "speed"], "given 'speed'; allowed: one of "),
        (["--without", "reviews_on_time"], "allowed: at least one indicator kept of: follow_up"),
        (["--round", "2025"], "given '2025'; allowed: one of round_2025"),
        (
            ["--since", "2026-01-01", "--top", "19"],
            "given '2026-01-01'; allowed: no other choice: both rankings are as",
        ),
    ],
)
def test_rank_says_what_there_is(home: Path, releases: dict[str, Path], words: list[str], told: str) -> None:
    done = veiviser(home, "rank", "-j", "england", *words)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("what", ["indicators", "datasets", "cohorts", "breaks", "units", "checks", "releases"])
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


def test_fetch_says_what_came_of_each_dataset_and_whose_fault_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    came = {
        "ssb_12305": Outcome("ssb_12305", "no change", "of 2026-06-15 06:00 UTC"),
        "ssb_12275": Outcome("ssb_12275", "failed", "a code", "ours"),
        "ssb_12870": Outcome("ssb_12870", "failed", "answers 503", "publisher"),
    }
    monkeypatch.setattr(intake, "fetch", lambda _, names, say: (came[name] for name in names))
    for names, code in ((["ssb_12305"], 0), (["ssb_12305", "ssb_12275"], 2), (list(came), 3)):
        monkeypatch.setattr(sys, "argv", ["veiviser", "fetch", *names])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == code
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == "ssb_12305: no change (of 2026-06-15 06:00 UTC)"
    assert printed.err.splitlines()[-1] == "ssb_12870: failed (answers 503)"


def test_fetch_asks_nobody_for_what_has_no_interface(tmp_path: Path) -> None:
    done = veiviser(tmp_path, "fetch", "khr_plans")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("khr_plans: not fetched (no interface: put the file into the archive, from KHR-kuben")
    assert veiviser(tmp_path, "fetch", "ssb_1").returncode == 2


def at_moment(monkeypatch: pytest.MonkeyPatch, home: Path, moment: datetime) -> list[Outcome]:
    """What fetching one table and one dropped file says at a moment, and how long it slept for it."""
    clock = [moment]
    monkeypatch.setenv("VEIVISER_HOME", str(home))
    monkeypatch.setattr(intake, "now", lambda: clock[0])
    monkeypatch.setattr(intake, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + timedelta(seconds=seconds)))
    outcomes = list(intake.fetch("norway", ["ssb_12305", "khr_plans"]))
    assert clock[0] - moment <= timedelta(minutes=2)
    return outcomes


def test_fetch_does_not_put_real_figures_beside_the_synthetic_ones(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for moment in (datetime(2026, 6, 15, 10, tzinfo=UTC), datetime(2026, 6, 15, 6, 14, tzinfo=UTC)):
        dropped, table = at_moment(monkeypatch, home, moment)  # at 08:14 in Norway it waits a minute
        assert dropped.outcome == "not fetched" and table.fault == "ours"
        assert "set VEIVISER_HOME to a folder" in table.detail


def test_fetch_says_when_to_come_back_in_the_quiet_hours(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table, dropped = at_moment(monkeypatch, home, datetime(2026, 6, 15, 5, 30, tzinfo=UTC))
    assert (table.dataset, table.outcome, table.fault) == ("ssb_12305", "not fetched", None)
    assert table.detail == "its tables may be half replaced until 08:15 (Europe/Oslo): run it again after that"
    assert dropped.detail.startswith("no interface")


def test_a_publisher_that_fails_ends_with_three(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise PublisherError("https://data.ssb.no", "answers 503", "try again later")

    monkeypatch.setattr(intake, "fetch", fails)
    monkeypatch.setattr(sys, "argv", ["veiviser", "fetch"])
    with pytest.raises(SystemExit, match="3"):
        main()


def test_a_dropped_file_that_is_refused_ends_with_two_and_names_its_receipt(tmp_path: Path) -> None:
    folder = tmp_path / "shared" / "norway"
    folder.mkdir(parents=True)
    (tmp_path / "data").mkdir()
    shutil.copytree(Settings().raw / "norway" / "klass_codes", tmp_path / "data" / "raw" / "norway" / "klass_codes")
    (folder / "regneark.csv").write_text("a\n", encoding="utf-8")
    environment = {**os.environ, "VEIVISER_HOME": str(tmp_path), "VEIVISER_DROP": str(folder.parent)}
    done = subprocess.run(
        [sys.executable, "-c", "from pipeline.sources import drop_folder; drop_folder.SETTLE_SECONDS = 0.1\n"
         "import sys; sys.argv = ['veiviser', 'drop']; from pipeline.cli import main; main()"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stdout.startswith(f"regneark.csv: refused (1 to mend: {folder / 'quarantine'}")
