"""The one-way rule (docs/architecture.md): what each layer may load, seen from a fresh interpreter."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"api", "graph", "nodes", "models", "server", "worker", "pictures"}
HEAVY = {"torch", "numpy", "PIL", "diffusers", "transformers", "kornia", "safetensors"}


def modules_of(package: str) -> list[str]:
    """Every importable module below a package folder, as dotted names."""
    names: list[str] = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if (
            package == "models" and len(parts) > 2
        ):  # scripts for training and converting: not part of the running engine
            continue
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def loaded_by(imports: list[str], before: str = "") -> set[str]:
    """The top-level names in sys.modules of a fresh interpreter after these imports. before: code to run first."""
    code = f"import importlib, json, sys\n{before}\n"
    code += f"for name in {imports!r}: importlib.import_module(name)\n"
    code += "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


def compat(name: str) -> bool:
    """Whether a module stands for one of ComfyUI's, or serves those."""
    return name.startswith("nodes.compat.")


A_HOST = """
from graph.folders import Folders
from graph.registry import Registry
from nodes.compat import finder, host
host.install(host.Host(Folders({}), Registry()))
finder.install()
"""
"""As the worker does before packs are imported."""


def test_graph_uses_the_standard_library_only():
    loaded = loaded_by(modules_of("graph"))
    foreign = {name for name in loaded if name not in sys.stdlib_module_names and not name.startswith("_")}
    # What the interpreter itself loads at start (site hooks of an installation) is not graph's doing.
    assert foreign - loaded_by(["json"]) == {"graph"}


@pytest.mark.parametrize("entry", ["server", "api"])
def test_the_control_process_loads_nothing_heavy(entry: str):
    loaded = loaded_by(["server"] if entry == "server" else modules_of("api"))
    assert not loaded & HEAVY
    assert not loaded & {"nodes", "models", "worker", "pictures"}


def test_models_import_nothing_of_ours():
    loaded = loaded_by(modules_of("models"))
    assert loaded & OURS == {"models"}


def test_nodes_import_graph_and_models_only():
    loaded = loaded_by([name for name in modules_of("nodes") if not compat(name)])
    assert loaded & OURS <= {"nodes", "graph", "models"}
    assert not loaded & {"aiohttp"}


def test_comfyuis_names_load_nothing_of_the_control_process():
    """They may load aiohttp, in whose terms packs write their routes. Their `server` is a name of ComfyUI's."""
    loaded = loaded_by([name for name in modules_of("nodes") if compat(name)], A_HOST)
    assert loaded & OURS <= {"nodes", "graph", "models", "server"}


def test_the_picture_process_needs_pillow_alone():
    loaded = loaded_by(["pictures"])
    assert not loaded & (HEAVY - {"PIL"})
    assert not loaded & (OURS - {"pictures", "graph"})
