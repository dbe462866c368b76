"""A server that asks for its token, a graph to share there, and guests who come by its link."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.server.harness import Reply, Server, until

TOKEN = "a-token-of-some-length"


OWNER = {"Authorization": f"Bearer {TOKEN}"}


PROMPT: dict[str, Any] = {
    "1": {"class_type": "Say", "inputs": {"text": "hello"}},
    "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}},
    "3": {"class_type": "Slow", "inputs": {"seconds": 0.01, "steps": 200}},
    "4": {"class_type": "Pick", "inputs": {"choice": "one"}},
    "5": {"class_type": "Join", "inputs": {"a": ["4", 0], "b": ["3", 0]}},
    "6": {"class_type": "Show", "inputs": {"text": ["5", 0]}},
    "7": {"class_type": "Write", "inputs": {"text": "not for guests"}},
}


FORM: dict[str, Any] = {
    "title": "Words",
    "columns": 2,
    "items": [
        {"kind": "heading", "text": "What to say"},
        {
            "kind": "input",
            "id": "words",
            "control": "text",
            "label": "Words",
            "targets": [["1", "text"]],
            "maxLength": 20,
        },
        {
            "kind": "input",
            "id": "wait",
            "control": "number",
            "label": "Seconds",
            "min": 0,
            "max": 30,
            "targets": [["3", "seconds"]],
        },
        {
            "kind": "input",
            "id": "pick",
            "control": "choice",
            "label": "Choice",
            "choices": ["one", "two"],
            "targets": [["4", "choice"]],
        },
    ],
    "outputs": [{"node": "2", "label": "Said"}, {"node": "6", "label": "Joined"}],
}


def ask(server: Server, path: str, body: Any = None, method: str = "", **headers: str) -> Reply:
    return server.request(method or ("GET" if body is None else "POST"), path, body, headers)


def share(server: Server, form: Any = FORM, prompt: Any = PROMPT, **more: Any) -> dict[str, Any]:
    made = ask(server, "/easel/shares", {"prompt": prompt, "form": form, **more}, **OWNER)
    assert made.status == 201, made.body
    return made.json()


class Guest:
    """A browser that came by a link."""

    def __init__(self, server: Server, path: str) -> None:
        self.server, self.path = server, path
        first = ask(server, path)
        assert first.status == 200, first.body
        self.cookie = first.headers["set-cookie"].partition(";")[0]
        self.attributes = first.headers["set-cookie"]

    def ask(self, rest: str, body: Any = None, method: str = "", **headers: str) -> Reply:
        return ask(self.server, self.path + rest, body, method, Cookie=self.cookie, **headers)

    def run(self, **values: Any) -> Reply:
        return self.ask("/runs", {"values": values})

    def result(self, run: str, *states: str) -> dict[str, Any]:
        def found() -> Any:
            runs = self.ask("/runs").json()["runs"]
            return next((r for r in runs if r["id"] == run and r["state"] in (states or ("done",))), None)

        return until(found)

    def send(self, data: bytes) -> Reply:
        return self.server.request("POST", self.path + "/pictures", raw=data, headers={"Cookie": self.cookie})


def refused(reply: Reply, status: int, kind: str) -> None:
    assert (reply.status, reply.json()["error"]["type"]) == (status, kind), reply.body
    assert reply.json()["error"]["message"]


def png(size: tuple[int, int] = (8, 8), **texts: str) -> bytes:
    info = PngInfo()
    for name, value in texts.items():
        info.add_text(name, value)
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG", pnginfo=info)
    return out.getvalue()
