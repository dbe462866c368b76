"""Names from outside, in a folder with links in it: inside, or refused with a sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from graph.errors import FileNameError
from graph.folders import FolderKind, Folders, inside

PARTS = [
    "sub",
    "file.png",
    "out",
    "loop",
    "up",
    ".",
    "..",
    "",
    " ",
    "...",
    "con",
    "NUL.txt",
    "aux.",
    "a:b",
    "C:",
    "\\",
    "~",
]
PARTS += [
    "%2e%2e",
    "\u2024\u2024",
    "\uff0e\uff0e",
    "x" * 300,
    "\0",
    "\n",
    "\ud800",
    "file.png [output]",
    "\u202egnp",
    "LPT1",
]
NAMES = st.lists(st.sampled_from(PARTS) | st.text(max_size=4), max_size=5).flatmap(
    lambda parts: st.sampled_from(["/", "\\", "//", "/./"]).map(lambda between: between.join(parts))
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`out` and `up` lead out of the folder, `loop` to itself."""
    outer = tmp_path_factory.mktemp("names")
    (outer / "secret").mkdir()
    (outer / "secret" / "file.png").write_bytes(b"x")
    found = outer / "root"
    (found / "sub").mkdir(parents=True)
    (found / "sub" / "file.png").write_bytes(b"x")
    (found / "file.png").write_bytes(b"x")
    (found / "out").symlink_to(outer / "secret")
    (found / "up").symlink_to("..")
    (found / "loop").symlink_to("loop")
    return found


def check(root: Path, name: str) -> None:
    folders = Folders({"input": FolderKind((root,), follow=False)})
    for look in (lambda: inside(root, name), lambda: folders.resolve("input", name)):
        try:
            path = look()
        except FileNameError as error:
            str(error).encode("utf-8")  # it goes into an answer
        else:
            assert Path(os.path.realpath(path)).is_relative_to(root), path
            assert path.is_relative_to(root)


@given(NAMES)
@example("out/file.png")
@example("sub/../../secret/file.png")
@example("loop/file.png")
@example("up/secret")
@settings(max_examples=500, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_name_leads_out(root: Path, name: str) -> None:
    check(root, name)


@pytest.mark.long
@given(NAMES | st.text())
@settings(max_examples=50_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_no_name_leads_out_for_long(root: Path, name: str) -> None:
    check(root, name)
