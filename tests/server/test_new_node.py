"""`server.py new-node`: names, refusals, and a pack whose test passes at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.new_node import CannotMake, Names, main
from api.packs.development import Development


@pytest.mark.parametrize(
    ("name", "module", "class_type", "title"),
    [
        ("soft-glow", "soft_glow", "SoftGlow", "Soft Glow"),
        ("Soft Glow", "soft_glow", "SoftGlow", "Soft Glow"),
        ("softGlow", "soft_glow", "SoftGlow", "Soft Glow"),
        ("tint2", "tint2", "Tint2", "Tint2"),
        ("HDR_merge", "hdr_merge", "HDRMerge", "HDR Merge"),
        ("x", "x", "X", "X"),
    ],
)
def test_what_a_name_is_called(name: str, module: str, class_type: str, title: str) -> None:
    assert Names.of(name) == Names(module, class_type, title)


@pytest.mark.parametrize(
    "name",
    ["", "../up", "a/b", "2tint", "-x", "x-", "a--b", "ä", "a" * 61, "json", "class", "nodes", "a\nb", "x.py", "$(x)"],
)
def test_what_can_be_no_name(name: str) -> None:
    with pytest.raises(CannotMake, match=r"can be no pack's name|is the name of a part of"):
        Names.of(name)


def test_a_pack_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["Soft Glow", "--base-directory", str(tmp_path)]
    assert main(words) == 0
    said = capsys.readouterr().out
    folder = tmp_path / "custom_nodes" / "soft_glow"
    assert str(folder) in said
    assert 'type "Soft Glow"' in said
    assert folder in Development(tmp_path / "user")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert main(words) == 1
    assert "is there already: choose another name" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("taken", ["soft_glow.py", "soft_glow.disabled", "Soft_Glow"])
def test_a_name_that_a_pack_has(taken: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "custom_nodes" / taken).mkdir(parents=True)
    assert main(["soft-glow", "--base-directory", str(tmp_path)]) == 1
    assert "is there already" in capsys.readouterr().err


def test_a_name_that_a_node_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "user" / "cache").mkdir(parents=True)
    (tmp_path / "user" / "cache" / "catalogue.json").write_text(json.dumps({"nodes": [{"class_type": "KSampler"}]}))
    assert main(["k-sampler", "--base-directory", str(tmp_path)]) == 1
    assert "there is a node type KSampler already" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "custom_nodes").write_text("a file")
    assert main(["soft-glow", "--base-directory", str(tmp_path)]) == 1
    assert "could not be written" in capsys.readouterr().err


def test_its_test_passes_at_once(tmp_path: Path) -> None:
    assert main(["soft-glow", "--base-directory", str(tmp_path)]) == 0
    folder = tmp_path / "custom_nodes" / "soft_glow"
    ran = subprocess.run([sys.executable, "-m", "pytest", folder], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
    (folder / "soft_glow.py").write_text((folder / "soft_glow.py").read_text().replace("(1 - strength)", "strength"))
    ran = subprocess.run([sys.executable, "-m", "pytest", folder], cwd=tmp_path, capture_output=True, text=True)
    assert "2 failed, 1 passed" in ran.stdout


def test_a_damaged_list_lists_nothing(tmp_path: Path) -> None:
    development = Development(tmp_path)
    development.add(tmp_path / "one")
    assert tmp_path / "one" in development
    for text in ("{", "[]", '{"version": 9, "paths": []}', '{"version": 1}'):
        development.file.write_text(text)
        assert tmp_path / "one" not in development, text
        assert (tmp_path / "development.json.damaged").read_text() == text
    development.add(tmp_path / "two")
    assert Development(tmp_path).paths() == {str(tmp_path / "two")}
