"""Packs that go wrong while they are loaded: each says what and where, and hurts no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.registry import Registry
from nodes.packs.load import load_packs
from nodes.packs.report import PackReport
from tests.server.weightless import registry as some_core

ROOT = Path(__file__).resolve().parents[2]
GOOD = """
class N:
    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    RETURN_TYPES = ()
    FUNCTION = "run"
    def run(self): return ()
NODE_CLASS_MAPPINGS = {"%s": N}
"""
Load = Callable[..., tuple[dict[str, PackReport], Registry]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def run(files: dict[str, str], registry: Registry | None = None) -> tuple[dict[str, PackReport], Registry]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        registry = Registry() if registry is None else registry
        reports = load_packs([tmp_path], registry, trust_all=True)
        return {report.name: report for report in reports}, registry

    return run


@pytest.fixture
def apart(tmp_path: Path) -> Callable[[dict[str, str]], dict[str, Any]]:
    """Packs loaded by a process of their own, whose temporary folder is not the one that the packs lie in."""

    def run(files: dict[str, str]) -> dict[str, Any]:
        packs, temp = tmp_path / "packs", tmp_path / "temp"
        temp.mkdir()
        for name, text in files.items():
            path = packs / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        code = (
            "import json\nfrom pathlib import Path\nfrom graph.registry import Registry\n"
            "from nodes.packs.load import load_packs\n"
            f"reports = load_packs([Path({str(packs)!r})], Registry(), trust_all=True)\n"
            "print(json.dumps([report.to_json() for report in reports]))"
        )
        environment = {**os.environ, "TMPDIR": str(temp), "HOME": str(tmp_path / "home")}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return {report["name"]: report for report in json.loads(done.stdout.splitlines()[-1])}

    return run


def test_a_core_node_is_never_redefined(load: Load) -> None:
    core = some_core()
    say = core["Say"]
    reports, registry = load({"loud/__init__.py": GOOD % "Say"}, core)
    assert registry["Say"] is say
    assert registry["loud/Say"].spec.module == "custom_nodes.loud"
    assert reports["loud"].node_types == ["loud/Say"]
    assert reports["loud"].notes == ["Say is a node type of Easel's own: the one of this pack is loud/Say."]


def test_one_class_may_have_two_names_and_knows_its_pack(load: Load, tmp_path: Path) -> None:
    reports, registry = load({"p.py": GOOD % "A" + "NODE_CLASS_MAPPINGS['B'] = N\n"})
    assert reports["p"].node_types == ["A", "B"]
    assert sorted(registry) == ["A", "B"]
    ours = [m for m in sys.modules.values() if (getattr(m, "__file__", None) or "").startswith(str(tmp_path))]
    [module] = [m for m in ours if hasattr(m, "NODE_CLASS_MAPPINGS")]
    assert module.N.RELATIVE_PYTHON_MODULE == "custom_nodes.p"


def test_a_missing_module_is_named_with_what_to_install(load: Load) -> None:
    reports, _ = load({"p/__init__.py": "import no_such.part\n", "p/requirements.txt": "no_such\n"})
    sentence = reports["p"].problems[0].sentence
    assert "No module named 'no_such'" in sentence
    assert "(p/__init__.py, line 1)" in sentence
    assert sentence.endswith("install what the pack's requirements.txt names.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NODE_CLASS_MAPPINGS = ['A']\n", "must be a dict of names and classes, not list"),
        ("def comfy_entrypoint(): raise RuntimeError('no entry')\n", "no entry"),
        ("def comfy_entrypoint(): return 3\n", "must give an object that has get_node_list(), not a int"),
        ("async def comfy_entrypoint(): return 3\n", "must give an object that has get_node_list(), not a int"),
        (
            "class E:\n    async def get_node_list(self): return None\ndef comfy_entrypoint(): return E()\n",
            "must give a list of classes, not a NoneType",
        ),
        ("NODE_CLASS_MAPPINGS = {'A': None}\n", "has a node type A that cannot be used"),
        ((GOOD % "A").replace('{"required": {}}', "1/0"), "ZeroDivisionError"),
        ((GOOD % "A").replace('{"required": {}}', "7"), "must return a dict, not int"),
        ((GOOD % "A").replace('{"required": {}}', "{'required': {'x': 5}}"), "must be declared as (type, options)"),
        ((GOOD % "A").replace('{"required": {}}', "exit()"), "SystemExit"),
    ],
)
def test_nonsense_is_told_with_its_place(load: Load, text: str, said: str) -> None:
    reports, registry = load({"bad.py": text, "good.py": GOOD % "Good"})
    assert reports["bad"].state == "failed"
    assert said in reports["bad"].problems[0].sentence
    assert list(registry) == ["Good"]


def test_a_failing_prestart_script_is_told(tmp_path: Path) -> None:
    from graph.packs import PackOnDisk
    from nodes.packs.load import Loader, ToLoad

    pack = PackOnDisk(tmp_path / "p")
    pack.path.mkdir()
    (pack.path / "prestartup_script.py").write_text("\n1/0\n")
    (pack.path / "__init__.py").write_text(GOOD % "N")
    loader = Loader(Registry())
    to_load = ToLoad("p", pack, pack.code_hash())
    loader.prestart(to_load)
    report = loader.load(to_load)
    assert (report.state, report.node_types) == ("partly", ["N"])
    assert "prestartup_script failed: ZeroDivisionError" in report.problems[0].sentence
    assert report.problems[0].line == 2


WRITES = {
    "opens": "open({there!r}, 'w')",
    "appends": "open({there!r}, 'ab')",
    "low": "import os; os.open({there!r}, os.O_RDWR | os.O_CREAT)",
    "removes": "import os; os.remove({old!r})",
    "renames": "import os; os.rename(__file__, {there!r})",
    "replaces": "import os; os.replace({old!r}, __file__ + '.old')",
    "makes": "import os; os.makedirs({there!r} + '/a/b', exist_ok=True)",
    "links": "import os; os.symlink(__file__, {there!r})",
    "trees": "import shutil; shutil.rmtree({folder!r})",
    "copies": "import shutil; shutil.copy(__file__, {there!r})",
    "databases": "import sqlite3; sqlite3.connect({there!r})",
}


def test_files_outside_are_not_changed_while_a_pack_loads(apart: Any, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    old = folder / "old"
    old.write_text("kept")
    places = {"there": str(folder / "new"), "old": str(old), "folder": str(folder)}
    files = {f"{name}/__init__.py": text.format(**places) + "\n" for name, text in WRITES.items()}
    hidden = f"try: open({str(folder / 'new')!r}, 'w')\nexcept OSError: pass\n"
    inside = (
        "import os, tempfile, pathlib\nhere = pathlib.Path(__file__).parent\n(here / 'data').mkdir(exist_ok=True)\n"
        "(here / 'data' / 'settings.json').write_text('1')\nos.remove(here / 'data' / 'settings.json')\n"
        "tempfile.mkstemp()\nopen(os.devnull, 'w')\nopen(" + repr(str(old)) + ").read()\n"
        f"os.makedirs({str(folder)!r}, exist_ok=True)\n"
    )
    reports = apart({**files, "swallows/__init__.py": hidden + GOOD % "S", "inside/__init__.py": inside + GOOD % "I"})
    for name in WRITES:
        assert reports[name]["state"] == "failed", name
        sentence = reports[name]["problems"][0]["sentence"]
        assert f"The pack {name} wanted to change {folder}" in sentence
        assert f"({name}/__init__.py, line 1)" in sentence
    assert [path.name for path in folder.iterdir()] == ["old"]
    assert old.read_text() == "kept"
    assert (reports["swallows"]["state"], reports["swallows"]["node_types"]) == ("partly", ["S"])
    assert "wanted to change" in reports["swallows"]["problems"][0]["sentence"]
    assert (reports["inside"]["state"], reports["inside"]["problems"]) == ("loaded", [])


def test_a_pack_installs_nothing_by_itself_and_what_it_starts_and_asks_is_noted(apart: Any) -> None:
    reports = apart(
        {
            "installs.py": "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])\n",
            "shell.py": "import os\nos.system('pip install y')\n",
            "starts.py": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])\n" + GOOD % "S",
            "asks.py": "import socket\ntry: socket.getaddrinfo('host.invalid', 80)\nexcept OSError: pass\n"
            + GOOD % "A",
        }
    )
    for name in ("installs", "shell"):
        assert "wanted to install packages while it was imported" in reports[name]["problems"][0]["sentence"]
    assert (reports["starts"]["state"], reports["asks"]["state"]) == ("loaded", "loaded")
    assert "It started a program while it was imported: " in reports["starts"]["notes"][0]
    assert reports["asks"]["notes"] == ["It used the network while it was imported: host.invalid"]


def test_help_that_belongs_to_no_node_is_told(load: Load) -> None:
    code = "from graph.node import node\n@node('Here', category='x')\ndef here(a: int = 0) -> int:\n    return a\n"
    names = ("Here.json", "Here.md", "Here.zh-CN.md", "OLD.json", "OLD.de.md", "wave.png")
    reports, _ = load({"a/__init__.py": code} | {f"a/help/{name}": "{}" for name in names})
    lost = [
        f"help/{name} is shown nowhere: the pack has no node type of this name." for name in ("OLD.de.md", "OLD.json")
    ]
    assert (reports["a"].notes, reports["a"].state) == (lost, "loaded")


def test_web_folders_by_every_way_of_naming_them(load: Load, tmp_path: Path) -> None:
    reports, _ = load(
        {
            "a/__init__.py": "WEB_DIRECTORY = 'js'\n",
            "a/js/x.js": "",
            "a/web/y.js": "",
            "a/pyproject.toml": "[project]\nname = 'A pack'\n[tool.comfy]\nweb = 'web'\n",
            "a/locales/de/main.json": "{}",
            "a/example_workflows/one.json": "{}",
            "b/__init__.py": "",
            "b/pyproject.toml": "[tool.comfy]\nweb = '../a/js'\n",
        }
    )
    assert reports["a"].webs == {"A pack": str(tmp_path / "a" / "web"), "a": str(tmp_path / "a" / "js")}
    assert (reports["a"].state, reports["a"].locales, reports["a"].examples) == ("loaded", True, 1)
    assert (reports["b"].webs, reports["b"].state) == ({}, "empty")
