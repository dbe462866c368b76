"""A client that runs graphs as ComfyUI's own tests do: over one websocket, and by HTTP."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from nodes.compat.comfy_execution.graph_utils import GraphBuilder, Node
from tests.server.harness import PATIENCE, ROOT, Server

PACK = ROOT / "tests" / "packs" / "behaviours"


def place_pack(base: Path) -> str:
    """Put the pack where a file of more paths names it, as the incumbent's tests do. Gives that file."""
    shutil.copytree(PACK, base / "more" / "behaviours", ignore=shutil.ignore_patterns("__pycache__"))
    file = base / "paths.yaml"
    file.write_text("behaviours:\n    custom_nodes: more\n")
    return str(file)


class Refused(Exception):
    """The prompt was not accepted."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(json.dumps(body)[:500])
        self.status = status
        self.body = body

    def kinds(self) -> list[tuple[str, str]]:
        """(node, type) of each node's errors."""
        return [(id, error["type"]) for id, entry in self.body["node_errors"].items() for error in entry["errors"]]


class Failed(Exception):
    """A node failed while the prompt ran."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(data["exception_message"])
        self.data = data


@dataclass
class Ran:
    """What came of a prompt."""

    prompt_id: str
    ran: list[str] = field(default_factory=list)
    cached: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)

    def did_run(self, node: Node) -> bool:
        return node.id in self.ran

    def shown(self, node: Node) -> list[Any] | None:
        return self.outputs.get(node.id, {}).get("shown")

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message["data"] for message in self.messages if message["type"] == kind]


class Client:
    def __init__(self, server: Server, client_id: str | None = None) -> None:
        self.server = server
        self.id = client_id or uuid.uuid4().hex
        self.socket: ClientConnection = server.socket(self.id)

    def post(self, graph: GraphBuilder, **more: Any) -> str:
        """Queue a graph; gives its id. Without a content type, as `urllib` sends it."""
        body = {"prompt": graph.finalize(), "client_id": self.id, **more}
        reply = self.server.request("POST", "/prompt", raw=json.dumps(body).encode())
        if reply.status != 200:
            raise Refused(reply.status, reply.json())
        return reply.json()["prompt_id"]

    def run(self, graph: GraphBuilder, **more: Any) -> Ran:
        """Run a graph to its end. Raises Refused or Failed."""
        return self.read(self.post(graph, **more))

    def read(self, prompt_id: str) -> Ran:
        found, failure = Ran(prompt_id), None
        while True:
            data = self.socket.recv(timeout=PATIENCE)
            if isinstance(data, bytes):
                continue
            message = json.loads(data)
            if message["data"].get("prompt_id") != prompt_id:
                continue
            found.messages.append(message)
            if message["type"] == "execution_cached":
                found.cached += message["data"]["nodes"]
            elif message["type"] == "execution_error" and message["data"]["exception_type"] != "ExecutionBlocked":
                failure = message["data"]
            elif message["type"] == "executing":
                if message["data"]["node"] is None:
                    break
                found.ran.append(message["data"]["node"])
        if failure is not None:
            raise Failed(failure)
        history = self.server.get(f"/history/{prompt_id}").json()[prompt_id]
        found.outputs = history["outputs"]
        return found


def show(g: GraphBuilder, link: Any) -> Node:
    return g.node("B_Show", value=link)


def same(a: list[Any] | None, b: list[Any]) -> bool:
    return a is not None and a == pytest.approx(b)


def hello(prefix: str) -> GraphBuilder:
    g = GraphBuilder(prefix=prefix)
    show(g, g.node("B_Word", value=prefix).out(0))
    return g
