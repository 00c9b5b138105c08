"""From the archive to the pages, and a second time: the same bytes."""

from pathlib import Path

import pytest

from pipeline.registry.load import load
from pipeline.reports.write import write
from pipeline.warehouse.release import connect


@pytest.mark.parametrize("jurisdiction", ["england", "norway"])
def test_the_same_release_gives_the_same_pages_to_the_last_byte(
    tmp_path: Path, releases: dict[str, Path], jurisdiction: str
) -> None:
    made = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        with connect(releases[jurisdiction]) as con:
            files = write(con, load(jurisdiction), folder)
        made.append({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})
    assert made[0] == made[1]
    languages, offices = load(jurisdiction).jurisdiction.languages, load(jurisdiction).offices
    assert len(made[0]) >= len(languages) + len(offices)


def test_no_setting_but_home_moves_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.settings import Settings

    monkeypatch.setenv("VEIVISER_HOME", str(tmp_path))
    settings = Settings()
    assert {settings.raw, settings.processed, settings.reports} == {
        tmp_path / "data" / "raw", tmp_path / "data" / "processed", tmp_path / "reports",
    }  # fmt: skip
