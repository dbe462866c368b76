"""What packs want of the control process: kinds of files that they have added, jobs to queue, memory to be freed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from api.people import FIRST
from api.prompt import accept
from api.replies import Refusal
from api.services import Services
from graph.folders import NO_MODELS, Folders
from graph.types import JsonObject

log = logging.getLogger("easel")


class Wishes:
    """Carries out what the worker passes on from its packs."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, header: JsonObject) -> None:
        match header["type"]:
            case "folders":
                for name, kind in Folders.from_json(header["kinds"]).kinds.items():
                    if name not in NO_MODELS:
                        self._services.folders.set_kind(name, kind)
            case "submit":
                self._begin(self._submit(header))
            case _:
                free: JsonObject = header["free"]
                self._begin(self._services.worker.questions.free(bool(free.get("models")), bool(free.get("cache"))))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _submit(self, header: JsonObject) -> None:
        """Queue a job for a pack, as if its client had posted it. What is refused is told in the log."""
        jobs, client_id = self._services.jobs, header["client_id"]
        owner = jobs.owner_for(client_id)
        if owner is None and self._services.accounts.exist:
            log.warning("a pack wanted to queue a prompt, and did not say for whom: it names no client that is here")
            return
        number, targets = float(header["number"]), header.get("targets")
        body: JsonObject = {"prompt": header["prompt"], "extra_data": header["extra_data"]}
        body |= {"client_id": client_id} if client_id else {}
        body |= {} if targets is None else {"partial_execution_targets": targets}
        try:
            found = await accept(self._services, body, owner or FIRST)
            place = jobs.next_number(number < 0)
            await jobs.submit(str(header["prompt_id"]), client_id, place, found.body, found.secrets)
        except Refusal as refusal:
            log.warning("a pack wanted to queue a prompt, which was refused: %s", refusal)
