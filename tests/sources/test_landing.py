"""The archive: written once, every file with its sidecar, one file a vintage."""

import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline.problems import BadInput
from pipeline.registry.load import load
from pipeline.sources.landing import archive, scan

DATASETS = load("norway").datasets
MARCH, JUNE = datetime(2026, 3, 16, 7, tzinfo=UTC), datetime(2026, 6, 15, 6, tzinfo=UTC)


def land(folder: Path, body: bytes = b"first", published: datetime = MARCH) -> Path:
    return archive(folder, DATASETS["ssb_12305"], body, "json", published, published, synthetic=True)


def refused(folder: Path) -> list[str]:
    with pytest.raises(BadInput) as caught:
        scan(folder, DATASETS)
    return [str(problem) for problem in caught.value.problems]


def test_a_delivery_keeps_its_bytes_and_its_story(tmp_path: Path) -> None:
    path = land(tmp_path)
    [file] = scan(tmp_path, DATASETS)
    assert (file.path, file.body(), file.sidecar.published) == (path, b"first", MARCH)
    assert file.file_id == f"ssb_12305/20260316T0700_{file.sidecar.sha256[:8]}.json"
    assert file.sidecar.licence == "CC BY 4.0" and file.sidecar.synthetic


def test_nothing_is_written_twice(tmp_path: Path) -> None:
    before = land(tmp_path).stat()
    after = land(tmp_path).stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert not after.st_mode & stat.S_IWUSR


def test_both_vintages_are_kept(tmp_path: Path) -> None:
    land(tmp_path, b"preliminary", MARCH)
    land(tmp_path, b"revised", JUNE)
    assert [file.body() for file in scan(tmp_path, DATASETS)] == [b"preliminary", b"revised"]
    assert [file.published_on for file in scan(tmp_path, DATASETS)] == [date(2026, 3, 16), date(2026, 6, 15)]


def test_two_files_for_one_vintage(tmp_path: Path) -> None:
    first, second = sorted([land(tmp_path, b"one").name, land(tmp_path, b"other").name])
    assert refused(tmp_path) == [
        f"ssb_12305/{first} and ssb_12305/{second}: published: given both 2026-03-16 07:00; allowed: one file a vintage of ssb_12305"
    ]


def test_a_file_that_changed_in_the_archive(tmp_path: Path) -> None:
    path = land(tmp_path)
    path.chmod(0o644)
    path.write_bytes(b"touched")
    [file] = scan(tmp_path, DATASETS)
    with pytest.raises(BadInput, match="as when it was archived: restore the file from a backup"):
        file.body()


def test_a_file_without_a_sidecar(tmp_path: Path) -> None:
    (tmp_path / "ssb_12305").mkdir()
    (tmp_path / "ssb_12305" / "20260316.json").write_bytes(b"{}")
    assert refused(tmp_path) == [
        "ssb_12305/20260316.json: sidecar: given None; allowed: a file 20260316.toml that says where this one is from"
    ]


def test_a_folder_of_no_declared_dataset(tmp_path: Path) -> None:
    (tmp_path / "ssb_99999").mkdir()
    (tmp_path / "ssb_99999" / "a.json").write_bytes(b"{}")
    assert refused(tmp_path)[0].startswith(
        "ssb_99999/a.json: dataset: given 'ssb_99999'; allowed: one of bufdir_monitor,"
    )


def test_half_a_sidecar(tmp_path: Path) -> None:
    path = land(tmp_path)
    path.with_suffix(".toml").chmod(0o644)
    path.with_suffix(".toml").write_text('dataset = "ssb_12305"\n', encoding="utf-8")
    assert "allowed: a complete sidecar" in refused(tmp_path)[0]


def test_a_vintage_in_parts_counts_when_it_is_whole(tmp_path: Path) -> None:
    for part in ("2/3", "1/3"):
        archive(tmp_path, DATASETS["ssb_12305"], part.encode(), "json", MARCH, MARCH, part=part)
    land(tmp_path, b"revised", JUNE)
    assert [file.body() for file in scan(tmp_path, DATASETS)] == [b"revised"]
    archive(tmp_path, DATASETS["ssb_12305"], b"3/3", "json", MARCH, MARCH, part="3/3")
    assert len(scan(tmp_path, DATASETS)) == 4


def test_a_part_that_is_there_twice(tmp_path: Path) -> None:
    for body, part in ((b"a", "1/2"), (b"b", "2/2"), (b"c", "2/2")):
        archive(tmp_path, DATASETS["ssb_12305"], body, "json", MARCH, MARCH, part=part)
    assert len(refused(tmp_path)) == 1


def test_a_whole_beside_parts(tmp_path: Path) -> None:
    land(tmp_path)
    for part in ("1/2", "2/2"):
        archive(tmp_path, DATASETS["ssb_12305"], part.encode(), "json", MARCH, MARCH, part=part)
    assert "allowed: one file a vintage of ssb_12305" in refused(tmp_path)[0]
