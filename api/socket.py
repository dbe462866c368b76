"""Websockets: /ws as existing clients know it, and /easel/events for pages of ours."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

from aiohttp import web

from api.hub import Listener, serve_listener, text
from api.people import who
from api.services import SERVICES, Services
from graph.types import JsonObject

LARGEST_WORD = 1024 * 1024
"""Bytes of one message from a client: they only ever send feature flags."""


async def ws(request: web.Request) -> web.WebSocketResponse:
    services, person = request.app[SERVICES], who(request)
    # No heartbeat: existing clients block in their own code for longer than any sensible one.
    socket = web.WebSocketResponse(max_msg_size=LARGEST_WORD, compress=False)
    await socket.prepare(request)
    listener = Listener(socket, request.query.get("clientId") or uuid.uuid4().hex, request.transport, person)
    services.hub.join(listener)
    listener.put(text("status", {"status": services.jobs.status(), "sid": listener.client_id}))
    if (running := services.jobs.running_of(person, listener.client_id)) is not None:
        for message in running.greeting():
            listener.put(message)
        if (frame := running.last_preview(described=False)) is not None:
            listener.put(frame, preview=True)
    first = True

    def read(said: str) -> None:
        nonlocal first
        if first and (flags := _feature_flags(said)) is not None:
            listener.flags = flags
            listener.put(text("feature_flags", features(services)))
            if (running := services.jobs.running_of(person, listener.client_id)) is not None:
                rich = flags.get("supports_preview_metadata") is True
                if rich and (frame := running.last_preview(described=True)) is not None:
                    listener.put(frame, preview=True)
                if flags.get("easel_nodes") is True and (told := running.told_facts()) is not None:
                    listener.put(told)
        first = False

    try:
        await serve_listener(listener, read)
    finally:
        services.hub.leave(listener)
    return socket


async def events(request: web.Request) -> web.WebSocketResponse:
    """Events of all jobs that the person sees from `?since=` on, with `?epoch=` as the greeting named it;
    `?previews=1` adds previews, `?alive=SECONDS` a word so often."""
    services, person = request.app[SERVICES], who(request)
    socket = web.WebSocketResponse(max_msg_size=LARGEST_WORD, compress=False, heartbeat=30)
    await socket.prepare(request)
    listener = Listener(socket, uuid.uuid4().hex, request.transport, person)
    listener.flags["previews"] = request.query.get("previews") == "1"
    since = request.query.get("since", "")[:30]
    services.feed.join(
        listener, request.query.get("epoch"), int(since) if since.isdecimal() else None, services.jobs.state(person)
    )
    running = services.jobs.running_for(person)
    if listener.flags["previews"] and running is not None and (frame := running.last_preview(described=True)):
        listener.put(frame, preview=True)
    alive = asyncio.create_task(_say_alive(listener, request.query.get("alive", "")))
    try:
        await serve_listener(listener, lambda _: None)
    finally:
        alive.cancel()
        services.feed.leave(listener)
    return socket


async def _say_alive(listener: Listener, every: str) -> None:
    """For who asks for it, a word every so many seconds: browsers do not show pings, so a page that hears nothing at
    all could not tell a cut network from a quiet one."""
    while every.isdecimal() and int(every[:4]) > 0:
        await asyncio.sleep(int(every[:4]))
        listener.put(text("alive", None), replaces="alive")


def features(services: Services) -> JsonObject:
    """What this server says it can do, here and at /features."""
    return {"supports_preview_metadata": True, "max_upload_size": services.flags.max_upload}


def _feature_flags(said: str) -> JsonObject | None:
    try:
        message: Any = json.loads(said)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict) or message.get("type") != "feature_flags":  # pyright: ignore[reportUnknownMemberType]
        return None
    data: Any = message.get("data")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return data if isinstance(data, dict) else {}  # pyright: ignore[reportUnknownVariableType]


ROUTES = [web.get("/ws", ws)]
OWN_ROUTES = [web.get("/easel/events", events)]
