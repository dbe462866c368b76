"""Names that come from outside: what no system may read as another's, and that nothing leads out of a folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.errors import FileNameError
from graph.folders import inside, standard_folders

REFUSED = [
    *("CONIN$", "conout$.txt", "com\u00b9", "LPT\u00b3.png", "a/com\u00b2.x", "nul .png", "aux:x", "con:"),
    *("a\nb", "a\x7f", "\x1b[31m.png", "a\tb", "\ud800.png", "x" * 256, "\u00e9" * 128, "/".join(["x" * 200] * 20)),
]
NEW_ONLY = ["a.png:stream", "a:b/c.png", "exe.\u202egnp", "\u2066a.png"]
PARTS = st.sampled_from([
    *("", ".", "..", "...", "a", "b.png", " ", "~", "link", "C:", "con", "lpt1.x", "a:b", "\0", "x" * 300, "\u202e"),
    *("\uff0e\uff0e", "\u2025", "%2e%2e", "..\u200b", "\ud800", "e\u0301", "\u2215etc", "people"),
])  # fmt: skip
NAMES = st.one_of(
    st.text(max_size=40),
    st.tuples(st.lists(PARTS, max_size=6), st.sampled_from("/\\")).map(lambda found: found[1].join(found[0])),
)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("new", [False, True])
def test_names_that_some_system_reads_otherwise_are_refused(tmp_path: Path, name: str, new: bool) -> None:
    with pytest.raises(FileNameError) as refused:
        inside(tmp_path, name, new=new)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", NEW_ONLY)
def test_a_new_file_gets_no_name_that_only_some_systems_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNameError):
        inside(tmp_path, name, new=True)


@pytest.mark.skipif(os.name == "nt", reason="there a colon begins a stream")
def test_a_file_that_is_there_keeps_its_name(tmp_path: Path) -> None:
    assert inside(tmp_path, "12:30.png") == tmp_path / "12:30.png"


def test_new_names_are_composed_so_that_none_looks_like_another(tmp_path: Path) -> None:
    assert inside(tmp_path, "cafe\u0301.png", new=True) == inside(tmp_path, "caf\u00e9.png", new=True)


@given(name=NAMES, new=st.booleans(), follow=st.booleans())
def test_nothing_ever_leads_out(name: str, new: bool, follow: bool) -> None:
    """Below a real folder with a link that leads out, as the system itself resolves it."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place, "root")
        root.mkdir()
        if not follow:
            (root / "link").symlink_to(place)
        try:
            path = inside(root, name, new=new, follow=follow)
        except FileNameError:
            return
        assert Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
        assert "\0" not in str(path)
        os.fsencode(path)


@pytest.mark.parametrize("id", ["..", "a/../..", "", "a/b", ".", "a\\b", "a b", "x" * 101])
def test_only_an_id_is_somebodys_folder(tmp_path: Path, id: str) -> None:
    folders = standard_folders([], input=tmp_path / "in", output=tmp_path / "out", temp=tmp_path / "t")

    with pytest.raises(FileNameError):
        folders.for_person(id)


def test_a_persons_name_for_anothers_file_is_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "in/people/ben_2").mkdir(parents=True)
    (tmp_path / "in/people/ben_2/x.png").write_bytes(b"")
    folders = standard_folders([], input=tmp_path / "in", output=tmp_path / "out", temp=tmp_path / "t")

    assert folders.for_person("anna_1").find("input", "people/ben_2/x.png") is None
    assert folders.find("input", "people/ben_2/x.png") is not None  # whom all folders belong to sees all
