"""What watches over the machine for one server: its disks, databases, memory and clock."""

from __future__ import annotations

from collections.abc import Iterable

from api.database import Database
from api.flags import Flags
from api.hub import Feed
from api.room import Room
from api.temp_files import TempFiles
from api.troubles import Troubles
from graph.folders import NO_MODELS, Folders


def watch_over(flags: Flags, folders: Folders, feed: Feed, databases: Iterable[Database]) -> tuple[Troubles, Room]:
    """Both are to be started."""
    troubles = Troubles(lambda problems: feed.publish("trouble", {"problems": problems}))
    written = {"output": flags.output, "input": flags.input, "temp": flags.temp, "user": flags.user}
    kinds = [kind for kind in folders.kinds if kind not in NO_MODELS]
    room = Room(
        written, troubles, flags.least_space, (path for kind in kinds for path in folders.roots(kind) if path.is_dir())
    )
    feed.watch(room.heard)
    for database in databases:
        database.on_trouble = troubles.of_file
        room.also(database.look_again)
    temporary = TempFiles(flags.temp)
    room.also(lambda: temporary.look() if troubles.at(flags.temp) is None else None)
    return troubles, room
