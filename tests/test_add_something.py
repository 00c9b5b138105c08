"""Follows docs/add-something.md: what the page says to write, written into a copy of the registry, and built."""

import re
import shutil
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.jobs import ANALYSES
from pipeline.problems import BadInput
from pipeline.registry.load import HOME, load
from pipeline.reports.drop_template import template
from pipeline.settings import Settings
from pipeline.sources import drop_folder
from pipeline.warehouse import register
from pipeline.warehouse.build import build, known_files
from pipeline.warehouse.drops import take_in
from pipeline.warehouse.geography import TABLES, geography
from pipeline.warehouse.load import load_raw
from pipeline.warehouse.release import connect
from tests.conftest import fewer_draws

PAGE = Path(__file__).parent.parent / "docs" / "add-something.md"


def written(part: str) -> str:
    """The example of the page that holds some words."""
    examples = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    [found] = [each for each in examples if part in each]
    return str(found)


def copied(tmp_path: Path) -> Path:
    """A copy of the registry, to write into."""
    return shutil.copytree(HOME, tmp_path / "registry", ignore=shutil.ignore_patterns("*.py", "__pycache__"))


def test_an_indicator_is_one_file(tmp_path: Path) -> None:
    example = written("use = ")
    name = tomllib.loads(example)["id"]
    registry_home = copied(tmp_path)
    (registry_home / "norway" / "indicators" / f"{name}.toml").write_text(example, encoding="utf-8")
    settings = Settings(home=tmp_path)
    for dataset in ("klass_codes", "klass_changes", "population_07459", "ssb_12275"):  # the rest is there for others
        shutil.copytree(Settings().raw / "norway" / dataset, settings.raw / "norway" / dataset)
    release = build(fewer_draws(load("norway", registry_home)), settings, ANALYSES).path
    with connect(release) as con:
        [(numerator, denominator)] = con.execute(
            """SELECT numerator, denominator FROM core.indicator_value
               WHERE indicator_id = ? AND unit_kind = 'country' AND period = '2019' AND is_newest""",
            [name],
        ).fetchall()
    assert 40_000 < numerator < 56_000
    assert 1_400_000 < denominator < 1_500_000


def test_a_break_is_one_table(tmp_path: Path) -> None:
    example = written("[[break]]")
    registry_home = copied(tmp_path)
    path = registry_home / "norway" / "breaks.toml"
    declared = path.read_text(encoding="utf-8")
    path.write_text(f"{declared}\n{example}", encoding="utf-8")
    *_, added = load("norway", registry_home).breaks
    assert added.id == "caseload_2018" and [each.service for each in added.services] == ["orsta_1520"]
    path.write_text(f"{declared}\n{example.replace('with_care', 'not_comparable')}", encoding="utf-8")
    load.cache_clear()
    with pytest.raises(BadInput, match="series.khr: given 2015 to 2020, across caseload_2018 of 2018-01-01"):
        load("norway", registry_home)


def test_a_kind_of_file_that_people_send_is_one_file(tmp_path: Path) -> None:
    example = written('kind = "records"')
    registry_home = copied(tmp_path)
    (registry_home / "norway" / "datasets" / "complaint.toml").write_text(example, encoding="utf-8")
    registry = load("norway", registry_home)
    for name in ("klass_codes", "klass_changes", "population_07459"):
        shutil.copytree(Settings().raw / "norway" / name, tmp_path / "raw" / name)
    (tmp_path / "drop").mkdir()
    for name, rows in (("klager 2026-05-01.csv", "1804;2025;3\r\n"), ("klager 2026-06-01.csv", "804;25;-1\r\n")):
        header = template(registry.datasets["complaint"], registry, ".csv", date(2026, 6, 1))
        (tmp_path / "drop" / name).write_bytes(header + rows.encode())
    now = datetime.now(UTC) + timedelta(minutes=1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(drop_folder, "SETTLE_SECONDS", 0.0)
        taken = list(take_in(registry, tmp_path / "raw", tmp_path / "drop", lambda: now, lambda seconds: None))
    assert [(each.outcome, each.faults) for each in taken] == [("accepted", 0), ("refused", 3)]
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA raw")
        load_raw(con, registry, known_files(tmp_path / "raw", registry))
        rows = con.execute("SELECT municipality_code, year, complaints FROM raw.complaint").fetchall()
    assert rows == [("1804", "2025", "3")]


def test_a_measure_is_one_table(tmp_path: Path) -> None:
    example = written("[[measure]]")
    registry_home = copied(tmp_path)
    path = registry_home / "norway" / "measures" / "leader_changes.toml"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{example}", encoding="utf-8")
    [added] = [each for each in load("norway", registry_home).measures if each.kind == "leader_change"]
    assert (added.municipalities, added.days) == (("1853",), "exact")


def test_a_cohort_and_its_protocol_are_a_file_each(tmp_path: Path) -> None:
    norway = copied(tmp_path) / "norway"
    (norway / "programme" / "trial_2019.toml").write_text(written("\nstart = 2019"), encoding="utf-8")
    (norway / "protocols" / "trial_2019.toml").write_text(written("decided_on"), encoding="utf-8")
    registry = load("norway", norway.parent)
    protocol, cohort = registry.protocols[-1], registry.cohorts[-1]
    windows = protocol.windows(cohort)
    assert (windows.baseline, windows.choice, windows.scored) == ((-10, -7), (-4, -1), (1, 2))
    assert [each.name for each in cohort.members] == ["Bodø", "Rana", "Fauske"]


def test_a_joint_service_is_one_table_and_the_end_of_what_was_there(tmp_path: Path) -> None:
    example = written("[[joint_service]]")
    registry_home = copied(tmp_path)
    services = registry_home / "norway" / "services"
    with (services / "joint_services.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{example}")
    registry = load("norway", registry_home)
    files = known_files(Settings().raw / "norway", registry)
    with geography(registry, files, [*TABLES, *register.TABLES]) as con:
        told = [str(problem) for problem in register.register_problems(con, registry)]
    assert [message.partition(": members: ")[2] for message in told] == [
        "given alone and in rana_1833 from 2025-01-01; allowed: one service at a time: end the one before the other starts"
    ] * 2
    alone = services / "alone.toml"
    text = alone.read_text(encoding="utf-8")
    [ended] = re.findall(r"```toml\n(\[\[alone.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    kept = text.replace('    "1832 Hemnes",\n', "").replace('    "1833 Rana",\n', "")
    alone.write_text(f"{kept}\n{ended}", encoding="utf-8")
    load.cache_clear()
    registry = load("norway", registry_home)
    with geography(registry, files, [*TABLES, *register.TABLES]) as con:
        assert list(register.register_problems(con, registry)) == []
        found = con.execute(
            "SELECT name, host, municipalities, valid_from::VARCHAR FROM core.service WHERE service_id = 'rana_1833'"
        ).fetchall()
    assert found == [("Rana og Hemnes", "1833", 2, "2025-01-01")]


def test_an_indicator_of_a_dataset_nobody_declared_is_told(tmp_path: Path) -> None:
    registry_home = copied(tmp_path)
    path = registry_home / "norway" / "indicators" / "caseload.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"ssb_12870"', '"ssb_99999"'), encoding="utf-8")
    with pytest.raises(BadInput, match="numerator.dataset: given 'ssb_99999'; allowed: one of bufdir_monitor,"):
        load("norway", registry_home)
