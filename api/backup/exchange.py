"""Two folders that change places: the user's, and one that was restored beside it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from api.backup.contents import BackupError
from api.files_on_disk import move
from api.lock import FolderLock

WHOLE = ".whole"
"""How the name of a folder ends that only wants its place."""
KEPT = ("environments",)
"""What a backup leaves out and the former folder may have: it goes along, since it belongs to this machine."""


def finish_exchange(user: Path) -> None:
    """Finish what was cut off after the former folder was set aside. Before the folder's lock is taken, which makes it.

    Raises OSError.
    """
    if not user.exists():
        for path in user.parent.glob(f"{prefix(user)}*{WHOLE}"):
            _into_place(path, user)
            return


def _into_place(whole: Path, user: Path) -> None:
    """Raises OSError. Another that starts in this moment may finish it, which is as good."""
    try:
        move(whole, user)
    except FileNotFoundError:
        if whole.exists() or not user.is_dir():
            raise


def clear_unfinished(user: Path) -> None:
    """Clear what was cut off before; for who holds the folder's lock."""
    for path in user.parent.glob(f"{prefix(user)}*"):
        shutil.rmtree(path, ignore_errors=True)


def exchange(user: Path, made: Path, lock: FolderLock) -> Path:
    """Give the new folder the name; returns where the former one is. Raises OSError, BackupError."""
    whole = made.with_name(made.name + WHOLE)
    move(made, whole)
    aside = user.with_name(f"{user.name}.before-{time.strftime('%Y%m%d-%H%M%S')}-{made.name[-4:]}")
    if os.name == "nt":  # an open file keeps its folder from being renamed there
        lock.release()
    try:
        move(user, aside)
    except OSError:
        shutil.rmtree(whole, ignore_errors=True)
        raise
    try:
        _into_place(whole, user)
    except OSError as error:
        if not user.exists():  # the next start finishes it
            raise
        raise BackupError(
            f"another Easel was started meanwhile and has begun {user} anew: stop it and restore once more; what was"
            f" there before is in {aside}"
        ) from error
    for name in KEPT:
        if (aside / name).exists() and not (user / name).exists():
            move(aside / name, user / name)
    return aside


def prefix(user: Path) -> str:
    return f".{user.name}.restoring-"
