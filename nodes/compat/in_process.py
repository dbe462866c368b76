"""Core nodes as functions in a program of one's own, with no server: what `in_process/main.py` starts.

A program that would import ComfyUI's modules from its folder imports them from the folder `in_process` instead, as
comfy-script's real mode does. Packs are not loaded.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Started:
    """What the program may ask for."""

    base_directory: Path
    port: int = 8188
    """Of the server that ComfyUI would start here. Nothing listens."""


def start(arguments: Sequence[str]) -> Started:
    """Make this process one in which ComfyUI's names are answered, and nodes may be called outside of a run.

    arguments: flags of ComfyUI's; `--base-directory`, `--output-directory`, `--input-directory`, `--temp-directory` and
    `--cpu` count. Raises LookupError where the process has loaded a `nodes` of another program.
    """
    found = _parsed(arguments)
    own = str(ROOT)
    if own not in sys.path:
        sys.path.append(own)
    nodes = importlib.import_module("nodes")
    if Path(nodes.__file__ or "").parent != ROOT / "nodes":
        raise LookupError(f"This program has a module `nodes` of its own ({nodes.__file__}), where Easel's would be.")
    from graph.folders import standard_folders
    from models.engine import Engine
    from nodes.compat import finder, host, node_classes
    from nodes.library import core_registry

    base = Path(found.base_directory)
    models = list(dict.fromkeys((base / "models", ROOT / "models")))
    places = {kind: Path(getattr(found, f"{kind}_directory") or base / kind) for kind in ("input", "output", "temp")}
    folders = standard_folders(models, input=places["input"], output=places["output"], temp=places["temp"])
    engine = Engine(device="cpu" if found.cpu else "auto")
    host.install(host.Host(folders=folders, registry=core_registry(), engine=engine))
    finder.install()
    importlib.import_module("folder_paths")  # programs look whether it is there
    for name in ("NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"):
        setattr(nodes, name, getattr(node_classes, name))  # in the module itself: that is where programs look
    return Started(base)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--base-directory", default=str(ROOT))
    for kind in ("input", "output", "temp"):
        parser.add_argument(f"--{kind}-directory")
    parser.add_argument("--cpu", action="store_true")
    return parser.parse_known_args(arguments)[0]
