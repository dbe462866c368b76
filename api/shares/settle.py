"""What became of guests' runs, written down with their link: the history may forget them, the link must not."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

from aiohttp import web

from api.database import DatabaseError
from api.people import only
from api.queue.past import Past
from api.replies import Refusal
from api.services import SERVICES, Services
from api.shares.files import results_of
from api.shares.form import read_form
from api.shares.store import Share

log = logging.getLogger("easel")

SETTLE_EVERY = 20.0
"""Seconds between two looks after runs that no guest asks for, where no job has ended meanwhile."""
SETTLED = 10.0
"""Seconds that a run may be on its way into the queue; then one that is not there was taken out."""


async def settle_runs(services: Services, share: Share) -> None:
    """Write down what became of runs that neither wait nor run any more."""
    for run in await services.shares.open_runs(share.id):
        if services.jobs.place(run.prompt_id, only(share.owner)) is not None:
            continue
        ended = await Past(services.journal).outcome(run.prompt_id, share.owner)
        if ended is not None:
            outputs, status = ended
            results = results_of(outputs, read_form(share.form, share.prompt).outputs)
            await services.shares.settle(run.id, _state(status), results, time.time())
            continue
        is_open = await services.journal.is_open(run.prompt_id, share.owner)
        if not is_open and not 0 <= time.time() - run.created <= SETTLED:
            await services.shares.settle(run.id, "stopped", [], time.time())


async def keep_settled(app: web.Application) -> AsyncGenerator[None]:
    """Look after runs whose guests have gone: their results are kept here before the history forgets them."""

    services = app[SERVICES]
    ended = asyncio.Event()  # at once, before anybody clears the history
    services.feed.watch(lambda kind, data, owner: ended.set() if kind == "job_ended" else None)

    async def look() -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), SETTLE_EVERY)
            ended.clear()
            try:
                shares = await services.shares.with_open_runs()
            except DatabaseError as error:
                log.error("%s", error)
                continue
            for share in shares:
                try:
                    await settle_runs(services, share)
                except (DatabaseError, Refusal) as error:
                    log.error("%s", error)
                except Exception:  # a fault of ours over one link must not end this for all, as long as the server runs
                    log.exception("runs of the shared link %s could not be looked after", share.id)

    task = asyncio.create_task(look(), name="shares")
    yield
    task.cancel()


def _state(status: Any) -> str:
    if status["completed"]:
        return "done"
    interrupted = any(message[0] == "execution_interrupted" for message in status["messages"])
    return "stopped" if interrupted else "failed"
