"""A real server on a real port, and plain clients for it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parent.parent.parent
REGISTRY = "tests.server.weightless:registry"
PATIENCE = 60.0
"""Seconds until a wait for something that should take milliseconds fails the test."""


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """A running `server.py` and where to reach it."""

    process: subprocess.Popen[str]
    port: int
    base: Path
    log: list[str] = field(default_factory=list)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        raw: bytes | None = None,
        timeout: float = PATIENCE,
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            data = raw if raw is not None else None if body is None else json.dumps(body).encode()
            connection.request(method, path, data, headers or {})
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, path: str, /, **query: Any) -> Reply:
        return self.request("GET", path + (f"?{urlencode(query)}" if query else ""))

    def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        return self.request("POST", path, body, **options)

    def prompt(self, prompt: dict[str, Any], **more: Any) -> str:
        """Queue a prompt that must be accepted; returns its id."""
        reply = self.post("/prompt", {"prompt": prompt, **more})
        assert reply.status == 200, reply.body
        return reply.json()["prompt_id"]

    def result(self, prompt_id: str, patience: float = PATIENCE) -> dict[str, Any]:
        """The history entry of a prompt, once it is there."""
        return until(lambda: self.get(f"/history/{prompt_id}").json().get(prompt_id), patience, self)

    def run(self, prompt: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.result(self.prompt(prompt, **more))

    def upload(
        self, name: str, data: bytes, path: str = "/upload/image", timeout: float = PATIENCE, **fields: str
    ) -> Reply:
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'--{mark}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
        parts += [
            head.encode(),
            b"Content-Type: application/octet-stream\r\n\r\n",
            data,
            f"\r\n--{mark}--\r\n".encode(),
        ]
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        return self.request("POST", path, raw=b"".join(parts), headers=kind, timeout=timeout)

    def socket(self, client_id: str | None = None, path: str = "/ws", **options: Any) -> ClientConnection:
        query = f"?clientId={client_id}" if client_id is not None else ""
        return connect(f"ws://127.0.0.1:{self.port}{path}{query}", max_size=None, **options)

    def status(self) -> dict[str, Any]:
        return self.get("/easel/status").json()

    def wait_until_ready(self) -> None:
        until(lambda: self.status()["worker"]["state"] == "ready", PATIENCE, self)

    def worker_pid(self) -> int:
        return until(lambda: self.status()["worker"].get("pid"), PATIENCE, self)

    def kill(self) -> None:
        """As a power cut would: no goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def until(check: Any, patience: float = PATIENCE, server: Server | None = None) -> Any:
    """What `check` gives as soon as it is true."""
    end = time.monotonic() + patience
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > end:
            tail = "" if server is None else Path(server.base / "server.log").read_text()[-3000:]
            raise AssertionError(f"still not so after {patience} s\n{tail}")
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def spawn(
    base: Path, *flags: str, registry: str | None = REGISTRY, environment: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a server whose folders lie under `base`, without waiting for it; its log goes to `base`/server.log."""
    base.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(ROOT / "server.py"), "--base-directory", str(base), "--port", "0", "--no-browser"]
    command += [*(["--registry", registry] if registry else []), *flags]
    env = {**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}
    with (base / "server.log").open("a") as out:
        return subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, text=True, env=env)


def start(
    base: Path, *flags: str, registry: str | None = REGISTRY, environment: dict[str, str] | None = None
) -> Server:
    """Start a server whose folders lie under `base`, and wait until it answers."""
    log = base / "server.log"
    begin = log.stat().st_size if log.exists() else 0
    process = spawn(base, *flags, registry=registry, environment=environment)
    end = time.monotonic() + PATIENCE
    while True:
        text = log.read_bytes()[begin:].decode("utf-8", "replace")
        found = re.search(r"ready: https?://\S+:(\d+)/", text)
        if found:
            return Server(process, int(found[1]), base)
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            process.wait()
            raise AssertionError(f"the server did not start:\n{text}")
        time.sleep(0.01)


@contextmanager
def running(base: Path, *flags: str, **options: Any) -> Iterator[Server]:
    server = start(base, *flags, **options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()


def say(text: str = "hello", id: str = "1") -> dict[str, Any]:
    """The smallest prompt: `id` says something, `id`+1 shows it."""
    after = str(int(id) + 1)
    return {
        id: {"class_type": "Say", "inputs": {"text": text}},
        after: {"class_type": "Show", "inputs": {"text": [id, 0]}},
    }


def one(class_type: str, **inputs: Any) -> dict[str, Any]:
    """A prompt of one node of the test registry and an output that reads it."""
    return {
        "1": {"class_type": class_type, "inputs": inputs},
        "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}},
    }


def read_until(socket: ClientConnection, last: str, patience: float = PATIENCE) -> list[dict[str, Any]]:
    """Text messages up to one of the type `last`; `done` means the `executing` that names no node."""
    messages: list[dict[str, Any]] = []
    end = time.monotonic() + patience
    while True:
        data = socket.recv(timeout=max(0.01, end - time.monotonic()))
        if isinstance(data, bytes):
            continue
        message = json.loads(data)
        messages.append(message)
        if message["type"] == last or (last == "done" and is_done(message)):
            return messages


def picture_processes(server: Server) -> list[psutil.Process]:
    """Of uploads and of small pictures, or of the gallery."""
    children = psutil.Process(server.process.pid).children()
    return [child for child in children if any(word.endswith("pictures.py") for word in child.cmdline())]


def is_done(message: dict[str, Any]) -> bool:
    return message["type"] == "executing" and message["data"]["node"] is None
