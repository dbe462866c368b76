"""Nodes for tests of the server: they compute nothing, wait, fail, or take their process with them."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path
from typing import Annotated, Any

from graph.context import Context
from graph.folders import inside
from graph.node import Choice, File, Hidden, Int, Results, Slider, Socket, Text, Toggle, node
from graph.registry import Registry

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")

Words = Annotated[str, Socket("STRING")]


@node("Say", category="tests")
def say(text: Annotated[str, Text()] = "hello") -> str:
    return text


@node("Join", category="tests")
def join(a: Words, b: Words) -> str:
    return a + b


@node("Show", category="tests", output=True)
def show(text: Words) -> Results:
    return Results(ui={"text": [text]})


@node("Write", category="tests", output=True)
def write(context: Context, text: Annotated[str, Text()] = "") -> Annotated[Results, Socket("STRING")]:
    """Write a text file into the output folder."""
    root = context.folders.root("output")
    (root / "written.txt").write_text(text)
    return Results((text,), ui={"files": [{"filename": "written.txt", "subfolder": "", "type": "output"}]})


@node("Save", category="tests", output=True)
def save(
    context: Context, letter: Annotated[str, Text()] = "a", kilobytes: Annotated[int, Int(min=1, max=65536)] = 1
) -> Results:
    """Save as the real nodes do: a file that holds one letter, many times."""
    from models.numbered import write_numbered

    place = inside(context.folders.root("output"), letter)
    path = write_numbered(place.parent, place.name, ".txt", letter.encode() * 1024 * kilobytes)
    return Results(ui={"files": [{"filename": path.name, "subfolder": "", "type": "output"}]})


@node("Pick", category="tests")
def pick(choice: Annotated[str, Choice(options=("one", "two"))] = "one") -> str:
    return choice


@node("Model", category="tests")
def model(name: Annotated[str, File(kind="checkpoints")]) -> str:
    return name


@node("Read", category="tests")
def read(context: Context, name: Annotated[str, File(kind="input")]) -> str:
    """What stands in a file of the input folder."""
    return context.folders.resolve("input", name).read_text()


@node("Slow", category="tests")
def slow(
    context: Context,
    seconds: Annotated[float, Slider(min=0.0, max=100.0)] = 1.0,
    steps: Annotated[int, Int(min=1, max=10000)] = 10,
    previews: Annotated[bool, Toggle(optional=True)] = False,
) -> str:
    """Wait politely: steps, progress and previews, and an end when asked."""
    for step in range(steps):
        time.sleep(seconds / steps)
        if previews:
            context.preview(JPEG)
            context.text(f"step {step}")
        context.progress(step + 1, steps)
    return "waited"


@node("Flood", category="tests")
def flood(context: Context, megabytes: Annotated[int, Int(min=1, max=1000)] = 1) -> str:
    """Send a client more than it may be willing to read."""
    for _ in range(megabytes):
        context.send("flood", "x" * 2**20, context.client_id)
    return "sent"


@node("Stuck", category="tests")
def stuck(seconds: Annotated[float, Slider(min=0.0, max=100.0)] = 60.0) -> str:
    """Wait without ever looking up."""
    time.sleep(seconds)
    return "waited"


@node("Fail", category="tests")
def fail(text: Annotated[str, Text()] = "as asked") -> str:
    raise ValueError(text)


@node("Warn", category="tests")
def warn(text: Annotated[str, Text()] = "careful") -> str:
    logging.getLogger("tests").warning(text)
    return text


@node("Die", category="tests")
def die(
    marker: Annotated[str, Text()] = "",
    unique: Annotated[str, Hidden("UNIQUE_ID")] = "",
) -> str:
    """Kill the process; with a marker file's path, only while that file is not there."""
    if marker:
        if Path(marker).exists():
            return "survived"
        Path(marker).touch()
    time.sleep(0.1)  # what was said so far is on its way, as it is when the system ends a process for its memory
    os.kill(os.getpid(), signal.SIGKILL)
    return unique


def _even(number: int) -> bool | str:
    return True if number % 2 == 0 else f"number - {number} is odd"


@node("Even", category="tests", validate_inputs=_even)
def even(number: Annotated[int, Int(min=0, max=100)] = 2) -> str:
    return str(number)


def late_registry() -> Registry:
    time.sleep(6.0)
    return registry()


def registry() -> Registry:
    nodes: list[Any] = [say, join, show, write, save, pick, model, read, slow, flood, stuck, fail, warn, die, even]
    return Registry(*nodes)
