"""Files that are whole or not there, and on the disk when their writer returns."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from graph import whole_files
from graph.whole_files import copy_new, copy_whole, give_name, move, move_new, whole_file, write_whole


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what is forced to the disk, in order; a file's while it has its temporary name."""
    found: list[str] = []

    def folder(path: Path) -> None:
        found.append(path.name)

    def file(path: Path) -> None:
        found.append("data of " + ("half" if path.name.endswith(".part") else path.name))

    monkeypatch.setattr(whole_files, "sync_folder", folder)
    monkeypatch.setattr(whole_files, "sync_file", file)
    return found


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, synced: list[str]) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    before = path.read_text()
    with whole_file(path) as file:
        file.write(b"new")
        assert path.read_text() == before
    assert path.read_text() == "new"
    assert synced == ["data of half", tmp_path.name]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_folders_that_are_made_last_too(tmp_path: Path, synced: list[str]) -> None:
    write_whole(tmp_path / "x" / "y" / "a.json", b"1")
    assert synced == [tmp_path.name, "x", "data of half", "y"]


def test_what_is_made_again_waits_for_no_disk(tmp_path: Path, synced: list[str]) -> None:
    write_whole(tmp_path / "a", b"1", lasting=False)
    assert synced == []
    assert (tmp_path / "a").read_bytes() == b"1"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), whole_file(path) as file:  # noqa: PT012
        file.write(b"ne")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(os.name != "posix", reason="permissions")
def test_secrets_are_for_this_user_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "secret", b"x", private=True)
    write_whole(tmp_path / "plain", b"x")
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    (tmp_path / "usual").touch()
    assert (tmp_path / "plain").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_move_lasts_in_both_folders(tmp_path: Path, synced: list[str]) -> None:
    (tmp_path / "a").write_text("x")
    move(tmp_path / "a", tmp_path / "trash" / "a")
    assert synced == [tmp_path.name, "trash", tmp_path.name]
    assert (tmp_path / "trash" / "a").read_text() == "x"


def test_a_copy_has_the_times_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    os.utime(tmp_path / "a", (1e9, 1e9))
    copy_whole(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "x"
    assert (tmp_path / "b").stat().st_mtime == 1e9


def test_a_copy_takes_no_name_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("new")
    (tmp_path / "b").write_text("old")
    with pytest.raises(FileExistsError):
        copy_new(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "old"
    copy_new(tmp_path / "a", tmp_path / "out" / "c")
    assert (tmp_path / "out" / "c").read_text() == "new"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["a", "b", "c"]


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that knows no second names."""

    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "not here")

    monkeypatch.setattr(os, "link", refused)


def fails(*_: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.usefixtures("no_links")
def test_a_name_is_taken_where_a_disk_knows_no_second_ones(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("new")
    (tmp_path / "b").write_text("old")
    with pytest.raises(FileExistsError):
        give_name(tmp_path / "a", tmp_path / "b")
    with pytest.raises(FileExistsError):
        move_new(tmp_path / "a", tmp_path / "b")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "b", "new")
    give_name(tmp_path / "a", tmp_path / "c")
    assert texts(tmp_path) == {"b": "old", "c": "new"}


def write_new(path: Path, text: str) -> None:
    with whole_file(path, new=True) as file:
        file.write(text.encode())


@pytest.mark.usefixtures("no_links")
def test_a_name_that_was_taken_for_nothing_is_free_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("x")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fails)
        for step in (give_name, move_new, copy_new):
            with pytest.raises(OSError, match="Input/output"):
                step(tmp_path / "a", tmp_path / "b")
    assert texts(tmp_path) == {"a": "x"}


def test_a_file_that_cannot_leave_its_place_is_not_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "a"
    source.write_text("x")
    unlink = Path.unlink

    def stays(path: Path, missing_ok: bool = False) -> None:
        fails() if path == source else unlink(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", stays)
        with pytest.raises(OSError, match="Input/output"):
            move_new(source, tmp_path / "b")
    assert texts(tmp_path) == {"a": "x"}


def test_a_move_to_a_free_name_lasts_also_on_another_disk(
    tmp_path: Path, synced: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("x")
    move_new(tmp_path / "a", tmp_path / "there" / "a")
    assert synced == [tmp_path.name, "there", tmp_path.name]
    assert [path.name for path in tmp_path.iterdir()] == ["there"]

    def other_disk(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", other_disk)
    os.utime(tmp_path / "there" / "a", (1e9, 1e9))
    (tmp_path / "b").write_text("old")
    with pytest.raises(FileExistsError):
        move_new(tmp_path / "there" / "a", tmp_path / "b")
    move_new(tmp_path / "there" / "a", tmp_path / "c")
    assert (tmp_path / "c").stat().st_mtime == 1e9
    (tmp_path / "there").rmdir()
    assert texts(tmp_path) == {"b": "old", "c": "x"}
