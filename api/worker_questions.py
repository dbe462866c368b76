"""What the server asks of its device process: each question has a number, which its answer has too."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from api.child import ChildGone
from api.worker_report import WorkerReport
from graph.errors import Problem
from graph.folders import FIRST_PERSON
from graph.registry import Catalogue
from graph.types import JsonObject

SETTLED = 3.0
"""Seconds that whoever frees memory waits to hear that it is done; while a job runs, nobody waits for that."""
CHECK_DEADLINE = 5.0
"""Seconds that a prompt waits for checks that only the worker can make."""
REFRESH_EVERY = 1.0
"""Seconds within which packs' own choices are not read anew once more."""
DESCRIPTION_DEADLINE = 20.0
"""Seconds that one model file's description may take; the first one loads what reads them."""


class Questions:
    """Asks one process after the other. While none is ready, and where one does not answer in time, the answer is None.

    report: what is known of the process. send: raises ChildGone. is_ready: whether one could answer.
    """

    def __init__(
        self, report: WorkerReport, send: Callable[[JsonObject], Awaitable[None]], is_ready: Callable[[], bool]
    ) -> None:
        self.handlers = 0
        """How many of its packs' functions want to see prompts."""
        self._report = report
        self._send = send
        self._is_ready = is_ready
        self._answers: dict[int, asyncio.Future[JsonObject]] = {}
        self._numbers = itertools.count()
        self._changing = False
        """Whether packs take choices from files by themselves."""
        self._refreshed = 0.0

    async def check(self, prompt: JsonObject, nodes: list[str], person: str = FIRST_PERSON) -> list[Problem] | None:
        """What these nodes' own code objects to; None also where it cannot be asked now.

        person: whose files are meant.
        """
        asked = {"type": "validate", "prompt": prompt, "nodes": nodes, "person": person}
        found = await self._ask(asked, CHECK_DEADLINE)
        if found is None or found.get("unknown"):
            return None
        return [Problem(**problem) for problem in found.get("problems", ())]

    async def hand_over(self, body: JsonObject) -> JsonObject:
        """What packs that asked to see prompts make of one; as it is where none asked, or none answers in time."""
        if not self.handlers:
            return body
        found = await self._ask({"type": "on_prompt", "body": body}, CHECK_DEADLINE)
        changed = None if found is None else found.get("body")
        return body if changed is None else changed

    async def refresh(self, patience: float, *, surely: bool = False) -> None:
        """Have choices read anew that packs take from files by themselves; not so soon after the last time, or surely.

        Where no pack has such choices nobody waits.
        """
        if self._changing and (surely or time.monotonic() - self._refreshed > REFRESH_EVERY):
            self._refreshed = time.monotonic()
            await self._ask({"type": "refresh"}, patience)

    async def describe(self, path: Path) -> JsonObject | None:
        """What a model file says of itself (`models/describe.py`)."""
        found = await self._ask({"type": "describe", "path": str(path)}, DESCRIPTION_DEADLINE)
        return None if found is None else found["facts"]

    async def free(self, models: bool, cache: bool) -> None:
        """Give memory back after the job that runs, or at once."""
        await self._ask({"type": "free", "models": models, "cache": cache}, self._patience())

    async def drop(self, *, class_type: str | None = None, model: str | None = None) -> None:
        """Let go of the cached results of one type of node, or of one model, after the job that runs or at once."""
        await self._ask({"type": "drop", "class_type": class_type, "model": model}, self._patience())

    async def stats(self, patience: float, *, detail: bool = False) -> JsonObject | None:
        """The device's entry for /system_stats: fresh, or after `patience` seconds the last known.

        detail: `report.detail` is asked for too.
        """
        await self._ask({"type": "stats", "detail": detail}, patience)
        return self._report.device

    # What the process says

    def answered(self, header: JsonObject) -> None:
        """An answer came; one that nobody waits for any more is passed over."""
        answer = self._answers.get(header["id"])
        if answer is not None and not answer.done():
            answer.set_result(header)

    def learn(self, catalogue: Catalogue) -> None:
        """Its node types are these now."""
        self._changing = any(spec.changing for spec in catalogue.values())

    def fail(self, how: str) -> None:
        """It ended: nothing is answered any more."""
        self.handlers = 0
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ChildGone(how))

    async def _ask(self, header: JsonObject, patience: float) -> JsonObject | None:
        if not self._is_ready():
            return None
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._send({**header, "id": number})
            return await asyncio.wait_for(answer, patience)
        except (ChildGone, TimeoutError):
            return None
        finally:
            self._answers.pop(number, None)

    def _patience(self) -> float:
        return SETTLED if self._report.state == "ready" else 0.0
