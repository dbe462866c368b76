"""Files of packs as they are served: code as it was approved, everything else as it lies there."""

from __future__ import annotations

from pathlib import Path

from graph.packs import is_code
from graph.types import JsonObject


def served(report: JsonObject, path: Path) -> Path:
    """Where to read a file of a pack that the worker has loaded. Raises FileNotFoundError for unapproved code.

    report: the worker's; path: the file in the pack's own folder.
    """
    kept = report.get("kept")
    if kept is None or not is_code(path.name):
        return path
    found = Path(str(kept), path.resolve().relative_to(Path(str(report["path"])).resolve()))
    if not found.is_file():
        raise FileNotFoundError(path)
    return found
