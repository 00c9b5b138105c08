"""`veiviser check services` as an operator meets it: without a release, with the letter, and with its exit codes."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.registry.load import load
from pipeline.settings import Settings
from pipeline.sources.landing import archive

GOLDEN = Path(__file__).parent / "golden" / "letters" / "joint_service_list_2021-02-23.md"
LISTS = ("joint_service_list", "klass_codes", "klass_changes", "population_07459")


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the code lists alone, and no release."""
    for name in LISTS:
        shutil.copytree(Settings().raw / "norway" / name, tmp_path / "data" / "raw" / "norway" / name)
    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))
    return tmp_path


def check(*words: str) -> Result:
    return CliRunner().invoke(app, ["check", "services", *words])


def test_the_letter_is_written_and_nothing_is_left_to_mend(bare: Path) -> None:
    done = check()
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    told = [line for line in lines if not line.startswith("  ")]
    assert told[:5] == [f"error, corrected by {each}:" for each in ("rindal", "bodo", "lister", "vaksdal", "trondheim")]
    assert told[5:9] == ["remark:"] * 3 + ["correction rindal: not reported yet"]
    letter = bare / "reports" / "norway" / "letters" / GOLDEN.name
    assert told[-2:] == [f"letter to send: {letter}", "norway: 0 to mend"]
    assert letter.read_text(encoding="utf-8") == GOLDEN.read_text(encoding="utf-8")
    assert not (bare / "data" / "processed").exists()


def test_a_sixth_error_in_a_newer_list_ends_with_two(bare: Path) -> None:
    dataset = load("norway").datasets["joint_service_list"]
    folder = bare / "data" / "raw" / "norway"
    [bundled] = (folder / dataset.id).glob("*.csv")
    body = bundled.read_bytes().replace("AURLAND, LÆRDAL;4641, 4642".encode(), "AURLAND, LÆRDAL;4641, 4643".encode())
    later = datetime(2021, 3, 1, tzinfo=UTC)
    archive(folder, dataset, body, "csv", later, later)
    done = check("--json")
    assert done.exit_code == 2
    told = json.loads(done.stdout)
    assert [entry["rows"] for entry in told["entries"] if entry["is_error"] and not entry["is_mended"]] == [
        ["4641", "4642"]
    ]
    assert {problem["given"] for problem in told["problems"]} == {"4643 Årdal", "4641, 4643"}
    assert "Navnet på samme plass er det til 4642 Lærdal." in Path(told["letter"]).read_text(encoding="utf-8")


def test_an_archive_without_the_list_says_so(bare: Path) -> None:
    shutil.rmtree(bare / "data" / "raw" / "norway" / "joint_service_list")
    assert "given 'no file of joint_service_list'" in str(check().exception)


def test_england_has_no_list_to_check(bare: Path) -> None:
    done = check("-j", "england")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "england: there is no register of services to check"
