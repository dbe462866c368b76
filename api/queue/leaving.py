"""Jobs of people who may not run any: their account is gone or switched off, or they may only look by now.

The queue asks `may_run` when a job is taken in and right before it runs, so none of theirs begins, whatever becomes of
what is done here: what runs is stopped, and what waits is taken out without waiting for its turn. An admin can bring it
back for a day, once its owner may run jobs again.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from api.accounts.store import AccountStore
from api.database import DatabaseError
from api.people import ALONE, SCOPES_OF, only
from api.queue.jobs import Jobs

log = logging.getLogger("easel")


def may_run(accounts: AccountStore, owner: str) -> bool:
    """Whether jobs of this person may run. Without accounts everybody's may."""
    if not accounts.exist:
        return True
    account = accounts.account(owner)
    return account is not None and not account.disabled and "run" in SCOPES_OF[account.role]


class Leaving:
    """Looks after the jobs when accounts have changed."""

    def __init__(self, accounts: AccountStore, jobs: Jobs) -> None:
        self._accounts = accounts
        self._jobs = jobs
        self._tasks: set[asyncio.Task[None]] = set()

    def look(self) -> None:
        task = asyncio.create_task(self._look(), name="jobs of who left")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _look(self) -> None:
        running = self._jobs.running_for(ALONE)
        owners = {entry.owner for entry in self._jobs.line.waiting.all()}
        owners |= set() if running is None else {running.owner}
        for owner in owners:
            if may_run(self._accounts, owner):
                continue
            them = only(owner)
            try:
                await self._jobs.interrupt(None, them)
                gone = await self._jobs.remove(None, them)
                log.info("%s may not run jobs any more: %d that waited were taken out", owner, len(gone))
            except DatabaseError as error:
                log.error("jobs of %s could not be taken out: %s", owner, error)
