"""What watches over the machine for one server: its disks, databases, memory and clock."""

from __future__ import annotations

from collections.abc import Iterable

from api.database import Database
from api.flags import Flags
from api.folder_names import FolderNames
from api.hub import Feed
from api.room import Room, mount_of
from api.temp_files import TempFiles
from api.troubles import Troubles
from graph.folders import NO_MODELS, Folders
from graph.types import JsonObject


def watch_over(flags: Flags, folders: Folders, feed: Feed, databases: Iterable[Database]) -> tuple[Troubles, Room]:
    """Both are to be started."""

    def tell(problems: list[JsonObject]) -> None:
        others = {"problems": troubles.to_json(paths=False)}
        feed.publish("trouble", {"problems": problems}, for_others=others)

    written = {"output": flags.output, "input": flags.input, "temp": flags.temp, "user": flags.user}
    roots = [(kind, path) for kind in folders.kinds for path in folders.roots(kind)]
    models = [path for kind, path in roots if kind not in NO_MODELS and path.is_dir()]
    mounts = ((name, mount) for name, path in (*written.items(), *roots) if (mount := mount_of(path)) is not None)
    troubles = Troubles(tell, FolderNames([*written.items(), *roots, *mounts]))
    room = Room(written, troubles, flags.least_space, models)
    feed.watch(room.heard)
    for database in databases:
        database.on_trouble = troubles.of_file
        room.also(database.look_again)
    temporary = TempFiles(flags.temp)
    room.also(lambda: temporary.look() if troubles.at(flags.temp) is None else None)
    return troubles, room
