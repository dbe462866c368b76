"""Where a node's file goes, and what the page is told of it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from graph.context import Context
from models.numbered import write_numbered


def write(context: Context, kind: str, name: str, suffix: str, data: bytes, first: int = 1) -> dict[str, str]:
    """Write a file under the next free number, and say for `/view` where it is.

    kind: "output", "input" or "temp". name: the prefix with its patterns filled in; it may name folders. first: the
    smallest number it may get, so that a batch is counted on where each of it has a name of its own (`%batch_num%`).
    """
    wanted = place(context, kind, name)
    return shown(context, kind, write_numbered(wanted.parent, wanted.name, suffix, data, first))


def place(context: Context, kind: str, name: str) -> Path:
    """The folder and the beginning of the name of a file to write. FileNameError outside the folder of that kind."""
    # A prefix that is empty or ends in a slash names a folder, so what is left of the file name is its number.
    return context.folders.place(kind, name + "_" if name.endswith(("/", "\\")) or not name else name)


def shown(context: Context, kind: str, path: Path) -> dict[str, str]:
    """What the page is told of a file."""
    return {"filename": path.name, "subfolder": _subfolder(context.folders.root(kind), path), "type": kind}


def _subfolder(root: Path, path: Path) -> str:
    folder = PurePosixPath(path.parent.relative_to(root).as_posix())
    return "" if str(folder) == "." else str(folder)
