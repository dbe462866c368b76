"""What has to be told: kept in `webhooks.json` until it is, tried again at growing intervals, never in the queue's way.

A delivery is a POST of JSON. Its header `Easel-Signature: t=SECONDS,v1=HEX` signs it: HEX is the HMAC-SHA256 of
`SECONDS.BODY` under the secret in the file `webhook-secret` of the user's folder.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from api.database import DatabaseError
from api.files_on_disk import write_whole
from api.people import FIRST
from api.queue.past import Past
from api.replies import Refusal
from api.services import SERVICES
from api.webhooks.allowed import PrivateAddress, Resolver, checked, host_of

log = logging.getLogger("easel")

WAITS = (0.0, 2.0, 10.0, 60.0, 600.0)
"""Seconds before each attempt; after the last one a delivery is given up."""
PATIENCE = 10.0
"""Seconds that the other side may take."""
AT_ONCE = 4
MOST = 1000
"""Deliveries that wait; more give up the oldest."""
AGAIN = frozenset({408, 425, 429})
"""Answers besides 5xx after which a delivery is tried again."""


@dataclass
class Delivery:
    id: str
    url: str
    prompt_id: str
    attempts: int = 0
    due: float = 0.0
    """Seconds since 1970."""
    owner: str = FIRST
    """Whose job it is: others may have named theirs the same."""


class Deliveries:
    """Those that wait, and the tasks that make them."""

    def __init__(self, user: Path, hosts: tuple[str, ...], past: Past) -> None:
        self._hosts = hosts
        self._past = past
        self._file = user / "webhooks.json"
        self._secret_file = user / "webhook-secret"
        self._secret = b""
        self._waiting: dict[str, Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._session: aiohttp.ClientSession | None = None
        self._writing = asyncio.Lock()

    async def start(self) -> None:
        """Take up what was not told before the last end. Raises OSError where the secret cannot be made."""
        self._secret = await asyncio.to_thread(_secret, self._secret_file)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=Resolver(self._hosts), limit=AT_ONCE),
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
            auto_decompress=False,
        )
        for delivery in await asyncio.to_thread(_kept, self._file):
            self._waiting[delivery.id] = delivery
            self._begin(delivery)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def heard(self, kind: str, data: Any, owner: str | None) -> None:
        """An event of the queue: a job that has ended may have somebody to tell."""
        if kind == "job_ended" and owner is not None:
            self._spawn(self._look(str(data["prompt_id"]), owner))

    async def _look(self, prompt_id: str, owner: str) -> None:
        try:
            job = await self._past.job(prompt_id, owner)
        except DatabaseError as error:
            log.warning("whom to tell of job %s cannot be read: %s", prompt_id, error)
            return
        url = None if job is None else job["extra"].get("webhook")
        if not isinstance(url, str):
            return
        delivery = Delivery(secrets.token_hex(16), url, prompt_id, owner=owner)
        self._waiting[delivery.id] = delivery
        while len(self._waiting) > MOST:
            del self._waiting[next(iter(self._waiting))]
        await self._keep()
        await self._deliver(delivery)

    def _begin(self, delivery: Delivery) -> None:
        self._spawn(self._deliver(delivery))

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a webhook could not be sent: %r", error)

    async def _deliver(self, delivery: Delivery) -> None:
        while delivery.id in self._waiting:
            await asyncio.sleep(min(max(0.0, delivery.due - time.time()), max(WAITS)))  # clocks may have gone back
            async with self._places:
                problem, again = await self._attempt(delivery)
            delivery.attempts += 1
            if problem and again and delivery.attempts < len(WAITS):
                delivery.due = time.time() + WAITS[delivery.attempts]
                await self._keep()
                continue
            if problem:
                host = host_of(urlsplit(delivery.url))
                log.warning("%s was not told of job %s: %s", host, delivery.prompt_id, problem)
            self._waiting.pop(delivery.id, None)
            await self._keep()

    async def _attempt(self, delivery: Delivery) -> tuple[str, bool]:
        """What went wrong, empty where nothing did, and whether to try once more."""
        assert self._session is not None
        try:
            checked(delivery.url, self._hosts)  # the list may be another since the job was accepted
        except Refusal as refusal:
            return str(refusal), False
        try:
            body = await self._body(delivery)
        except DatabaseError as error:
            return str(error), True
        now = str(int(time.time()))
        signature = hmac.new(self._secret, now.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Easel",
            "Easel-Delivery": delivery.id,
            "Easel-Signature": f"t={now},v1={signature}",
        }
        try:
            async with self._session.post(delivery.url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            private = _cause(error, PrivateAddress)
            if private is not None:
                return str(private), False
            return f"{type(error).__name__}: {error}".rstrip(": "), True
        if 200 <= status < 300:
            return "", False
        if 300 <= status < 400:
            return f"it answered {status}, and redirects are not followed", False
        return f"it answered {status}", status >= 500 or status in AGAIN

    async def _body(self, delivery: Delivery) -> bytes:
        facts = await self._past.times(delivery.prompt_id, delivery.owner)
        told = {"event": "job_ended", "id": delivery.id, "prompt_id": delivery.prompt_id, **facts}
        for name in ("position", "progress"):
            told.pop(name, None)
        return json.dumps(told, separators=(",", ":")).encode()

    async def _keep(self) -> None:
        """Write down what waits; a full disk costs what a restart would need, and nothing else."""
        async with self._writing:  # of two states the newer one must be there afterwards
            data = json.dumps([asdict(delivery) for delivery in self._waiting.values()]).encode()
            try:
                await asyncio.to_thread(write_whole, self._file, data)
            except OSError as error:
                log.warning("waiting webhooks could not be written down: %s", error)


def _cause(error: BaseException | None, kind: type[BaseException]) -> BaseException | None:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error


def _secret(path: Path) -> bytes:
    """The secret that signs, made where there is none; only the user may read it."""
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        made = secrets.token_hex(32).encode()
        write_whole(path, made + b"\n", private=True)
        return made


def _kept(path: Path) -> list[Delivery]:
    try:
        found: Any = json.loads(path.read_bytes())
        return [Delivery(**cast("dict[str, Any]", one)) for one in found]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        log.warning("the webhooks that waited in %s cannot be read: %s", path, error)
        return []


async def keep_delivering(app: web.Application) -> AsyncGenerator[None]:
    """For as long as the application lives, where any host was listed."""
    services = app[SERVICES]
    hosts = services.flags.webhook_hosts
    if not hosts:
        yield
        return
    deliveries = Deliveries(services.flags.user, hosts, Past(services.journal))
    try:
        await deliveries.start()
        services.feed.watch(deliveries.heard)
    except OSError as error:
        log.error("nobody is told of jobs: the secret for that cannot be made or read: %s", error)
    yield
    await deliveries.stop()
