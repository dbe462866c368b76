# pyright: basic
"""ComfyUI's `server`: `PromptServer.instance`, by which packs add routes and talk to the page.

The server itself is another process. What packs send goes there over the link; what they ask is answered from what this
process knows: the job that runs, and the routes that they have added.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import struct
import sys
import uuid
from collections.abc import Callable
from types import FrameType
from typing import Any

import aiohttp
from aiohttp import web

from graph.context import BEHALF, Context
from graph.folders import FIRST_PERSON
from nodes.compat.host import host, running
from nodes.compat.own_modules import pack_of
from nodes.compat.progress import encoded, of_node, show
from nodes.compat.prompt_queue import PromptQueueView
from nodes.compat.routes import ROUTES

__all__ = ["BinaryEventTypes", "PromptServer", "aiohttp", "asyncio", "json", "logging", "os", "struct", "uuid", "web"]

log = logging.getLogger("worker")

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class BinaryEventTypes:
    """Numbers of messages whose data are bytes."""

    PREVIEW_IMAGE = 1
    UNENCODED_PREVIEW_IMAGE = 2
    TEXT = 3
    PREVIEW_IMAGE_WITH_METADATA = 4


class _Users:
    """Who asks, for routes of packs; they are told of nobody else."""

    def __init__(self) -> None:
        self.users = {"default": "default"}

    def get_request_user_id(self, request: Any) -> str:
        behalf = BEHALF.get()
        return FIRST_PERSON if behalf is None else behalf.person

    def get_request_user_filepath(
        self, request: Any, file: str | None, type: str = "userdata", create_dir: bool = True
    ) -> str | None:
        """A path in the user's folder; None for a name that leaves it."""
        from graph.errors import FileNameError
        from graph.folders import inside
        from nodes.compat.folder_paths import get_user_directory

        try:
            root = inside(get_user_directory(), self.get_request_user_id(request))
            path = str(root if file is None else inside(root, file))
        except FileNameError:
            return None
        if create_dir:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        return path


class _Handlers(list[Handler]):
    """Those who see prompts. The server asks this process from the first one on."""

    def append(self, handler: Handler) -> None:
        super().append(handler)
        host().tell({"type": "prompt_handlers", "count": len(self)})


SENDING = frozenset({"send_sync", "send", "send_json", "send_bytes"})


def _tell_of_replaced(name: str, frame: FrameType) -> None:
    """A pack puts another function in the place of one that sends."""
    if name in SENDING and pack_of(frame.f_globals) is not None:
        log.warning(
            "a pack replaces PromptServer.%s (%s, line %s): it is called with what packs send. What the server itself "
            "tells of jobs does not pass there in Easel.",
            name,
            frame.f_code.co_filename,
            frame.f_lineno,
        )


class _Watched(type):
    def __setattr__(cls, name: str, value: Any) -> None:
        _tell_of_replaced(name, sys._getframe(1))
        super().__setattr__(name, value)


class PromptServer(metaclass=_Watched):
    """There is one, `PromptServer.instance`, before the first pack is imported."""

    instance: PromptServer

    def __init__(self) -> None:
        PromptServer.instance = self
        self.supports = ["custom_nodes_from_web"]
        self.routes = ROUTES.routes
        self.app = ROUTES.app
        self.prompt_queue = PromptQueueView()
        self.user_manager = _Users()
        self.on_prompt_handlers: list[Handler] = _Handlers()
        self.sockets: dict[str, Any] = {}
        self.sockets_metadata: dict[str, Any] = {}
        self.number = 1
        self.address = str(next(iter(host().config.get("listen", ("127.0.0.1",)))))
        self.port = int(host().config.get("port", 8188))
        self.client_session = None
        self.messages: asyncio.Queue[Any] = asyncio.Queue()

    def __setattr__(self, name: str, value: Any) -> None:
        _tell_of_replaced(name, sys._getframe(1))
        super().__setattr__(name, value)

    # What runs

    @property
    def client_id(self) -> str | None:
        """The client of the job that runs."""
        job = self._running()
        return None if job is None else job.client_id

    @client_id.setter
    def client_id(self, value: str | None) -> None:
        """Whose job runs is known already."""

    @property
    def last_node_id(self) -> str | None:
        context = running()
        return None if context is None else str(context.node_id)

    @last_node_id.setter
    def last_node_id(self, value: str | None) -> None:
        """Which node runs is known already."""

    @property
    def last_prompt_id(self) -> str | None:
        job = self._running()
        return None if job is None else job.prompt_id

    @last_prompt_id.setter
    def last_prompt_id(self, value: str | None) -> None:
        """Which job runs is known already."""

    def _running(self) -> Any:
        return running() or host().job

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop on which the asking pack's routes are served."""
        return ROUTES.loop(sys._getframe(1).f_globals)

    @property
    def web_root(self) -> str:
        """A folder of the user's: nothing in it is served, as packs have folders of their own for that."""
        from nodes.compat.folder_paths import get_user_directory

        return os.path.join(get_user_directory(), "web")

    # Messages

    def send_sync(self, event: str | int, data: Any, sid: str | None = None) -> None:
        """Send to one client, or to all. Previews of the node that runs are shown as such."""
        context = running()
        if event in (BinaryEventTypes.UNENCODED_PREVIEW_IMAGE, BinaryEventTypes.PREVIEW_IMAGE_WITH_METADATA):
            picture, said = (data[0], data[1]) if event == BinaryEventTypes.PREVIEW_IMAGE_WITH_METADATA else (data, {})
            shown = of_node(context, said.get("node_id"))
            if shown is not None:
                show(shown, picture)
                return
            kind, image, *size = picture
            number = struct.pack(">I", 2 if kind == "PNG" else 1)
            host().send(BinaryEventTypes.PREVIEW_IMAGE, number + encoded(image, kind, *size), sid)
            return
        if not isinstance(event, str):
            host().send(int(event), bytes(data), sid)
            return
        host().send(event, data, sid)

    async def send(self, event: str | int, data: Any, sid: str | None = None) -> None:
        self.send_sync(event, data, sid)

    async def send_json(self, event: str, data: Any, sid: str | None = None) -> None:
        self.send_sync(event, data, sid)

    async def send_bytes(self, event: int, data: bytes, sid: str | None = None) -> None:
        self.send_sync(event, data, sid)

    def send_progress_text(self, text: str | bytes, node_id: str, sid: str | None = None) -> None:
        """Show a line of text on a node."""
        line = text.decode() if isinstance(text, bytes) else str(text)
        context: Context | None = of_node(running(), node_id)
        if context is not None:
            context.text(line)
            return
        name = str(node_id).encode()
        host().send(BinaryEventTypes.TEXT, struct.pack(">I", len(name)) + name + line.encode(), sid)

    def queue_updated(self) -> None:
        """The server tells clients of its queue by itself."""

    def get_queue_info(self) -> dict[str, Any]:
        return {"exec_info": {"queue_remaining": self.prompt_queue.get_tasks_remaining()}}

    # Prompts on their way in

    def add_on_prompt_handler(self, handler: Handler) -> None:
        """handler: gets what was posted to /prompt before it is checked, and gives it back, changed or not."""
        self.on_prompt_handlers.append(handler)

    def trigger_on_prompt(self, json_data: dict[str, Any]) -> dict[str, Any]:
        """What all handlers make of a prompt; one that fails is passed over, and told in the log."""
        for handler in list(self.on_prompt_handlers):
            try:
                changed = handler(json_data)
            except Exception:
                log.warning("a pack's prompt handler failed; the prompt goes on without it", exc_info=True)
                continue
            if isinstance(changed, dict):
                json_data = changed
        return json_data


PromptServer()
