"""Whose files a request may name: each person's own, and for admins those of all.

The first person's files lie in the folders themselves, others' below in `people/ID` (`graph.folders.for_person`). To
an admin who is not the first one, `people/ID/cat.png` is another's file, and `people/default/cat.png` the first one's.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from api.people import FIRST, Person, who
from api.services import SERVICES, folders_of
from graph.errors import FileNameError
from graph.folders import PEOPLE, own_folder


def place(request: web.Request, kind: str, name: str, *, owner: str = "", new: bool = False) -> Path:
    """The path of the file of this name, which need not exist. Raises FileNameError, also for somebody else's.

    owner: whose it is, where that is not who asks. new: it is for a file that is to be written.
    """
    person, folders = who(request), folders_of(request)
    if owner and owner != person.id:
        if not person.sees(owner):
            raise FileNameError("This is somebody else's file.")
        return request.app[SERVICES].folders.for_person(owner).place(kind, name, new=new)
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    own = folders.place(kind, name, new=new)
    if person.id == FIRST or parts[:1] != [PEOPLE] or (not new and own.exists()):
        return own
    if not person.may("admin"):
        raise FileNameError("This is somebody else's file.")
    everybody = request.app[SERVICES].folders
    return everybody.place(kind, "/".join(parts[2:]) if parts[1:2] == [FIRST] else name, new=new)


def as_seen(person: Person, folder: str) -> str:
    """A folder below those of all people, as this person names it."""
    own = own_folder(person.id)
    if not own or folder == own:
        return "" if own else folder
    if folder.startswith(f"{own}/"):
        return folder[len(own) + 1 :]
    if folder == PEOPLE or folder.startswith(f"{PEOPLE}/"):
        return folder
    return f"{PEOPLE}/{FIRST}/{folder}".rstrip("/")


def as_stored(person: Person, folder: str) -> str:
    """The same the other way round."""
    own = own_folder(person.id)
    first = f"{PEOPLE}/{FIRST}"
    if not own:
        return folder
    if person.may("admin") and (folder == first or folder.startswith(f"{first}/")):
        return folder[len(first) + 1 :]
    if person.may("admin") and (folder == PEOPLE or folder.startswith(f"{PEOPLE}/")):
        return folder
    return f"{own}/{folder}".rstrip("/")
