"""The archive: written once, every file with its sidecar, one file a vintage."""

import stat
from collections.abc import Callable
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


def answered(folder: Path, body: bytes, question: str, hour: int, part: str = "", again: bool = False) -> Path:
    """An answer to a question about the vintage of March, retrieved at an hour of the next day."""
    retrieved = datetime(2026, 3, 17, hour, tzinfo=UTC)
    dataset = DATASETS["ssb_12305"]
    return archive(folder, dataset, body, "json", MARCH, retrieved, question=question, part=part, again=again)


def test_of_a_part_that_was_sent_twice_the_later_counts(tmp_path: Path) -> None:
    """A fetch was killed after 1/2, and the publisher sent other bytes for it under the same moment, a note say."""
    answered(tmp_path, b"1/2", "q", 7, part="1/2")
    assert scan(tmp_path, DATASETS) == []
    for part in ("1/2", "2/2"):
        answered(tmp_path, f"{part}, noted".encode(), "q", 8, part=part)
    assert sorted(file.body() for file in scan(tmp_path, DATASETS)) == [b"1/2, noted", b"2/2, noted"]


def test_of_one_question_in_other_parts_the_later_answer_counts(tmp_path: Path) -> None:
    for part in ("1/2", "2/2"):
        answered(tmp_path, part.encode(), "q", 7, part=part)
    answered(tmp_path, b"whole", "q", 8, again=True)
    assert [file.body() for file in scan(tmp_path, DATASETS)] == [b"whole"]


def test_the_same_bytes_answer_another_question(tmp_path: Path) -> None:
    paths = [
        answered(tmp_path, b"same", question, hour, again=hour > 7) for hour, question in enumerate("nwn", start=7)
    ]
    assert len(set(paths)) == 3
    [file] = scan(tmp_path, DATASETS)
    assert (file.sidecar.question, file.sidecar.retrieved.hour, file.body()) == ("n", 9, b"same")


def test_what_a_kill_left_read_only_is_replaced_also_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to remove a read-only file, or to put another in its place."""
    path = land(tmp_path)
    path.rename(path.with_name(path.name + ".part"))  # between the sidecar and the file

    def refuses(do: Callable[..., object], at: int) -> Callable[..., object]:
        def done(*paths: Path, **more: object) -> object:
            if paths[at].exists() and not paths[at].stat().st_mode & stat.S_IWUSR:
                raise PermissionError(13, "Access is denied", str(paths[at]))
            return do(*paths, **more)

        return done

    monkeypatch.setattr(Path, "unlink", refuses(Path.unlink, 0))
    monkeypatch.setattr(Path, "replace", refuses(Path.replace, 1))
    assert land(tmp_path) == path
    [file] = scan(tmp_path, DATASETS)
    assert file.body() == b"first" and not path.with_suffix(".toml").stat().st_mode & stat.S_IWUSR
