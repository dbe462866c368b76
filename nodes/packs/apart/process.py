"""The worker's side of a pack with an environment of its own: its process, and node types that call into it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from graph.context import BEHALF, Context
from graph.errors import Cancelled
from graph.node import Blocked, Expansion, NodeType, Outcome, Results, Values
from graph.protocol import Decoder, encode
from graph.spec import NodeSpec
from graph.summary import plain
from graph.types import JsonObject
from nodes.packs.apart.values import CannotPass, Courier

READ_SIZE = 256 * 1024
POLL = 0.1
"""Seconds between two looks at whether the run was cancelled."""
START_PATIENCE = 45.0
"""Seconds that the process may take to load its pack, torch among it: less than the guard's for a whole import."""
CANCEL_PATIENCE = 10.0
"""Seconds that a node may go on after it was asked to stop; then its process is ended."""
NO_CONTEXT = Context()


class PackProcessError(RuntimeError):
    """The pack's process could not be started, ended, or answered with an error. The text says which and why."""


class PackProcess:
    """One pack's process. It is started when first needed, and anew after it ended.

    python: the interpreter of the pack's environment. config: what `child.py` needs besides the folder of the exchange.
    """

    def __init__(self, name: str, python: Path, config: JsonObject) -> None:
        self.name = name
        self._python = python
        self._config = config
        self._lock = threading.Lock()
        """One call at a time: the link has one conversation."""
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._decoder = Decoder()
        self._frames: list[tuple[JsonObject, tuple[bytes, ...]]] = []
        self._courier: Courier | None = None
        self._number = 0

    def start(self) -> tuple[list[NodeType], JsonObject]:
        """Load the pack. Gives its node types and its report. Raises PackProcessError."""
        with self._lock:
            loaded = self._start()
        asks_lazy = frozenset(loaded["asks_lazy"])
        specs = [NodeSpec.from_json(spec) for spec in loaded["specs"]]
        return [node_type(self, spec, spec.class_type in asks_lazy) for spec in specs], loaded["report"]

    def close(self) -> None:
        """End the process and whatever it started."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            _end(self._process)
        if self._courier is not None:
            self._courier.close()
        self._process = self._socket = self._courier = None
        self._frames = []

    def ask(self, what: str, class_type: str, context: Context, values: Values) -> JsonObject:
        """One call. Passes on what the node tells while it runs. Raises Cancelled, PackProcessError, CannotPass."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self.close()
                self._start()
            assert self._courier is not None
            self._number += 1
            packed = {name: self._courier.pack(value, f"its input {name}") for name, value in values.items()}
            about = _about(context)
            self._send({"type": "ask", "id": self._number, "what": what, "class_type": class_type} | about, packed)
            answer = self._hear(self._number, context)
            if answer["type"] == "cancelled":
                raise Cancelled
            if answer["type"] == "raised":
                raise _raised(self.name, answer)
            return answer

    def unpack(self, data: Any) -> Any:
        """A packed value of the last answer."""
        assert self._courier is not None
        return self._courier.unpack(data)

    # Starting

    def _start(self) -> JsonObject:
        if os.name != "posix":
            raise PackProcessError(f"The pack {self.name} wants a process of its own, which it cannot have on Windows.")
        ours, theirs = socket.socketpair()
        root = Path(__file__).resolve().parents[3]
        environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
        command = [str(self._python), "-m", "nodes.packs.apart.child", "--link", str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(
                command,
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise PackProcessError(f"The process of the pack {self.name} could not be started: {error}") from error
        finally:
            theirs.close()
        self._socket, self._decoder, self._frames = ours, Decoder(), []
        self._courier = Courier.make()
        self._write({**self._config, "exchange": str(self._courier.folder)})
        deadline = time.monotonic() + START_PATIENCE
        while time.monotonic() < deadline:
            frame = self._next()
            if frame is not None and frame[0]["type"] == "loaded":
                return frame[0]
        self.close()
        raise PackProcessError(f"The pack {self.name} did not load within {START_PATIENCE:.0f} s in its own process.")

    # The link

    def _send(self, header: JsonObject, packed: JsonObject) -> None:
        self._write({**header, "values": packed})

    def _write(self, header: JsonObject) -> None:
        assert self._socket is not None
        try:
            self._socket.sendall(encode(header))
        except OSError as error:
            raise self._gone() from error

    def _hear(self, number: int, context: Context) -> JsonObject:
        """Wait for the answer to this call."""
        asked_to_stop: float | None = None
        while True:
            frame = self._next()
            if frame is not None and frame[0].get("id") == number:
                header, blobs = frame
                if header["type"] in ("outcome", "value", "raised", "cancelled"):
                    return header
                _tell(context, header, blobs)
            try:
                context.check()
            except Cancelled:
                if asked_to_stop is None:
                    asked_to_stop = time.monotonic()
                    self._write({"type": "cancel", "id": number})
                elif time.monotonic() - asked_to_stop > CANCEL_PATIENCE:
                    self.close()
                    raise

    def _next(self) -> tuple[JsonObject, tuple[bytes, ...]] | None:
        """The next frame, or None after a moment without one. Raises PackProcessError when the process is gone."""
        if self._frames:
            return self._frames.pop(0)
        assert self._socket is not None
        ready, _, _ = select.select([self._socket], [], [], POLL)
        if not ready:
            return None
        try:
            data = self._socket.recv(READ_SIZE)
        except OSError as error:
            raise self._gone() from error
        if not data:
            raise self._gone()
        self._frames += self._decoder.feed(data)
        return self._frames.pop(0) if self._frames else None

    def _gone(self) -> PackProcessError:
        process = self._process
        how = "it ended"
        if process is not None:
            try:
                code = process.wait(2.0)
                how = f"it was ended by signal {-code}" if code < 0 else f"it ended with status {code}"
            except subprocess.TimeoutExpired:
                how = "it closed its link"
        self.close()
        return PackProcessError(
            f"The process of the pack {self.name} is gone ({how}). What it printed is in the log; the next run starts"
            " it anew."
        )


def node_type(process: PackProcess, spec: NodeSpec, asks_lazy: bool) -> NodeType:
    """A node type whose code is in that process. asks_lazy: whether it says which lazy inputs it needs."""

    def value_of(what: str) -> Callable[[Context, Values], Any]:
        return lambda context, values: process.unpack(process.ask(what, spec.class_type, context, values)["value"])

    check = value_of("check_lazy")
    ask_validity = value_of("validate")

    def validate(values: Values) -> Any:
        return ask_validity(_asked_for(), values)

    return NodeType(
        spec=spec,
        call=lambda context, values: _outcome(process, process.ask("call", spec.class_type, context, values)),
        is_changed=value_of("is_changed") if spec.has_is_changed else None,
        check_lazy=check if asks_lazy else None,
        validate_inputs=(lambda values: ask_validity(_asked_for(), values)) if spec.validates is not None else None,
    )


def _asked_for() -> Context:
    """No node runs, but it is somebody's job that is checked."""
    behalf = BEHALF.get()
    return NO_CONTEXT if behalf is None else Context(person=behalf.person)


def _outcome(process: PackProcess, answer: JsonObject) -> Outcome:
    if "blocked" in answer:
        return Blocked(answer["blocked"])
    values = tuple(
        Blocked(item["blocked"]) if "blocked" in item else process.unpack(item["value"]) for item in answer["values"]
    )
    ui: Mapping[str, Sequence[Any]] = process.unpack(answer["ui"])
    if "expand" in answer:
        return Expansion(values, process.unpack(answer["expand"]), ui)
    return Results(values, ui)


def _about(context: Context) -> JsonObject:
    return {
        "context": {
            "node_id": context.node_id,
            "prompt_id": context.prompt_id,
            "display_node": context.display_node,
            "parent_node": context.parent_node,
            "real_node": context.real_node,
            "list_index": context.list_index,
            "person": context.person,
            "prompt": plain(context.prompt, 60),
            "extra": plain(dict(context.extra), 60),
            "client_id": context.client_id,
        }
    }


def _tell(context: Context, header: JsonObject, blobs: tuple[bytes, ...]) -> None:
    """Pass on what a node said. A wish to stop is seen by whoever waits for the answer."""
    try:
        match header["type"]:
            case "progress":
                context.progress(header["value"], header["max"])
            case "preview":
                context.preview(blobs[0], header["format"], sketch=header["sketch"])
            case "text":
                context.text(header["text"])
            case "warn":
                context.warn(header["text"])
            case "send":
                context.send(header["event"], header["data"], header["client"])
            case _:
                pass
    except Cancelled:
        pass


def _raised(name: str, answer: JsonObject) -> Exception:
    """The node's own exception, as far as another process can say it."""
    trace = "".join(answer["traceback"])
    error: Exception
    if answer["exception_type"].endswith("CannotPass"):
        error = CannotPass(answer["message"])
    else:
        error = PackProcessError(f"{answer['exception_type']}: {answer['message']}")
    error.add_note(f"In the process of the pack {name}:\n{trace}")
    return error


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait(5.0)
    except (ProcessLookupError, PermissionError, subprocess.TimeoutExpired):
        pass


def python_here() -> Path:
    """This process's own interpreter: for tests, and for packs that need no packages of their own."""
    return Path(sys.executable)
