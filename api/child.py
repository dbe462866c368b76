"""A child process and the link to it: frames over a socket pair that only the two of them hold."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from graph.protocol import Decoder, encode
from graph.types import JsonObject

READ_SIZE = 256 * 1024
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
"""What programs write to steer a terminal: ours is not a pack's to steer."""


class ChildGone(Exception):
    """The process ended, or its link did. The text says how, such as `signal 9`."""


class Child:
    """A running child process. `frames` ends when the link does."""

    def __init__(
        self, process: Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lines: asyncio.Task[None]
    ) -> None:
        self.process = process
        self._reader = reader
        self._writer = writer
        self._lines = lines
        self._decoder = Decoder()

    @property
    def pid(self) -> int:
        return self.process.pid

    async def send(self, header: JsonObject, *blobs: bytes) -> None:
        """Send one frame. Raises ChildGone where nobody reads any more."""
        try:
            self._writer.write(encode(header, *blobs))
            await self._writer.drain()
        except (ConnectionError, RuntimeError) as error:
            raise ChildGone(str(error)) from error

    async def frames(self) -> AsyncIterator[tuple[JsonObject, tuple[bytes, ...]]]:
        """What the child sends, until its link closes. Raises ProtocolError for bytes that are no frame."""
        while True:
            try:
                data = await self._reader.read(READ_SIZE)
            except ConnectionError:
                return
            if not data:
                return
            for frame in self._decoder.feed(data):
                yield frame

    def kill(self) -> None:
        """End the process and whatever it started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()

    async def ended(self) -> str:
        """Wait for the end and say how it came: `signal 9`, or `status 3`."""
        code = await self.process.wait()
        await self._lines
        return f"signal {-code}" if code < 0 else f"status {code}"

    async def close(self, patience: float = 2.0) -> None:
        """Close the link, which ends a healthy child, and kill one that stays longer than `patience` seconds."""
        self._writer.close()
        try:
            await asyncio.wait_for(asyncio.shield(self.process.wait()), patience)
        except TimeoutError:
            self.kill()
        await self.ended()


async def start_child(
    script: Path, arguments: Sequence[str], say: Callable[[str], None], environment: dict[str, str] | None = None
) -> Child:
    """Start `script` with this Python and a link. `say` gets each line that it prints. Raises OSError.

    The child stands in a session of its own, so that the terminal's Ctrl+C is the parent's to handle, and so that it
    can be killed together with what it started.
    """
    ours, theirs = socket.socketpair()
    try:
        command = [sys.executable, "-u", str(script), *arguments]
        env = {**os.environ, **(environment or {})}
        if os.name == "posix":
            process = await asyncio.create_subprocess_exec(
                *command,
                "--link",
                str(theirs.fileno()),
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env=env,
            )
        else:
            process = await asyncio.create_subprocess_exec(
                *command,
                "--link",
                "share",
                stdin=PIPE,
                stdout=PIPE,
                stderr=STDOUT,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                env=env,
            )
            share: Callable[[int], bytes] = getattr(theirs, "share")  # noqa: B009 (exists on Windows only)
            assert process.stdin is not None
            process.stdin.write(share(process.pid))
            process.stdin.close()
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours, limit=READ_SIZE)
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    assert process.stdout is not None
    lines = asyncio.create_task(_tell_lines(process.stdout, say))
    return Child(process, reader, writer, lines)


async def _tell_lines(stream: asyncio.StreamReader, say: Callable[[str], None]) -> None:
    """Pass on what a child prints, line by line; a line beyond the stream's limit comes in pieces."""
    rest = b""
    while data := await stream.read(65536):
        *lines, rest = (rest + data).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if text := _readable(line):
                say(text)
        if len(rest) > 65536:
            say(_readable(rest))
            rest = b""
    if rest:
        say(_readable(rest))


def _readable(line: bytes) -> str:
    """A line as it can be shown, whatever bytes it is of."""
    text = _COLOURS.sub("", line.decode("utf-8", "replace")).replace("\t", "    ")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text).rstrip()
