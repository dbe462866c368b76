"""Result files of packs' nodes are forced to the disk before their job has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graph import lasting
from graph.folders import Folders, standard_folders


def under(path: Path) -> Folders:
    return standard_folders([path / "models"], input=path / "input", output=path / "output", temp=path / "temp")


def test_results_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    monkeypatch.setattr(lasting, "sync_file", lambda path: found.append(path.name))
    monkeypatch.setattr(lasting, "sync_folder", lambda path: found.append(f"{path.name}/"))
    folders = under(tmp_path)
    outputs: dict[str, Any] = {
        "1": {
            "images": [{"filename": "a.png", "subfolder": "x", "type": "output"}, {"filename": "t.png", "type": "temp"}]
        },
        "2": {"text": ["words"], "animated": [True], "files": [{"filename": "../../etc/passwd", "type": "output"}]},
        "3": {"images": [{"filename": "a.png", "subfolder": "x", "type": "output"}], "odd": [{"type": "output"}]},
        "4": {"images": [{"filename": 7, "type": ["output"]}], "none": None},
    }
    lasting.make_last(outputs, folders)
    assert found == ["a.png", "x/", "output/"]


def test_a_result_lasts_with_each_folder_that_leads_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    monkeypatch.setattr(lasting, "sync_folder", lambda path: found.append(path.relative_to(tmp_path).as_posix()))
    files = [
        {"filename": "1.png", "subfolder": "a/b/c", "type": "output"},
        {"filename": "2.png", "subfolder": "a/b", "type": "output"},
        {"filename": "3.png", "subfolder": "", "type": "input"},
    ]
    folders = under(tmp_path)
    lasting.make_last({"1": {"images": files}}, folders)
    assert found == ["output/a/b/c", "output/a/b", "output/a", "output", "input"]
    found.clear()
    lasting.make_last({"1": {"images": files[2:]}}, folders.for_person("anna_1"))
    assert found == ["input/people/anna_1"]


def test_a_result_that_is_gone_again_harms_nothing(tmp_path: Path) -> None:
    folders = under(tmp_path)
    lasting.make_last({"1": {"images": [{"filename": "gone.png", "type": "output"}]}}, folders)
