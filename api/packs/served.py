"""Files of packs as they are served: code as it was approved, everything else as it lies there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from api.page import TYPES
from api.serving import media_type
from graph.packs import is_code
from graph.types import JsonObject

_SCRIPTS = ("javascript", "ecmascript", "jscript", "livescript")


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


def kind_of(path: Path) -> str:
    """Its media type. What is not approved as code is no script, whatever else this system calls one (`.es`)."""
    kind = TYPES.get(path.suffix.lower()) or media_type(path)
    return "text/plain" if not is_code(path.name) and any(name in kind for name in _SCRIPTS) else kind


def is_within(pack: Path, path: Path) -> bool:
    """Whether a file lies in the pack's folder when links are followed: a pack may bring links to anything."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(pack))


def files_in(pack: Path, folder: str, pattern: str) -> Iterator[Path]:
    """The pack's own files of these names in one of its folders, in order."""
    return (path for path in sorted((pack / folder).glob(pattern)) if is_within(pack, path))
