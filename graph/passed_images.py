"""Pictures that programs pass by id instead of by file: where they lie, for the process that keeps them in bounds
(`api/krita/images.py`) and for the nodes that read and write them (`nodes/krita.py`)."""

from __future__ import annotations

import re
from pathlib import Path

from graph.errors import FileNameError
from graph.folders import Folders
from graph.whole_files import write_whole

FOLDER = "passed"
"""In the folder for temporary files, which is emptied when the server starts."""
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_DROPPED = "dropped.txt"


def folder(folders: Folders) -> Path:
    return folders.root("temp") / FOLDER


def place(folders: Folders, id: str) -> Path:
    """Where the picture of this id lies, if there is one. Raises FileNameError for what is no id."""
    if not _ID.fullmatch(id):
        raise FileNameError(f"{id[:80]!r} is no id of a picture: at most 64 letters, digits, - and _.")
    return folder(folders) / f"{id}.image"


def dropped(folders: Folders) -> str:
    """Differs after each time that pictures were let go: results may be among them, so they must be made again."""
    try:
        return (folder(folders) / _DROPPED).read_text()
    except OSError:
        return "0"


def note_dropped(folders: Folders) -> None:
    """Say that pictures were let go. Raises OSError."""
    path = folder(folders) / _DROPPED
    write_whole(path, str(int(dropped(folders) or "0") + 1).encode(), lasting=False)
