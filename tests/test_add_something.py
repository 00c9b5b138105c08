"""Follows docs/add-something.md: what the page says to write, written into a copy of the registry, and built."""

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from pipeline.jobs import ANALYSES
from pipeline.problems import BadInput
from pipeline.registry.load import HOME, load
from pipeline.settings import Settings
from pipeline.warehouse.build import build
from pipeline.warehouse.release import connect

PAGE = Path(__file__).parent.parent / "docs" / "add-something.md"


def test_an_indicator_is_one_file(tmp_path: Path) -> None:
    example = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)[0]
    name = tomllib.loads(example)["id"]
    registry_home = shutil.copytree(HOME, tmp_path / "registry", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (registry_home / "norway" / "indicators" / f"{name}.toml").write_text(example, encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "raw").symlink_to(Settings().raw)
    release = build(load("norway", registry_home), Settings(home=tmp_path), ANALYSES).path
    with connect(release) as con:
        [(numerator, denominator)] = con.execute(
            """SELECT numerator, denominator FROM core.indicator_value
               WHERE indicator_id = ? AND unit_kind = 'country' AND period = '2019' AND is_newest""",
            [name],
        ).fetchall()
    assert 40_000 < numerator < 56_000
    assert 1_400_000 < denominator < 1_500_000


def test_a_break_is_one_table(tmp_path: Path) -> None:
    [example] = [
        each
        for each in re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
        if "[[break]]" in each
    ]
    registry_home = shutil.copytree(HOME, tmp_path / "registry", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = registry_home / "norway" / "breaks.toml"
    declared = path.read_text(encoding="utf-8")
    path.write_text(f"{declared}\n{example}", encoding="utf-8")
    *_, added = load("norway", registry_home).breaks
    assert added.id == "caseload_2018" and [each.service for each in added.services] == ["orsta_1520"]
    path.write_text(f"{declared}\n{example.replace('with_care', 'not_comparable')}", encoding="utf-8")
    load.cache_clear()
    with pytest.raises(BadInput, match="series.khr: given 2015 to 2020, across caseload_2018 of 2018-01-01"):
        load("norway", registry_home)


def test_an_indicator_of_a_dataset_nobody_declared_is_told(tmp_path: Path) -> None:
    registry_home = shutil.copytree(HOME, tmp_path / "registry", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = registry_home / "norway" / "indicators" / "caseload.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"ssb_12870"', '"ssb_99999"'), encoding="utf-8")
    with pytest.raises(BadInput, match="numerator.dataset: given 'ssb_99999'; allowed: one of bufdir_monitor,"):
        load("norway", registry_home)
