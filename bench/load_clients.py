"""The clients of bench/load.py, in processes of their own: `crowd`, `busy` and `probe`. Each prints one line of JSON.

python3 -m bench.load_clients ROLE PORT SECONDS [options]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import random
import socket
import statistics
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.soak_jobs import MODEL, Graph

TOLD = (
    "execution_start",
    "execution_cached",
    "executing",
    "executed",
    "execution_success",
    "execution_error",
    "execution_interrupted",
)
"""Events of a job that every client of it hears of, and that the server's own feed numbers."""
SETTLE = 60.0
"""Seconds that the last jobs may take when the time is up."""
LAST = 1.0
"""Seconds in which the last status gets to everybody."""
AT_ONCE = 50
"""Sockets that are opened at the same time."""
PIECE = 256 * 1024

Event = tuple[str, str, str | None]


def small_graph() -> Graph:
    """A prompt of core nodes that takes a few milliseconds, and is never the same."""
    word = f"{random.random()}"
    return {
        "1": {"class_type": "StringConcatenate", "inputs": {"string_a": word, "string_b": "b", "delimiter": " "}},
        "2": {"class_type": "StringReplace", "inputs": {"string": ["1", 0], "find": "b", "replace": "c"}},
        "3": {"class_type": "StringTrim", "inputs": {"string": ["2", 0], "mode": "Both"}},
        "4": {"class_type": "PreviewAny", "inputs": {"source": ["3", 0]}},
    }


def sampling_graph(steps: int) -> Graph:
    """A picture of the built-in model: a second or two of one core, with a preview every quarter of a second."""
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": MODEL}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a fox"}},
        "3": {"class_type": "EmptyLatentImage", "inputs": {"width": 128, "height": 128, "batch_size": 1}},
        "4": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["1", 0],
                "positive": ["2", 0],
                "negative": ["2", 0],
                "latent_image": ["3", 0],
                "seed": random.randrange(2**32),
                "steps": steps,
                "cfg": 3.0,
                "sampler_name": "euler",
                "scheduler": "normal",
                "denoise": 1.0,
            },
        },
        "5": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["1", 2]}},
        "6": {"class_type": "PreviewImage", "inputs": {"images": ["5", 0]}},
    }


def key_of(kind: str, data: dict[str, Any]) -> Event:
    return kind, str(data.get("prompt_id")), data.get("node")


def session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None, sock_connect=120)
    )


# Status alone


async def crowd(port: int, seconds: float, count: int) -> dict[str, Any]:
    """Clients that only hear how the queue is, until a line is read from stdin; each should know its end."""
    last: list[int | None] = [None] * count
    heard = 0
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(http: aiohttp.ClientSession, number: int) -> None:
        nonlocal heard
        async with gate:
            ws = await http.ws_connect(f"http://127.0.0.1:{port}/ws?clientId=crowd-{number}", max_msg_size=0)
        async for message in ws:
            if message.type is aiohttp.WSMsgType.TEXT:
                heard += 1
                at = message.data.find("queue_remaining")
                if at >= 0:
                    last[number] = int(message.data[at + 17 :].split("}")[0])

    async with session() as http:
        tasks = [asyncio.create_task(one(http, number)) for number in range(count)]
        await asyncio.wait_for(asyncio.to_thread(sys.stdin.readline), seconds)
        await asyncio.sleep(LAST)
        lost = sum(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {"clients": count, "lost": lost, "messages": heard, "last": sorted({-1 if n is None else n for n in last})}


# Jobs, posts, uploads


@dataclass
class Heard:
    """What a client was told of its jobs."""

    events: list[Event] = field(default_factory=list[Event])
    previews: int = 0
    ended: set[str] = field(default_factory=set[str])
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class Busy:
    """Clients with jobs of their own, others that post and upload, and a page that hears all numbered events."""

    def __init__(self, port: int, http: aiohttp.ClientSession) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.http = http
        self.heard: dict[str, Heard] = {}
        self.fed: dict[str, list[Event]] = {}
        self.gaps = 0
        self.posted = 0
        self.refused = 0
        self.uploads: list[float] = []
        self.running_seconds = 0.0
        self.over = False

    async def listen(self, client: str) -> None:
        heard = self.heard[client] = Heard()
        ws = await self.http.ws_connect(f"{self.url}/ws?clientId={client}", max_msg_size=0)
        await ws.send_json({"type": "feature_flags", "data": {"supports_preview_metadata": True}})

        async def read() -> None:
            async for message in ws:
                if message.type is aiohttp.WSMsgType.BINARY:
                    heard.previews += message.data[:4] == b"\0\0\0\4"
                elif message.type is aiohttp.WSMsgType.TEXT:
                    said = json.loads(message.data)
                    if said["type"] in TOLD:
                        key = key_of(said["type"], said["data"])
                        heard.events.append(key)
                        if key[0] == "executing" and key[2] is None:
                            heard.ended.add(key[1])
                            heard.woken.set()

        self._keep(read())

    async def follow(self) -> None:
        """All numbered events, as the server's own page hears them."""
        ws = await self.http.ws_connect(f"{self.url}/easel/events?previews=1", max_msg_size=0)

        async def read() -> None:
            last = 0
            async for message in ws:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    continue
                said = json.loads(message.data)
                if said["type"] == "hello":
                    last = said["data"]["seq"]
                if "seq" not in said:
                    continue
                self.gaps += said["seq"] != last + 1
                last = said["seq"]
                if said["type"] in TOLD and said["client_id"]:
                    self.fed.setdefault(said["client_id"], []).append(key_of(said["type"], said["data"]))

        self._keep(read())

    def _keep(self, reading: Coroutine[Any, Any, None]) -> None:
        _READING.add(asyncio.create_task(reading))

    async def post(self, client: str, graph: Graph) -> str | None:
        async with self.http.post(f"{self.url}/prompt", json={"prompt": graph, "client_id": client}) as answer:
            self.posted += 1
            if answer.status != 200:
                self.refused += 1
                return None
            return (await answer.json())["prompt_id"]

    async def sample(self, client: str, steps: int, until: float) -> None:
        """Job after job, each when the one before has ended."""
        while time.monotonic() < until:
            began = time.monotonic()
            id = await self.post(client, sampling_graph(steps))
            heard = self.heard[client]
            while id is not None and id not in heard.ended:
                heard.woken.clear()
                await heard.woken.wait()
            self.running_seconds += time.monotonic() - began

    async def keep_posting(self, client: str, every: float, until: float) -> None:
        await asyncio.sleep(random.random() * every)
        while time.monotonic() < until:
            await self.post(client, small_graph())
            await asyncio.sleep(every * random.uniform(0.5, 1.5))

    async def keep_uploading(self, number: int, size: int, every: float, until: float) -> None:
        piece = random.Random(number).randbytes(PIECE)
        await asyncio.sleep(random.random() * min(every, 10))

        async def pieces() -> Any:
            for _ in range(size // PIECE):
                yield piece

        while time.monotonic() < until:
            began = time.monotonic()
            form = aiohttp.FormData()
            form.add_field("image", pieces(), filename=f"load-{number}.bin", content_type="application/octet-stream")
            form.add_field("overwrite", "true")
            async with self.http.post(f"{self.url}/upload/image", data=form) as answer:
                self.refused += answer.status != 200
                self.uploads.append(time.monotonic() - began)
            await asyncio.sleep(every)

    async def settle(self) -> None:
        """Drop what waits and let the last jobs be told of."""
        async with self.http.post(f"{self.url}/queue", json={"clear": True}):
            pass
        end = time.monotonic() + SETTLE
        while time.monotonic() < end:
            async with self.http.get(f"{self.url}/prompt") as answer:
                if (await answer.json())["exec_info"]["queue_remaining"] == 0:
                    break
            await asyncio.sleep(0.2)
        await asyncio.sleep(1.0)


_READING: set[asyncio.Task[None]] = set()


async def busy(port: int, seconds: float, options: argparse.Namespace) -> dict[str, Any]:
    asleep = [await _sleeper(port, f"asleep-{number}") for number in range(options.asleep)]
    async with session() as http:
        all = Busy(port, http)
        await all.follow()
        artists = [f"artist-{number}" for number in range(options.artists)]
        posters = [f"poster-{number}" for number in range(options.posters)]
        for client in [*artists, *posters]:
            await all.listen(client)
        until = time.monotonic() + seconds
        work = [asyncio.create_task(all.sample(client, options.steps, until)) for client in artists]
        work += [asyncio.create_task(all.sample(f"asleep-{n}", options.steps, 0)) for n in range(options.asleep)]
        work += [asyncio.create_task(all.keep_posting(client, options.post_every, until)) for client in posters]
        work += [
            asyncio.create_task(all.keep_uploading(n, options.megabytes * 2**20, options.upload_every, until))
            for n in range(options.uploaders)
        ]
        # Who reads nothing has jobs as well: their previews pile up on the server's side.
        work += [asyncio.create_task(_post_for_sleepers(all, options, until))]
        await asyncio.sleep(seconds)
        await all.settle()
        for task in [*work, *_READING]:
            task.cancel()
        await asyncio.gather(*work, *_READING, return_exceptions=True)
        dropped = sum(len(set(all.fed.get(client, [])) - set(heard.events)) for client, heard in all.heard.items())
        of_artists = [all.heard[client] for client in artists]
    for connection in asleep:
        connection.close()
    return {
        "events": sum(len(heard.events) for heard in all.heard.values()),
        "dropped": dropped,
        "gaps": all.gaps,
        "jobs": sum(len(heard.ended) for heard in all.heard.values()),
        "sampled": sum(len(heard.ended) for heard in of_artists),
        "previews": sum(heard.previews for heard in of_artists),
        "posted": all.posted,
        "refused": all.refused,
        "uploads": len(all.uploads),
        "upload_seconds": round(statistics.median(all.uploads), 2) if all.uploads else None,
    }


async def _post_for_sleepers(all: Busy, options: argparse.Namespace, until: float) -> None:
    while time.monotonic() < until:
        for number in range(options.asleep):
            await all.post(f"asleep-{number}", sampling_graph(options.steps))
        await asyncio.sleep(options.sleepers_every)


async def _sleeper(port: int, client: str) -> socket.socket:
    """A websocket that is opened properly and then never read."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    flags = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}}).encode()
    connection.sendall(
        (
            f"GET /ws?clientId={client} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        + bytes([0x81, 0x80 | len(flags), 0, 0, 0, 0])
        + flags
    )
    return connection


# How long answers take


def probe(port: int, seconds: float, bare: int, every: float) -> dict[str, Any]:
    """POST /prompt and GET /queue, each in turn with the same bytes from the bare handler. Milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in ("prompt", "bare prompt", "queue", "bare queue")}
    ours, theirs = (http.client.HTTPConnection("127.0.0.1", each, timeout=120) for each in (port, bare))

    def ask(name: str, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None) -> int:
        began = time.perf_counter()
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        length = len(answer.read())
        times[name].append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        return length

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        body = json.dumps({"prompt": small_graph(), "client_id": "probe"}).encode()
        length = ask("prompt", ours, "POST", "/prompt", body)
        ask("bare prompt", theirs, "POST", f"/?size={length}", body)
        length = ask("queue", ours, "GET", "/queue", None)
        ask("bare queue", theirs, "GET", f"/?size={length}", None)
        time.sleep(every)
    return {name: figures(taken) for name, taken in times.items()}


def figures(taken: list[float]) -> dict[str, float]:
    ordered = sorted(taken)
    return {
        "count": len(ordered),
        "median": round(ordered[len(ordered) // 2], 2),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 2),
        "most": round(ordered[-1], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["crowd", "busy", "probe"])
    parser.add_argument("port", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--clients", type=int, default=880)
    parser.add_argument("--bare", type=int, default=0)
    parser.add_argument("--every", type=float, default=0.05)
    parser.add_argument("--artists", type=int, default=20)
    parser.add_argument("--posters", type=int, default=100)
    parser.add_argument("--post-every", type=float, default=10.0)
    parser.add_argument("--uploaders", type=int, default=20)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--upload-every", type=float, default=30.0)
    parser.add_argument("--asleep", type=int, default=4)
    parser.add_argument("--sleepers-every", type=float, default=10.0)
    parser.add_argument("--steps", type=int, default=30)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        match options.role:
            case "crowd":
                found = asyncio.run(crowd(options.port, options.seconds, options.clients))
            case "busy":
                found = asyncio.run(busy(options.port, options.seconds, options))
            case _:
                found = probe(options.port, options.seconds, options.bare, options.every)
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
