"""`server.py backup FILE` and `server.py restore FILE`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from api.backup.contents import BackupError
from api.backup.make import make
from api.backup.restore import restore
from api.flags import ROOT, fail

ABOUT = {
    "backup": "Write what is in the user's folder into one file: settings, workflows and their versions, the history,"
    " shared links, accounts, approved packs. Easel may run meanwhile. Pictures in output and input, and models, are"
    " not in it. The file holds secrets: keep it as you keep a password.",
    "restore": "Put a backup in the place of the user's folder. Easel must not run. The former folder is kept beside"
    " it.",
}


def main(verb: str, words: Sequence[str]) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog=f"server.py {verb}", description=ABOUT[verb], allow_abbrev=False)
    parser.add_argument("file", type=Path, metavar="FILE", help="the backup, a zip file")
    parser.add_argument("--base-directory", type=Path, metavar="DIR", help="as the server is started with it")
    parser.add_argument("--user-directory", type=Path, metavar="DIR", help="as the server is started with it")
    found = parser.parse_args(words)
    base = Path(found.base_directory or ROOT).expanduser().absolute()
    user = Path(found.user_directory or base / "user").expanduser().absolute()
    file = Path(found.file).expanduser().absolute()
    try:
        _backup(user, file) if verb == "backup" else _restore(file, user)
    except BackupError as error:
        sentence = str(error)
        fail(f"no backup was made: {sentence}." if verb == "backup" else f"{sentence}.")
        return 1
    return 0


def _backup(user: Path, file: Path) -> None:
    contents = make(user, file, lambda line: print(line, flush=True))
    size = file.stat().st_size / 2**20
    print(f"{len(contents.files):,} files of {user} are kept in {file} ({size:,.1f} MB). It holds secrets.")


def _restore(file: Path, user: Path) -> None:
    contents, former = restore(file, user, known_versions())
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(contents.made))
    print(f"{len(contents.files):,} files of {made} are in {user}.")
    if former is not None:
        print(f"What was there before is kept in {former}; delete it when you no longer need it.")


def known_versions() -> Mapping[str, int]:
    """The newest schema of each database that this Easel knows."""
    from api.accounts.store import FILE, SCHEMA
    from api.documents.store import DocumentStore
    from api.gallery.store import GalleryStore
    from api.model_files import facts
    from api.queue.journal import Journal
    from api.shares.store import ShareStore

    stores = (Journal, DocumentStore, ShareStore, GalleryStore)
    names = ("journal.db", "documents.db", "shares.db", "gallery.db")
    newest = {name: store(Path(name)).newest for name, store in zip(names, stores, strict=True)}
    return {**newest, "models.db": len(facts.SCHEMA), FILE: len(SCHEMA)}
