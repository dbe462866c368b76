"""Load the one pack that this process is for."""

from __future__ import annotations

from pathlib import Path

from graph.folders import Folders
from graph.registry import Registry
from graph.types import JsonObject
from nodes.compat.host import Host, install


def load_here(config: JsonObject, registry: Registry, folders: Folders) -> JsonObject:
    """Import the pack and add its node types; gives its report. Never raises for what the pack does."""
    from nodes.packs.load import load_packs

    install(Host(folders=folders, registry=registry, config=config))
    path = Path(config["pack"])
    reports = load_packs([path.parent], registry, approved=[path.name])
    return next(report.to_json() for report in reports if report.path == str(path))
