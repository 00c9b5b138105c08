"""The watched folder: a file is left alone until it is whole, and nothing that is no file is opened."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.problems import BadInput
from pipeline.sources import drop_folder, limits
from pipeline.sources.drop_folder import Changing, content, look, received, settled, take, to_quarantine


def old(path: Path, body: bytes = b"a;b\n1;2\n") -> Path:
    path.write_bytes(body)
    return path


def names(folder: Path) -> list[str]:
    return [found.name for found in look(folder)]


def later(seconds: float = 60) -> Callable[[], int]:
    """A clock that is ahead, so that files of just now are old."""
    return lambda: time.time_ns() + int(seconds * 1e9)


def test_what_is_unfinished_hidden_open_or_a_folder_is_not_looked_at(tmp_path: Path) -> None:
    for name in (
        "a.csv", "b.csv.part", "c.CRDOWNLOAD", ".hidden", "~$d.xlsx", "d.xlsx", ".~lock.e.ods#", "e.ods", "Thumbs.db",
    ):  # fmt: skip
        old(tmp_path / name)
    (tmp_path / "quarantine").mkdir()
    assert names(tmp_path) == ["a.csv"]
    (tmp_path / "~$d.xlsx").unlink()
    assert names(tmp_path) == ["a.csv", "d.xlsx"]


def test_a_file_that_is_written_slowly_is_left_until_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drop_folder, "SETTLE_SECONDS", 0.2)
    path, started, stop = tmp_path / "slow.csv", threading.Event(), threading.Event()

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            while not stop.is_set():
                file.write(b"1;2\n")
                started.set()
                time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    assert started.wait(10)
    old(tmp_path / "whole.csv")
    try:
        for _ in range(2):
            whole, unfinished = settled(tmp_path)
            assert "slow.csv" in [each.name for each in unfinished]
        assert [each.name for each in whole] == ["whole.csv"]
    finally:
        stop.set()
        writer.join()
    whole, unfinished = settled(tmp_path)
    assert [each.name for each in whole] == ["slow.csv", "whole.csv"] and not unfinished
    assert content(whole[0]) == path.read_bytes()


def test_a_copy_that_keeps_an_old_time_is_not_taken_for_whole(tmp_path: Path) -> None:
    path = old(tmp_path / "copied.csv")

    def goes_on(seconds: float) -> None:
        with path.open("ab") as file:
            file.write(b"3;4\n")
        os.utime(path, (0, 0))

    whole, unfinished = settled(tmp_path, goes_on, later())
    assert (whole, [each.name for each in unfinished]) == ([], ["copied.csv"])


def test_a_file_of_long_ago_is_hardly_waited_for(tmp_path: Path) -> None:
    old(tmp_path / "a.csv")
    slept: list[float] = []
    whole, _ = settled(tmp_path, slept.append, later())
    assert [each.name for each in whole] == ["a.csv"] and slept == [2.0]


def test_a_file_that_changes_while_it_is_read_is_left(tmp_path: Path) -> None:
    path = old(tmp_path / "a.csv")
    [found] = look(tmp_path)
    path.write_bytes(b"something else, and longer")
    with pytest.raises(Changing):
        content(found)


def test_links_pipes_and_giants_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link.csv").symlink_to(old(tmp_path / "a.csv"))
    os.mkfifo(tmp_path / "pipe.csv")
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", 3)
    told = {}
    for found in look(tmp_path):
        with pytest.raises(BadInput) as caught:
            content(found)
        told[found.name] = str(caught.value)
    assert "given 'a link'" in told["link.csv"]
    assert "given 'a device or a pipe'" in told["pipe.csv"]
    assert "at most 3 bytes" in told["a.csv"]


@pytest.mark.parametrize("name", [b"..csv", b"a\nb.csv", b"\xff\xfe.csv", b"x" * 250 + b".csv", "å".encode() * 120])
def test_no_name_leads_out_of_the_folder_or_is_too_long(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    old(path)
    if name.startswith(b"."):
        assert look(tmp_path) == []
        return
    [found] = look(tmp_path)
    told = to_quarantine(found, content(found), "why")
    assert told.parent == tmp_path / "quarantine" and not path.exists()
    [kept] = [each for each in told.parent.iterdir() if each != told]
    assert kept.read_bytes() == b"a;b\n1;2\n" and told.name == f"{kept.name}.txt" and "\n" not in told.name


def test_killed_between_receipt_and_move_it_is_put_away_again_under_the_same_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old(tmp_path / "a.csv")
    for put_away, verb, then in ((to_quarantine, "replace", Path.replace), (received, "unlink", Path.unlink)):
        [found] = look(tmp_path)
        body = content(found)

        def killed(self: Path, *rest: object, then: Callable[..., object] = then) -> object:
            if self == path:
                raise KeyboardInterrupt
            return then(self, *rest)

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(Path, verb, killed)
            put_away(found, body, "first")
        assert path.exists()
        told = put_away(found, body, "again")
        assert told.read_text(encoding="utf-8-sig") == "again" and not path.exists()
        assert len(list(told.parent.glob("*.txt"))) == 1
        old(path)


def test_two_unread_files_of_one_name_lie_both_in_quarantine(tmp_path: Path) -> None:
    for body in (b"first", b"the second"):
        old(tmp_path / "nameless.csv", body)
        to_quarantine(take(look(tmp_path)[0]), None, "why")
    kept = [each.read_bytes() for each in (tmp_path / "quarantine").glob("*.csv")]
    assert sorted(kept) == [b"first", b"the second"]


@pytest.mark.parametrize("moment", ["before it is taken", "before it is put away"])
def test_a_file_that_changed_is_neither_removed_nor_put_under_the_receipt_of_another(
    tmp_path: Path, moment: str
) -> None:
    path = old(tmp_path / "a.csv")
    [found] = look(tmp_path)
    if moment == "before it is taken":
        path.write_bytes(b"something else, and longer")
        with pytest.raises(Changing):
            content(take(found))
    else:
        writer = path.open("ab")
        body = content(taken := take(found))
        with writer:
            writer.write(b"3;4")
        for put_away in (received, to_quarantine):
            with pytest.raises(Changing):
                put_away(taken, body, "of the first")
    [again] = look(tmp_path)
    assert content(again) == again.path.read_bytes() and again.size > 8 and not path.exists()


def test_one_that_waits_to_be_taken_is_not_overwritten_by_the_next_of_its_name(tmp_path: Path) -> None:
    take(look(old(tmp_path / "a.csv").parent)[0])
    old(tmp_path / "a.csv", b"the second")
    first, second = look(tmp_path)
    assert content(take(first)) == b"a;b\n1;2\n"
    with pytest.raises(FileExistsError):
        take(second)
    assert content(second) == b"the second"
