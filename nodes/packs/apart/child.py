"""A pack's own process: loads the one pack, says what nodes it has, and calls them when the worker asks.

Started by `process.py` with the pack's own Python and one end of a socket pair; the first frame is the configuration.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import os
import queue
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from graph.call import type_name, within
from graph.context import Context, on_behalf_of
from graph.errors import Cancelled
from graph.events import Event, PackMessage, Preview, Progress, Text
from graph.folders import FIRST_PERSON, Folders
from graph.node import Blocked, Expansion, NodeType, Outcome
from graph.protocol import Decoder, encode
from graph.registry import Registry
from graph.types import JsonObject
from nodes.packs.apart.values import HANDLES, CannotPass, Courier

READ_SIZE = 256 * 1024


class Link:
    """This process's end of the link."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._lock = threading.Lock()

    def send(self, header: JsonObject, *blobs: bytes) -> None:
        data = encode(header, *blobs)
        with self._lock:
            try:
                self._socket.sendall(data)
            except OSError:
                os._exit(0)

    def frames(self) -> Iterator[JsonObject]:
        decoder = Decoder()
        while data := self._socket.recv(READ_SIZE):
            for header, _ in decoder.feed(data):
                yield header


class Pack:
    """The pack that is loaded here, and the objects of its nodes."""

    def __init__(self, link: Link, config: JsonObject) -> None:
        self._link = link
        self._courier = Courier(Path(config["exchange"]))
        self._folders = Folders.from_json(config["folders"])
        self._instances: dict[tuple[str, Any, str], Any] = {}
        self._cancelled: set[int] = set()
        self.registry = Registry()
        self._load(config)

    def _load(self, config: JsonObject) -> None:
        from nodes.packs.apart.load import load_here

        report = load_here(config, self.registry, self._folders)
        specs = [type.spec for type in self.registry.values()]
        usable = [spec for spec in specs if not _handles_of(self.registry[spec.class_type])]
        for spec in specs:
            if spec not in usable:
                names = ", ".join(_handles_of(self.registry[spec.class_type]))
                report["problems"].append(
                    {
                        "sentence": f"The node type {spec.class_type} has {names} sockets. A pack with an environment"
                        " of its own can only have nodes whose sockets are tensors, numbers and texts: take"
                        ' `environment = "own"` out of its pyproject.toml, or that node out of the pack.',
                        "file": None,
                        "line": None,
                        "trace": "",
                    }
                )
        lazy = [spec.class_type for spec in usable if self.registry[spec.class_type].check_lazy is not None]
        specs_json = [spec.to_json() for spec in usable]
        self._link.send({"type": "loaded", "specs": specs_json, "asks_lazy": lazy, "report": report})

    def cancel(self, number: int) -> None:
        self._cancelled.add(number)

    def serve(self, asked: queue.SimpleQueue[JsonObject]) -> None:
        while True:
            header = asked.get()
            number = int(header["id"])
            try:
                answer = self._answer(header)
            except Cancelled:
                answer = {"type": "cancelled"}
            except (Exception, SystemExit) as error:  # a node may end in any way; the next call is to find us alive
                answer = {
                    "type": "raised",
                    "exception_type": type_name(error),
                    "message": str(error)[:10_000],
                    "traceback": traceback.format_exception(error),
                }
            self._cancelled.discard(number)
            self._link.send({**answer, "id": number})

    def _answer(self, header: JsonObject) -> JsonObject:
        type = self.registry[header["class_type"]]
        values = self._courier.unpack(header["values"])
        context = self._context(header, int(header["id"]))
        match header["what"]:
            case "call":
                return {"type": "outcome", **self._outcome(type, _finished(within(context, type.call, values)))}
            case "is_changed":
                assert type.is_changed is not None
                result = _finished(within(context, type.is_changed, values))
            case "check_lazy":
                assert type.check_lazy is not None
                result = list(_finished(within(context, type.check_lazy, values)) or ())
            case _:
                assert type.validate_inputs is not None
                with on_behalf_of(context.person, context.folders):
                    result = _finished(type.validate_inputs(values))
        return {"type": "value", "value": self._courier.pack(result, "what it returned")}

    def _outcome(self, type: NodeType, outcome: Outcome) -> JsonObject:
        if isinstance(outcome, Blocked):
            return {"blocked": outcome.message}
        values: list[Any] = []
        for spec, value in zip(type.spec.outputs, outcome.values, strict=False):
            if isinstance(value, Blocked):
                values.append({"blocked": value.message})
                continue
            try:
                values.append({"value": self._courier.pack(value, f"the output {spec.name}")})
            except CannotPass as error:
                raise CannotPass(
                    f"{type.spec.class_type} runs in an environment of its own, whose outputs are tensors and JSON:"
                    f" {error}"
                ) from None
        packed: JsonObject = {"values": values, "ui": self._courier.pack(dict(outcome.ui), "its result for the page")}
        if isinstance(outcome, Expansion):
            packed["expand"] = self._courier.pack(outcome.graph, "the graph that it expands to")
        return packed

    def _context(self, header: JsonObject, number: int) -> Context:
        about = header["context"]

        def emit(event: Event) -> None:
            match event:
                case Progress():
                    self._link.send({"type": "progress", "id": number, "value": event.value, "max": event.max})
                case Preview():
                    about_it = {"format": event.format, "sketch": event.sketch}
                    self._link.send({"type": "preview", "id": number, **about_it}, event.data)
                case Text():
                    self._link.send({"type": "text", "id": number, "text": event.text})
                case PackMessage():
                    told = {"event": event.event, "data": event.data, "client": event.client_id}
                    self._link.send({"type": "send", "id": number, **told})
                case _:
                    pass  # states of nodes: the worker's own context tells them

        return Context(
            node_id=about["node_id"],
            prompt_id=about["prompt_id"],
            class_type=header["class_type"],
            display_node=about["display_node"],
            parent_node=about["parent_node"],
            real_node=about["real_node"],
            list_index=about["list_index"],
            person=about["person"],
            prompt=about["prompt"],
            extra=about["extra"],
            client_id=about["client_id"],
            folders=self._folders.for_person(about["person"] or FIRST_PERSON),
            emit=emit,
            cancelled=lambda: number in self._cancelled,
            warn=lambda text: self._link.send({"type": "warn", "id": number, "text": text}),
            instances=self._instances,
        )


def _handles_of(type: NodeType) -> list[str]:
    """What the node wants and another process cannot be given."""
    sockets = {part for spec in (*type.spec.inputs, *type.spec.outputs) for part in spec.type.split(",")}
    return sorted(sockets & HANDLES) + [kind for kind in type.spec.hidden.values() if kind == "DYNPROMPT"]


def _finished(outcome: Any) -> Any:
    return asyncio.run(_awaited(outcome)) if inspect.isawaitable(outcome) else outcome


async def _awaited(outcome: Any) -> Any:
    return await outcome


def main() -> None:
    parser = argparse.ArgumentParser(description="The process of a node pack with an environment of its own.")
    parser.add_argument("--link", type=int, required=True, help=argparse.SUPPRESS)
    link = Link(socket.socket(fileno=parser.parse_args().link))
    frames = link.frames()
    pack = Pack(link, next(frames))
    asked: queue.SimpleQueue[JsonObject] = queue.SimpleQueue()
    threading.Thread(target=pack.serve, args=[asked], name="calls", daemon=True).start()
    for header in frames:
        if header["type"] == "cancel":
            pack.cancel(int(header["id"]))
        else:
            asked.put(header)
    sys.stdout.flush()
    os._exit(0)  # the worker is gone: nobody is left to work for


if __name__ == "__main__":
    main()
