"""Names from outside: what they may reach, and what they may not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import FileNameError
from graph.folders import FolderKind, Folders, FoldersOnce, inside, split_annotation, standard_folders

ESCAPES = [
    *("..", "../x", "a/../../x", "/etc/passwd", "\\windows", "C:\\x", "c:x", "..\\x", "a\0b", "a/..", "...", "a./b"),
    *("//host/share", "\\\\host\\share", "nul", "con.png", "a/LPT1.txt", "x ", "a/b. "),
]


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("follow", [False, True])
def test_names_that_leave_or_deceive_are_refused(tmp_path: Path, name: str, follow: bool) -> None:
    with pytest.raises(FileNameError):
        inside(tmp_path, name, follow=follow)


@given(st.text(alphabet="ab./\\:\0 ~%", max_size=20))
def test_no_name_leads_out(name: str) -> None:
    root = Path("/root/folder")
    try:
        path = inside(root, name, follow=True)
    except FileNameError:
        return
    assert Path(os.path.normpath(path)).is_relative_to(root)


@pytest.mark.parametrize(
    "name", ["a.png", "sub/a.png", "sub\\a.png", "./a.png", "a..b.png", "sub//a.png", "~", "%2e%2e"]
)
def test_plain_names(tmp_path: Path, name: str) -> None:
    assert inside(tmp_path, name).is_relative_to(tmp_path)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    for name in ("user/checkpoints/sub", "user/vae", "own/checkpoints", "input", "output", "temp", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("user/checkpoints/b.safetensors", "user/checkpoints/sub/A.CKPT", "own/checkpoints/b.safetensors"):
        (tmp_path / name).write_bytes(name.encode())
    for name in (
        "user/checkpoints/readme.txt",
        "user/checkpoints/.hidden.safetensors",
        "input/cat.png",
        "output/o.png",
    ):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "elsewhere" / "secret.png").write_bytes(b"")
    own = {name: tmp_path / name for name in ("input", "output", "temp")}
    return standard_folders([tmp_path / "user", tmp_path / "own"], **own)


def test_lists_and_paths(folders: Folders, tmp_path: Path) -> None:
    assert folders.list("checkpoints") == ["b.safetensors", "sub/A.CKPT"]
    assert folders.resolve("checkpoints", "b.safetensors") == tmp_path / "user/checkpoints/b.safetensors", (
        "the first root"
    )
    assert folders.resolve("checkpoints", "sub\\A.CKPT") == tmp_path / "user/checkpoints/sub/A.CKPT"
    assert folders.list("input", "image") == ["cat.png"]
    assert folders.list("input", "video") == []
    assert folders.list("nonsense") == []
    assert folders.roots("clip") == folders.roots("text_encoders")
    with pytest.raises(FileNameError, match="no folder for files of the kind 'nonsense'"):
        folders.kind("nonsense")
    with pytest.raises(FileNameError, match="no file 'x' in the vae folder"):
        folders.resolve("vae", "x")


def test_a_listing_is_kept_until_a_folder_changes(folders: Folders, tmp_path: Path) -> None:
    assert "sub/new.ckpt" not in folders.list("checkpoints")
    (tmp_path / "user/checkpoints/sub/new.ckpt").write_bytes(b"")
    assert "sub/new.ckpt" in folders.list("checkpoints")
    (tmp_path / "user/checkpoints/sub/new.ckpt").unlink()
    assert "sub/new.ckpt" not in folders.list("checkpoints")


def test_annotated_names(folders: Folders, tmp_path: Path) -> None:
    assert split_annotation("a b.png [output]") == ("a b.png", "output")
    assert split_annotation("a.png[temp]") == ("a.png", "temp")
    assert split_annotation("a.png [other]") == ("a.png [other]", "input")
    assert folders.resolve("input", "o.png [output]") == tmp_path / "output/o.png"
    assert folders.find("input", "o.png") is None
    assert folders.find("input", "") is None


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_lead_out_of_model_folders_only(folders: Folders, tmp_path: Path) -> None:
    (tmp_path / "user/checkpoints/disk").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "m.ckpt").write_bytes(b"")
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "input/out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "input/secret.png").symlink_to(tmp_path / "elsewhere/secret.png")
    assert "disk/m.ckpt" in folders.list("checkpoints")
    assert folders.find("checkpoints", "disk/m.ckpt") is not None
    assert folders.list("input") == ["cat.png"]
    for name in ("out/secret.png", "secret.png"):
        with pytest.raises(FileNameError, match="through a link"):
            folders.find("input", name)


def test_stamps(folders: Folders, tmp_path: Path) -> None:
    first = folders.stamp("checkpoints", "b.safetensors")
    assert first is not None
    (tmp_path / "user/checkpoints/b.safetensors").write_bytes(b"longer than it was before")
    assert folders.stamp("checkpoints", "b.safetensors") != first
    assert folders.stamp("checkpoints", "../x") is None
    assert folders.stamp("checkpoints", "gone") is None


def test_more_roots_and_json(folders: Folders, tmp_path: Path) -> None:
    more = folders.with_roots("clip", [tmp_path / "elsewhere"]).with_roots("mine", [tmp_path / "own"])
    assert more.roots("text_encoders")[-1] == tmp_path / "elsewhere"
    assert more.with_roots("vae", [tmp_path], first=True).roots("vae")[0] == tmp_path
    assert more.roots("mine") == (tmp_path / "own",)
    assert Folders.from_json(more.to_json()) == more


def test_models_of_many_files(tmp_path: Path) -> None:
    (tmp_path / "sd" / "unet").mkdir(parents=True)
    (tmp_path / "sd" / "model_index.json").write_text("{}", "utf-8")
    folders = Folders({"diffusers": FolderKind((tmp_path,), directories=True)})
    assert folders.list("diffusers") == ["sd"]
    assert folders.find("diffusers", "sd") == tmp_path / "sd"


def test_only_folders_that_changed_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = 1_600_000_000
    for name in ("a", "b", "c/deep"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "one.safetensors").write_bytes(b"")
    for folder in (tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())):
        os.utime(folder, (old, old))  # else each may change again within the same tick of the clock
    read: list[str] = []
    scandir = os.scandir

    def counted(path: Path) -> object:
        read.append(Path(path).name)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    folders = Folders({"loras": FolderKind((tmp_path,), frozenset({".safetensors"}))})
    first, before = folders.list("loras"), folders.state(["loras"])
    assert sorted(read) == sorted([tmp_path.name, "a", "b", "c", "deep"])
    read.clear()
    assert folders.list("loras") == first
    assert folders.state(["loras"]) == before
    assert not read
    (tmp_path / "c/deep/two.safetensors").write_bytes(b"")
    assert folders.list("loras") == [*first, "c/deep/two.safetensors"]
    assert folders.state(["loras"]) != before
    assert set(read) == {"deep"}


def test_a_file_that_comes_in_the_same_tick_is_seen(folders: Folders, tmp_path: Path) -> None:
    folder = tmp_path / "user/checkpoints/sub"
    folders.list("checkpoints")
    time = folder.stat().st_mtime_ns
    (folder / "quick.ckpt").write_bytes(b"")
    os.utime(folder, ns=(time, time))
    assert "sub/quick.ckpt" in folders.list("checkpoints")


def test_a_moment_is_looked_at_once(folders: Folders, tmp_path: Path) -> None:
    moment = FoldersOnce(folders)
    before = moment.list("checkpoints")
    (tmp_path / "user/checkpoints/later.ckpt").write_bytes(b"")
    assert moment.list("checkpoints") == before
    assert "later.ckpt" in FoldersOnce(folders).list("checkpoints")
