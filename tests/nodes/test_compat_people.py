# pyright: basic
# (ComfyUI's names are untyped, as packs use them.)
"""`folder_paths` while somebody's job runs: their folders, also for a pack that took one when it was imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nodes.compat
from graph.context import RUNNING, Context, on_behalf_of
from graph.errors import FileNameError
from graph.folders import Folders, standard_folders
from graph.registry import Registry
from nodes.compat import finder
from nodes.compat.host import Host, install

ANNA = "anna_1"
NAME = "nodes.compat.folder_paths"


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Folders]:
    own = {name: tmp_path / name for name in ("input", "output", "temp")}
    places = (tmp_path / "input", tmp_path / "output", tmp_path / "temp")
    found = standard_folders([tmp_path / "models"], input=places[0], output=places[1], temp=places[2])
    for path in (*own.values(), *(found.for_person(ANNA).root(kind) for kind in own)):
        path.mkdir(parents=True, exist_ok=True)
    (own["input"] / "first.png").write_bytes(b"1")
    (found.for_person(ANNA).root("input") / "sub").mkdir()
    (found.for_person(ANNA).root("input") / "sub/hers.png").write_bytes(b"2")
    install(Host(folders=found, registry=Registry()))
    finder.install([])
    try:
        yield found
    finally:
        finder.uninstall()
        install(None)


@pytest.fixture
def paths(folders: Folders) -> Iterator[Any]:
    """Imported anew: it reads where the folders are when it is imported."""
    before = sys.modules.pop(NAME, None)
    try:
        yield importlib.import_module(NAME)
    finally:
        sys.modules.pop(NAME, None)
        if before is not None:
            sys.modules[NAME] = before
            setattr(nodes.compat, "folder_paths", before)  # noqa: B010


def test_the_folders_are_those_of_whose_job_runs(paths: Any, folders: Folders) -> None:
    taken = paths.get_output_directory()  # as a pack does when it is imported
    assert taken == str(folders.root("output"))
    with on_behalf_of(ANNA, folders.for_person(ANNA)):
        own = folders.for_person(ANNA)
        assert paths.get_output_directory() == str(own.root("output"))
        assert paths.get_input_directory() == paths.get_directory_by_type("input") == str(own.root("input"))
        assert paths.get_temp_directory() == str(own.root("temp"))
        assert paths.get_input_subfolders() == ["sub"]
        assert paths.get_annotated_filepath("sub/hers.png") == str(own.root("input") / "sub/hers.png")
        assert paths.exists_annotated_filepath("sub/hers.png")
        assert not paths.exists_annotated_filepath("first.png")
        assert paths.get_save_image_path("x/a", taken)[0] == str(own.root("output") / "x")
        for name in ("../../first.png", "../default/first.png", "/etc/passwd"):
            with pytest.raises(FileNameError):
                paths.get_annotated_filepath(name)
    assert paths.get_output_directory() == taken
    assert paths.get_annotated_filepath("first.png") == str(folders.root("input") / "first.png")


def test_the_first_persons_are_as_a_pack_has_set_them(paths: Any, folders: Folders, tmp_path: Path) -> None:
    paths.set_output_directory(str(tmp_path / "elsewhere"))
    with on_behalf_of("default", folders):
        assert paths.get_output_directory() == str(tmp_path / "elsewhere")


def test_core_classes_save_for_whose_job_runs(folders: Folders, paths: Any) -> None:
    torch = pytest.importorskip("torch")
    saving: Any = importlib.import_module("nodes.compat.core_classes").SavingImages
    early = saving()
    context = Context(person=ANNA, folders=folders.for_person(ANNA))
    token = RUNNING.set(context)
    try:
        for saver in (early, saving()):
            [shown] = saver.save_images(torch.zeros(1, 4, 4, 3), "mine/a")["ui"]["images"]
            assert (folders.for_person(ANNA).root("output") / shown["subfolder"] / shown["filename"]).is_file()
    finally:
        RUNNING.reset(token)
    assert not [path for path in folders.root("output").iterdir() if path.name != "people"]


def test_a_route_of_a_pack_finds_the_files_of_who_asks(folders: Folders, paths: Any, tmp_path: Path) -> None:
    users = importlib.import_module("nodes.compat.server")._Users()
    paths.set_user_directory(str(tmp_path / "user"))
    with on_behalf_of(ANNA, folders.for_person(ANNA)):
        assert users.get_request_user_id(None) == ANNA
        assert users.get_request_user_filepath(None, "a/b.json") == str(tmp_path / "user" / ANNA / "a/b.json")
        assert users.get_request_user_filepath(None, "../default/b.json") is None
    assert users.get_request_user_id(None) == "default"
    assert paths.get_public_user_directory("../x") is None
