"""Packs that rest: which may, until when, and what is imported when one of their nodes is needed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.context import Context
from graph.folders import Folders, standard_folders
from graph.node import Results
from graph.registry import Registry
from graph.types import JsonObject
from nodes.compat import finder, host
from nodes.packs.session import PackSession

PLAIN = """
class Plain:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("INT", {"default": 1, "min": 0})}}

    RETURN_TYPES = ("INT",)
    FUNCTION = "go"

    def go(self, x):
        return (x + 1,)

NODE_CLASS_MAPPINGS = {"Plain": Plain}
"""


@pytest.fixture(autouse=True)
def a_process_without_packs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What packs import, and what they change, is as it was afterwards."""
    import torch

    monkeypatch.setattr(json, "dumps", json.dumps)
    monkeypatch.setattr(torch.nn.Linear, "forward", torch.nn.Linear.forward)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("A_PACK_SETS", "0")
    former = host._host  # pyright: ignore[reportPrivateUsage]
    yield
    finder.uninstall()
    host.install(former)


class Starts:
    """Starts of one worker after the other, with what each leaves for the next."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.kept: JsonObject | None = None
        self.told: list[JsonObject] = []
        self.hashes: dict[str, str] = {}

    def pack(self, name: str, code: str, **more: str) -> Path:
        folder = self.base / "custom_nodes" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text(code)
        for file, content in more.items():
            (folder / file).write_text(content)
        self.hashes.setdefault(name, "1" * 64)
        return folder

    def start(self, **config: Any) -> PackSession:
        places = {name: self.base / name for name in ("input", "output", "temp")}
        roots = [self.base / "custom_nodes"]
        folders: Folders = standard_folders([self.base / "models"], **places, custom_nodes=roots)
        entries = [
            {"name": name, "path": str(roots[0] / name), "hash": hash, "kept": None, "state": "load"}
            for name, hash in self.hashes.items()
        ]
        for name in [name for name in sys.modules if str(roots[0]) in name]:
            del sys.modules[name]
        self.told.clear()
        whole = {"custom_nodes": [str(roots[0])], "packs": entries, "resting": self.kept, **config}
        session = PackSession(whole, folders, self.take, lambda *_: None)
        session.load_all(Registry)
        return session

    def take(self, message: JsonObject) -> None:
        self.told.append(message)
        if message["type"] == "resting":
            self.kept = json.loads(json.dumps(message["known"]))

    def rests(self, session: PackSession) -> dict[str, bool]:
        return {report["name"]: report["resting"] for report in session.reports()}


@pytest.fixture
def starts(tmp_path: Path) -> Starts:
    return Starts(tmp_path)


def is_imported(starts: Starts, name: str) -> bool:
    return any(module.startswith(str(starts.base / "custom_nodes" / name)) for module in sys.modules)


def test_a_pack_that_only_declares_rests_from_the_second_start_on(starts: Starts) -> None:
    starts.pack("plain", PLAIN)
    first = starts.start()
    assert starts.rests(first) == {"plain": False}

    second = starts.start()

    assert starts.rests(second) == {"plain": True}
    assert not is_imported(starts, "plain")
    assert second.host.registry.catalogue().to_json() == first.host.registry.catalogue().to_json()
    assert [report["node_types"] for report in second.reports()] == [["Plain"]]


def test_its_code_is_imported_once_a_job_needs_it(starts: Starts) -> None:
    starts.pack("plain", PLAIN)
    starts.start()
    session = starts.start()
    assert session.sleeps(["Plain"])
    assert not session.sleeps(["Other"])
    assert session.wake(["Other"]) == []

    reports = session.wake(["Plain", "Other"])

    assert [(report.name, report.state, report.resting) for report in reports] == [("plain", "loaded", False)]
    assert not session.sleeps(["Plain"])
    assert [one.get("done", False) for one in starts.told if one["type"] == "pack"][-2:] == [False, True]
    result = session.host.registry["Plain"].call(Context(), {"x": 4})
    assert isinstance(result, Results)
    assert result.values == (5,)


def test_a_call_in_the_middle_of_a_job_imports_it_too(starts: Starts) -> None:
    starts.pack("plain", PLAIN)
    starts.start()
    resting = starts.start().host.registry["Plain"]

    result = resting.call(Context(), {"x": 4})

    assert isinstance(result, Results)
    assert result.values == (5,)
    assert is_imported(starts, "plain")


def test_another_pack_that_asks_for_its_class_gets_the_real_one(starts: Starts) -> None:
    starts.pack("plain", PLAIN)
    starts.start()
    starts.start()
    import nodes.compat.node_classes as names

    assert names.NODE_CLASS_MAPPINGS["Plain"]().go(4) == (5,)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(
            "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()", id="thread"
        ),
        pytest.param("import os\nos.environ['A_PACK_SETS'] = '1'", id="environment"),
        pytest.param("import sys\nsys.path.append('/nowhere/of/packs')", id="path"),
        pytest.param(
            "from server import PromptServer\n@PromptServer.instance.routes.get('/x')\nasync def x(r): ...", id="route"
        ),
        pytest.param(
            "from server import PromptServer\nPromptServer.instance.add_on_prompt_handler(lambda p: p)", id="prompts"
        ),
        pytest.param("import comfy.samplers\ncomfy.samplers.KSampler.SAMPLERS.append('mine')", id="list"),
        pytest.param("import comfy.samplers\ncomfy.samplers.KSampler.sample = lambda self: 1", id="method"),
        pytest.param("import comfy.utils\ncomfy.utils.mine = 1", id="name"),
        pytest.param("import folder_paths\nfolder_paths.add_model_folder_path('mine', '/nowhere/x')", id="folder"),
        pytest.param("import nodes\nnodes.NODE_CLASS_MAPPINGS['Put'] = Plain", id="another's node"),
        pytest.param("import json\njson.dumps = json.dumps.__class__.__call__.__get__(json.dumps)", id="library"),
        pytest.param("import torch\ntorch.nn.Linear.forward = lambda self, x: x", id="torch"),
        pytest.param("import pathlib\n(pathlib.Path(__file__).parent / 'made.txt').write_text('')", id="file"),
        pytest.param("import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])", id="program"),
        pytest.param(
            "import os\nPlain.INPUT_TYPES = classmethod(lambda c: {'required': {'f': (os.listdir('/'),)}})",
            id="choices",
        ),
    ],
)
def test_one_that_does_more_is_imported_at_every_start(starts: Starts, code: str) -> None:
    starts.pack("busy", PLAIN + code)
    starts.start()

    assert starts.rests(starts.start()) == {"busy": False}


READS = PLAIN.replace(
    "NODE_CLASS", "import pathlib\nWORDS = (pathlib.Path(__file__).parent / 'words.txt').read_text()\nNODE_CLASS"
)


@pytest.mark.parametrize("change", ["code", "data", "file gone", "another pack", "device"])
def test_what_it_was_made_from_has_changed(starts: Starts, change: str) -> None:
    folder = starts.pack("plain", READS, **{"words.txt": "a"})
    starts.start()
    assert starts.rests(starts.start()) == {"plain": True}
    settings: dict[str, Any] = {}
    match change:
        case "code":
            starts.hashes["plain"] = "2" * 64
        case "data":
            (folder / "words.txt").write_text("another")
        case "file gone":
            (folder / "words.txt").unlink()
        case "another pack":
            starts.pack("beside", "")
        case _:
            settings["device"] = "cuda:1"

    assert starts.rests(starts.start(**settings))["plain"] is False


def test_a_declaration_that_is_another_once_it_is_imported_is_told(starts: Starts) -> None:
    starts.pack("plain", PLAIN)
    starts.start()
    session = starts.start()
    starts.pack("plain", PLAIN.replace('"x"', '"y"').replace("self, x", "self, y").replace("x + 1", "y"))

    session.wake(["Plain"])

    assert [item.name for item in session.host.registry["Plain"].spec.inputs] == ["y"]


def test_one_that_cannot_be_imported_any_more_says_why_and_has_no_nodes(starts: Starts) -> None:
    starts.pack("plain", PLAIN)
    starts.start()
    session = starts.start()
    resting = session.host.registry["Plain"]
    starts.pack("plain", "import a_module_that_is_gone")

    (report,) = session.wake(["Plain"])

    assert "a_module_that_is_gone is not installed" in report.problems[0].sentence
    assert "Plain" not in session.host.registry
    with pytest.raises(LookupError, match="no more"):
        resting.call(Context(), {"x": 1})
    assert starts.rests(starts.start()) == {"plain": False}


@pytest.mark.parametrize("kept", [None, {}, {"signature": 1}, {"signature": "x", "packs": []}, {"packs": {"a": 1}}])
def test_what_was_kept_may_be_anything(starts: Starts, kept: Any) -> None:
    starts.pack("plain", PLAIN)
    starts.kept = kept

    assert starts.rests(starts.start()) == {"plain": False}


def test_a_damaged_entry_is_passed_over(starts: Starts) -> None:
    folder = starts.pack("plain", PLAIN)
    starts.start()
    assert starts.kept is not None
    starts.kept["packs"][str(folder)]["types"] = [{"spec": {}}]

    assert starts.rests(starts.start()) == {"plain": False}
