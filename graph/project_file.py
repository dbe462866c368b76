"""A pack's pyproject.toml, as far as it is read: by whoever lists, shares or loads packs. Nothing of a pack is run."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, cast

from graph.types import JsonObject

NAME = "pyproject.toml"
LARGEST = 1 << 20


def own_file(pack: Path, name: str) -> Path:
    """A file of a pack. Raises FileNotFoundError where a link leads out of it: that is no part of the pack."""
    path = pack / name
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(pack)):
        raise FileNotFoundError(path)
    return path


def read_project(pack: Path) -> JsonObject:
    """What the file in a pack's folder says. Raises OSError, and ValueError for what is no TOML."""
    path = own_file(pack, NAME)
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it is larger than {LARGEST >> 20} MB")
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def table(data: JsonObject, *names: str) -> JsonObject:
    """A table by its name, or by names that lead into it; empty where it is not there, or something else is."""
    found: Any = data
    for name in names:
        found = cast(JsonObject, found).get(name) if isinstance(found, dict) else None
    return cast(JsonObject, found) if isinstance(found, dict) else {}
