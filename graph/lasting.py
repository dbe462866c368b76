"""Results that are on the disk before it is written down that they are there, whoever wrote them.

Our own nodes see to that themselves; a pack's node may have left its file with the system, to be written some time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from graph.errors import FileNameError
from graph.folders import Folders
from graph.whole_files import sync_file, sync_folder

log = logging.getLogger("nodes")

KINDS = ("output", "input")
"""What is in the folder for temporary files goes at the next start anyway."""


def make_last(outputs: Mapping[str, Mapping[str, Any]], folders: Folders) -> None:
    """Have the files that a job's results name, and their names, on the disk.

    Each folder above a file counts, up to the one that was there before the job: any of them may be new.
    """
    files = dict(named(outputs, folders))
    for path in files:
        try:
            sync_file(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("%s may not outlive a power cut: %s", path, error.strerror or error)
    for folder in dict.fromkeys(above for path, root in files.items() for above in _up_to(root, path)):
        try:
            sync_folder(folder)
        except OSError as error:
            log.warning("what is in %s may not outlive a power cut: %s", folder, error.strerror or error)


def _up_to(root: Path, path: Path) -> Iterator[Path]:
    """The folders above a file, from its own to the root."""
    for above in path.parents:
        yield above
        if above == root:
            return


def named(outputs: Mapping[str, Mapping[str, Any]], folders: Folders) -> Iterator[tuple[Path, Path]]:
    """The files that results name as the page is told of them, and under which root each lies.

    What names none is passed over.
    """
    for output in outputs.values():
        for items in output.values():
            for item in cast("list[Any]", items) if isinstance(items, list) else ():
                file = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
                if file.get("type") in KINDS:
                    try:
                        name = f"{file.get('subfolder') or ''}/{file['filename']}".lstrip("/")
                        yield folders.place(file["type"], name), folders.root(file["type"])
                    except (FileNameError, KeyError, OSError, ValueError):
                        continue
