"""A cache key of one's own: what a result depends on besides its inputs, and what it does not depend on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from graph.context import Context
from graph.node import CacheKey, Socket, Text, node

Words = Annotated[str, Socket("STRING")]


def _file(context: Context, name: str | None) -> Path | None:
    return None if name is None else context.folders.root("input") / f"{Path(name).name}.txt"


def _state(context: Context, name: str | None) -> list[int] | None:
    """The file's time and size: another when its content may be. `name` is None where it is linked."""
    file = _file(context, name)
    if file is None or not file.is_file():
        return None
    state = file.stat()
    return [state.st_mtime_ns, state.st_size]


@node("OwnReadText", category="examples", title="Read Text", cache=CacheKey(part=_state, ignores=("note",)))
def read_text(
    context: Context, name: Annotated[str, Text()] = "words", note: Annotated[str, Text(tooltip="For you.")] = ""
) -> Words:
    """The words of a text file in the input folder, read again when the file is another. A note changes nothing."""
    file = _file(context, name)
    if file is None or not file.is_file():
        raise FileNotFoundError(f"There is no {name}.txt in the input folder. Put one there, or choose another name")
    return file.read_text("utf-8")


@node("OwnDice", category="examples", title="Dice", cache=CacheKey(never=True))
def dice() -> int:
    """Another number in each run: its result is never taken from the cache."""
    from random import randint

    return randint(1, 6)
