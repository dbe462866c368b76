"""A page, as far as its events go: it comes back after each loss and asks for what it missed (web/app/queue_feed)."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

RETRY = 0.05
ALIVE = 1
SILENCE = 2.5
"""Seconds; a page waits longer (web/app/queue_feed.js)."""


class Follower:
    """Follows /easel/events at `port`, which may become another's. `wrong`: what broke the protocol's promises."""

    def __init__(self, name: str, port: int, headers: Mapping[str, str]) -> None:
        self.name = name
        self.port = port
        self._headers = headers
        self.epoch = ""
        self.seq = 0
        self.heard: dict[str, dict[int, dict[str, Any]]] = {}
        """By epoch and number."""
        self.wrong: list[str] = []
        self.done = threading.Event()
        self._thread = threading.Thread(target=self._live, name=name)
        self._thread.start()

    def close(self) -> None:
        self.done.set()
        self._thread.join()

    def caught_up(self, epoch: str, seq: int) -> bool:
        return self.epoch == epoch and self.seq >= seq

    def endings(self) -> dict[str, list[str]]:
        """Job id to what it was told of its end, once for each time."""
        found: dict[str, list[str]] = {}
        for event in self.events():
            if event["type"] == "job_ended":
                found.setdefault(event["data"]["prompt_id"], []).append(event["data"]["state"])
        return found

    def shown(self) -> list[tuple[str, str, Any]]:
        """What nodes showed, in order: job, node, output."""
        told = [event["data"] for event in self.events() if event["type"] == "executed"]
        return [(data["prompt_id"], data["node"], data["output"]) for data in told if data.get("output") is not None]

    def events(self) -> list[dict[str, Any]]:
        return [event for events in self.heard.values() for event in events.values()]

    def _live(self) -> None:
        while not self.done.is_set():
            query = f"?alive={ALIVE}" + (f"&epoch={self.epoch}&since={self.seq}" if self.epoch else "")
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError, EOFError):
                self._follow(query)
            time.sleep(RETRY)

    def _follow(self, query: str) -> None:
        url = f"ws://127.0.0.1:{self.port}/easel/events{query}"
        # A browser sends no pings either.
        options: dict[str, Any] = {"max_size": None, "ping_interval": None, "open_timeout": 3, "close_timeout": 0.1}
        with connect(url, additional_headers=self._headers, **options) as socket:
            heard = time.monotonic()
            while not self.done.is_set() and time.monotonic() - heard < SILENCE:
                with contextlib.suppress(TimeoutError):
                    data = socket.recv(timeout=0.1)
                    heard = time.monotonic()
                    if isinstance(data, str):
                        self._receive(json.loads(data))

    def _receive(self, event: dict[str, Any]) -> None:
        if event["type"] == "hello":
            self._greet(event["data"])
        elif (seq := event.get("seq")) is not None:
            if seq != self.seq + 1:
                self.wrong.append(f"{self.name}: event {seq} came after {self.seq}")
            self.seq = seq
            self.heard[self.epoch][seq] = event

    def _greet(self, hello: dict[str, Any]) -> None:
        if hello["resumed"]:
            if hello["epoch"] != self.epoch:
                self.wrong.append(f"{self.name}: it goes on in another epoch")
            return
        if hello["epoch"] == self.epoch:
            self.wrong.append(f"{self.name}: what was missed after {self.seq} of {hello['seq']} is not told any more")
        self.epoch, self.seq = hello["epoch"], hello["seq"]
        self.heard.setdefault(self.epoch, {})
