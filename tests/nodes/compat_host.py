"""What packs are imported into, on the tiny models of the zoo: for tests of ComfyUI's names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graph.call import within
from graph.context import Context
from graph.folders import standard_folders
from nodes.compat import finder
from nodes.compat.host import Host, install
from nodes.library import core_registry
from tests.nodes.zoo import Zoo


@contextmanager
def hosting(zoo: Zoo, base: Path, packs: Path | None = None) -> Iterator[Context]:
    """ComfyUI's names are answered while this lasts. Gives a context to run nodes in."""
    own = {name: base / name for name in ("input", "output", "temp")}
    for path in own.values():
        path.mkdir(exist_ok=True)
    folders = standard_folders([zoo.root], input=own["input"], output=own["output"], temp=own["temp"])
    install(Host(folders=folders, registry=core_registry(), engine=zoo.engine))
    finder.install([packs] if packs else [])
    try:
        yield Context(node_id="1", folders=folders, services=zoo.engine)
    finally:
        finder.uninstall()
        install(None)


__all__ = ["hosting", "within"]
