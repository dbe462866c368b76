"""A little of what people do to a server, all at once, until they are told to stop."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any

from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.ledger import Ledger
from tests.server.harness import Reply, Server, one, say

ANSWER_WITHIN = 15.0
"""Seconds: a server that says nothing for longer has failed the round, unless it was killed."""
PAUSE = 0.03
"""Seconds between two requests of one client, on average."""
MOST_JOBS = 9
MOST_VERSIONS = 15
"""Of one document: fewer than it takes for old ones to be thinned out."""
FULL = 507


class Stopped(Exception):
    """Nobody answers any more."""


class Load:
    """The clients of one round. `server` may become another; then they go on with it."""

    def __init__(self, server: Server, ledger: Ledger, seed: str, proxy: int) -> None:
        """proxy: a port of a network to the server that may be cut."""
        self.server = server
        self.far = replace(server, port=proxy)
        self.ledger = ledger
        self.seed = seed
        self.lasts = True
        """Whether the server is to answer: from a fault on that ends it, silence is no fault."""
        self.done = threading.Event()
        self.unanswered: tuple[str, str, dict[str, Any]] | None = None

    def ask(
        self, method: str, path: str, body: Any = None, *, server: Server | None = None, **options: Any
    ) -> Reply | None:
        """The answer where it is a success; None where the disk is full. Raises Stopped.

        server: as somebody else asks it.
        """
        try:
            reply = (server or self.server).request(method, path, body, timeout=ANSWER_WITHIN, **options)
        except (OSError, http.client.HTTPException) as error:
            if self.lasts:
                self.ledger.note_wrong(f"{method} {path}: no answer, {error!r}")
            raise Stopped from error
        return self._judged(f"{method} {path}", reply)

    def _judged(self, what: str, reply: Reply) -> Reply | None:
        if reply.status == FULL:
            self.ledger.full += 1
            return None
        if reply.status >= 300:
            self.ledger.note_wrong(f"{what}: {reply.status} {reply.body[:300]!r}")
            return None
        return reply

    # People

    def queue(self, dice: random.Random) -> None:
        """Prompts, of which some are taken back while they wait."""
        for number in range(MOST_JOBS):
            id = f"{self.seed}-{number}"
            prompt = job(dice, number)
            more = {"extra_data": sweep(prompt)} if "3@1" in prompt else {}
            client = dice.choice(({}, {"client_id": "listener"}))
            self.ledger.sent[id] = prompt
            if self.ask("POST", "/prompt", {"prompt": prompt, "prompt_id": id, **client, **more}) is not None:
                self.ledger.accepted.add(id)
            self.wait(dice)
            if number == 5:
                self.ask("POST", "/interrupt", {"prompt_id": f"{self.seed}-{dice.randrange(number)}"})
            if number == 6:
                self.ask("POST", "/interrupt")
            if number % 4 == 3:
                self.ledger.cancelling.add(id)
                if (reply := self.ask("POST", "/easel/queue/cancel", {"ids": [id]})) is not None:
                    self.ledger.cancelling.discard(id)
                    self.ledger.cancelled.update(reply.json()["removed"])

    def upload(self, dice: random.Random) -> None:
        for number in range(1000):
            name, data = f"{self.seed}-{number}.png", picture(dice)
            fields = {"overwrite": "true"} if number % 2 else {}
            if fields:
                name = "again.png"
                value = self.ledger.value("input", name)
                value.since.append(data)
            try:
                reply = self.server.upload(name, data, timeout=ANSWER_WITHIN, **fields)
            except (OSError, http.client.HTTPException) as error:
                if self.lasts:
                    self.ledger.note_wrong(f"an upload: no answer, {error!r}")
                raise Stopped from error
            if self._judged("an upload", reply) is not None:
                told = reply.json()["name"]
                if fields:
                    value.answer(data)  # pyright: ignore[reportPossiblyUnboundVariable]
                else:
                    self.ledger.uploads[told] = data
            self.wait(dice)

    def upload_from_afar(self, dice: random.Random) -> None:
        """Through the network that may be cut: nobody knows what arrived, but there are no halves (`checks.kept`)."""
        for number in range(1000):
            with contextlib.suppress(OSError, http.client.HTTPException):
                name, data = f"{self.seed}-far-{number}.png", picture(dice)
                if self.far.upload(name, data, timeout=ANSWER_WITHIN).status == 200:
                    self.ledger.uploads[name] = data
            self.wait(dice)

    def settings(self, dice: random.Random) -> None:
        for number in range(1000):
            name = f"faults.{number % 3}"
            self._set("settings", name, f"{self.seed}-{number}", lambda n, v: self.ask("POST", f"/settings/{n}", v))
            self.wait(dice)

    def userdata(self, dice: random.Random) -> None:
        def put(name: str, words: str) -> Reply | None:
            raw = json.dumps({"words": words}).encode()
            return self.ask("POST", f"/userdata/workflows%2F{name}?overwrite=true", raw=raw)

        for number in range(1000):
            words = f"{self.seed}-{number} " + dice.choice("abc") * 200_000
            self._set("userdata", "kept.json", words, put)
            self.wait(dice)

    def document(self, dice: random.Random) -> None:
        base: int | None = None
        id = f"document-{self.seed}"
        for number in range(MOST_VERSIONS):
            words = f"{number} " + dice.choice("xyz") * 20_000
            workflow = {"nodes": [{"id": 1, "type": "Say", "widgets_values": [words]}]}
            body = {"workflow": workflow, "base": base, "writer": "the-only-one", "name": self.seed}
            self.unanswered = id, words, body
            reply = self.ask("POST", f"/easel/documents/{id}/versions", body)
            self.unanswered = None
            if reply is not None:
                base = reply.json()["version"]
                self.ledger.versions[id, reply.json()["version"]] = words
            self.wait(dice)

    def send_again(self) -> None:
        """The version whose answer was lost: taken or not, it is this page's own, and no conflict."""
        if self.unanswered is not None:
            id, words, body = self.unanswered
            reply = self.server.post(f"/easel/documents/{id}/versions", body)
            if reply.status != 200:
                self.ledger.note_wrong(f"a version that was sent again: {reply.status} {reply.body[:300]!r}")
            else:
                self.ledger.versions[id, reply.json()["version"]] = words

    def listen(self, dice: random.Random) -> None:
        """An older client's websocket: it must only hear what can be read, and each ending once."""
        while not self.done.is_set():
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                self._hear()
            self.wait(dice)

    def _hear(self) -> None:
        with self.server.socket("listener", ping_interval=None, open_timeout=2) as socket:
            while not self.done.is_set():
                with contextlib.suppress(TimeoutError):
                    data = socket.recv(timeout=0.1)
                    if isinstance(data, str):
                        self._heard(json.loads(data))

    def _heard(self, message: dict[str, Any]) -> None:
        ends = message["type"] in ("execution_success", "execution_interrupted", "execution_error")
        if ends and "timestamp" in message["data"]:
            self.ledger.ended.setdefault(message["data"]["prompt_id"], []).append(message["type"])

    def _set(self, kind: str, name: str, value: str, put: Callable[[str, str], Reply | None]) -> None:
        known = self.ledger.value(kind, name)
        known.since.append(value)
        if put(name, value) is not None:
            known.answer(value)

    def wait(self, dice: random.Random) -> None:
        if self.done.wait(dice.uniform(0, 2 * PAUSE)):
            raise Stopped

    def people(self) -> Sequence[Callable[[random.Random], None]]:
        return (
            self.queue,
            self.upload,
            self.upload_from_afar,
            self.settings,
            self.userdata,
            self.document,
            self.listen,
        )

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """All of them at once, each with dice of its own."""

        def live(person: Callable[[random.Random], None]) -> None:
            with contextlib.suppress(Stopped):
                person(random.Random(f"{self.seed} {person.__name__}"))

        threads = [threading.Thread(target=live, args=[person], name=person.__name__) for person in self.people()]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.done.set()
            for thread in threads:
                thread.join()


def job(dice: random.Random, number: int) -> dict[str, Any]:
    """Quick, slow, failing, saving; and one of many cells."""
    seed = dice.randrange(2**50)
    if number == 2:
        return grid(seed)
    paint = {"1": {"class_type": "Paint", "inputs": {"seed": seed, "name": "picture"}}}
    letter = {"letter": dice.choice("abcdef"), "kilobytes": 256}
    return dice.choice(
        (
            say(f"{number} {seed}"),
            one("Slow", seconds=0.25, steps=5, previews=True),
            one("Fail", text="as asked"),
            paint,
            paint,
            {"1": {"class_type": "Save", "inputs": letter}},
        )
    )


def grid(seed: int, cells: int = 4, seconds: float = 0.1) -> dict[str, Any]:
    """A sweep: each of its cells takes a while and paints a picture of its own."""
    prompt: dict[str, Any] = {}
    for cell in range(cells):
        end = f"@{cell}" if cell else ""
        prompt[f"2{end}"] = {"class_type": "Pass", "inputs": {"seconds": seconds, "word": f"{seed} {cell}"}}
        inputs = {"seed": seed + cell, "name": "cell", "after": [f"2{end}", 0]}
        prompt[f"3{end}"] = {"class_type": "Paint", "inputs": inputs}
    return prompt


def sweep(prompt: dict[str, Any]) -> dict[str, Any]:
    """The extra data that says which nodes make which cell of `grid`."""
    ends = [f"@{n}" if n else "" for n in range(len(prompt) // 2)]
    cells = [
        {"at": [n], "nodes": {id: id + end for id in "23"} if n else {}, "changes": []} for n, end in enumerate(ends)
    ]
    steps = [{"label": str(n), "acts": []} for n in range(len(cells))]
    about = {"version": 1, "axes": [{"title": "Word", "steps": steps}], "cells": cells, "outputs": ["3"]}
    return {"easel": {"sweep": about}}


def picture(dice: random.Random) -> bytes:
    side = dice.randint(16, 128)
    buffer = BytesIO()
    Image.frombytes("RGB", (side, side), dice.randbytes(side * side * 3)).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()
