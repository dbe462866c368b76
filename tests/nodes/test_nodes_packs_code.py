"""Which code of a pack runs: the one that was approved, however it is imported; and packs of ComfyUI's third kind."""

from __future__ import annotations

import py_compile
import subprocess
import sys
from pathlib import Path

from graph.folders import Folders
from graph.packs import PackOnDisk, hash_of
from graph.registry import Registry
from graph.renamed import Renamed
from nodes.compat import finder, host
from nodes.packs.approved import run_as_it_lies
from nodes.packs.load import Loader, ToLoad, load_packs

ROOT = Path(__file__).resolve().parents[2]

INIT = """
import importlib, importlib.util, os, pkgutil, runpy, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import plain
from . import part
from .deep.inner import WORD as inner
beside = importlib.import_module(".deep", __name__)
spec = importlib.util.spec_from_file_location("by_path", os.path.join(HERE, "by_path.py"))
by_path = importlib.util.module_from_spec(spec)
spec.loader.exec_module(by_path)
found = sorted(name for _, name, _ in pkgutil.iter_modules([HERE]))
late = lambda: importlib.import_module(".late", __name__)
data = open(os.path.join(HERE, "data.txt")).read()
"""
FILES = {
    "__init__.py": INIT,
    "part.py": "WORD = 'old'\nFILE = __file__\n",
    "deep/__init__.py": "",
    "deep/inner.py": "WORD = 'old'\ndef fails():\n    raise ValueError\n",
    "lib/plain.py": "WORD = 'old'\n",
    "by_path.py": "WORD = 'old'\n",
    "late.py": "WORD = 'old'\n",
    "gone.py": "WORD = 'old'\n",
}
RUN = """
import sys, traceback
from pathlib import Path
from graph.packs import PackOnDisk
from graph.registry import Registry
from nodes.packs.load import Loader, ToLoad
pack, kept = PackOnDisk(Path(sys.argv[1])), Path(sys.argv[2])
loader = Loader(Registry())
report = loader.load(ToLoad("p", pack, "0" * 64, kept))
assert report.problems == [], report.problems
module = sys.modules[ToLoad("p", pack, "").module_name]
words = [module.plain.WORD, module.part.WORD, module.inner, module.by_path.WORD, module.late().WORD]
assert words == ["old"] * 5, words
assert module.part.FILE == str(pack.path / "part.py")
assert module.found == ["by_path", "deep", "gone", "late", "part"], module.found
assert module.data == "new"
import importlib
assert importlib.import_module(module.__name__ + ".gone").WORD == "old"
for name in ("added", "lib"):
    try:
        assert importlib.import_module(module.__name__ + "." + name).__file__ is None
    except ModuleNotFoundError:
        assert name == "added"
other = pack.path.parent / "another name"  # a link to the pack, made by nobody that was asked
other.is_symlink() or other.symlink_to(pack.path)
sys.path.insert(0, str(other))
assert importlib.import_module("by_path").WORD == "old"
for name in ("added.py", "added.pyc", "added.so", other / "added.py", other / "added.pyc"):
    spec = importlib.util.spec_from_file_location("added", pack.path / name)
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        raise SystemExit("unapproved code ran")
    except ImportError as error:
        assert "is not part of the code that was approved" in str(error), error
try:
    sys.modules[module.__name__ + ".deep.inner"].fails()
except ValueError:
    last = traceback.extract_tb(sys.exc_info()[2])[-1]
    assert (last.filename, last.lineno) == (str(pack.path / "deep" / "inner.py"), 3)
"""


def test_the_approved_code_runs_however_it_is_imported(tmp_path: Path) -> None:
    pack, kept = tmp_path / "custom_nodes" / "p", tmp_path / "kept"
    for name, text in FILES.items():
        for root, content in ((kept, text), (pack, "raise RuntimeError('unapproved code ran')\n")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(content)
    (pack / "gone.py").unlink()
    (pack / "added.py").write_text("raise SystemExit('unapproved code ran')\n")
    py_compile.compile(str(pack / "added.py"), str(pack / "added.pyc"))
    (pack / "added.so").write_bytes(b"")
    (pack / "data.txt").write_text("new")
    for _ in range(2):  # the second time from compiled files
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(pack), str(kept)], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
    assert [path.name for path in pack.rglob("*.pyc")] == ["added.pyc"]


THIRD = """
from comfy_api.latest import ComfyExtension, io
class Twice(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="Twice", display_name="Two times", category="p",
                         inputs=[io.Int.Input("n")], outputs=[io.Int.Output()])
    @classmethod
    def execute(cls, n):
        return io.NodeOutput(n * 2)
"""
ENTRY = """
class Extension(ComfyExtension):
    async def on_load(self):
        from comfy_api.latest import ComfyAPI
        register = ComfyAPI().node_replacement.register
        await register(io.NodeReplace(new_node_id="Twice", old_node_id="Double", old_widget_ids=["x"],
            input_mapping=[{"new_id": "n", "old_id": "x"}], output_mapping=[{"new_idx": 0, "old_idx": 1}]))
        await register(io.NodeReplace(new_node_id="Nothing", old_node_id="Double"))
    async def get_node_list(self):
        return [Twice]
%sdef comfy_entrypoint():
    return Extension()
"""


def test_packs_of_the_third_kind_by_entry_point_and_by_mapping(tmp_path: Path) -> None:
    folder = tmp_path / "custom_nodes"
    for name, text in (
        ("a_later", THIRD + ENTRY % "async "),
        ("b_at_once", THIRD.replace("Twice", "Again") + (ENTRY % "").replace("Twice", "Again")),
        ("c_mapped", THIRD + "NODE_CLASS_MAPPINGS = {'Mapped': Twice}\nNODE_DISPLAY_NAME_MAPPINGS = {'Mapped': 'M'}\n"),
    ):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(text)
    registry = Registry()
    host.install(host.Host(Folders({}), registry))
    finder.install([folder])
    try:
        reports = load_packs([folder], registry, trust_all=True)
    finally:
        finder.uninstall()
        host.install(None)
    assert [report.problems for report in reports] == [[], [], []]
    assert [report.node_types for report in reports] == [["Twice"], ["Again"], ["Mapped"]]
    assert [registry[name].spec.title for name in ("Twice", "Mapped")] == ["Two times", "M"]
    assert registry["Twice"].spec.module == "custom_nodes.a_later"
    renamed = Renamed("Double", inputs={"x": "n"}, outputs={1: 0}, widgets=("x",))
    assert registry["Twice"].spec.renamed == (renamed,)
    assert reports[0].notes == ["It says that the node type Nothing took the place of Double, and there is no Nothing."]


def test_a_pack_of_one_file_runs_as_it_was_approved(tmp_path: Path) -> None:
    file, kept = tmp_path / "alone.py", tmp_path / "kept"
    kept.mkdir()
    (kept / "alone.py").write_text("NODE_CLASS_MAPPINGS = {}\nWORD = 'old'\n")
    file.write_text("WORD = 'new'\n")
    to_load = ToLoad("alone", PackOnDisk(file), "0" * 64, kept)
    try:
        report = Loader(Registry()).load(to_load)
        module = sys.modules[to_load.module_name]
        assert (report.problems, module.WORD, module.__file__) == ([], "old", str(file))
    finally:
        run_as_it_lies(to_load.pack)
    assert PackOnDisk(kept).code_hash() == hash_of({"alone.py": (kept / "alone.py").read_bytes()})


PRESTART = """
import sys
from pathlib import Path
import worker
from graph.folders import standard_folders
from graph.registry import Registry
from nodes.packs.session import PackSession
base = Path(sys.argv[1])
packs = [base / "custom_nodes" / name for name in ("a", "b")]
places = {name: base / name for name in ("input", "output", "temp")}
folders = standard_folders([base / "models"], **places, custom_nodes=[base / "custom_nodes"])
entries = [{"name": p.name, "path": str(p), "hash": "0" * 64, "kept": None, "state": "load"} for p in packs]
told = []
session = PackSession({"custom_nodes": [str(base / "custom_nodes")], "packs": entries}, folders, told.append, print)
def core():
    sys.ORDER.append("core")
    return Registry()
sys.ORDER = []
session.load_all(core)
assert [report["problems"] for report in session.reports()] == [[], []], session.reports()
assert sys.ORDER == ["start b", False, "core", "a", "b"], sys.ORDER
assert [(one["name"], one.get("done", False)) for one in told if one["type"] == "pack"] == [
    ("b", False), ("b", True), ("a", False), ("a", True), ("b", False), ("b", True)
]
"""


def test_prestart_scripts_come_before_torch_and_before_any_pack_and_each_is_named_first(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / "custom_nodes" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(f"import sys\nsys.ORDER.append({name!r})\n")
    start = "import sys, folder_paths\nsys.ORDER += ['start b', 'torch' in sys.modules]\n"
    (tmp_path / "custom_nodes" / "b" / "prestartup_script.py").write_text(start)
    done = subprocess.run(
        [sys.executable, "-c", PRESTART, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
