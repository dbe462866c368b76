"""What may be done with jobs that wait: add, take out, bring back, move, edit, name. On the disk before it is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from api.database import DatabaseError
from api.hub import Feed
from api.queue.journal import Body, Entry, Journal
from api.queue.pace import Paces
from api.queue.waiting import Waiting
from graph.types import JsonObject

LISTED = 1000
"""Waiting jobs that pages are told of by name."""


class Line:
    """The jobs that wait.

    changed: told when there are more or fewer of them.
    """

    def __init__(self, journal: Journal, feed: Feed, changed: Callable[[], None]) -> None:
        self.waiting = Waiting()
        self.paces = Paces()
        self.secrets: dict[int, JsonObject] = {}
        """Credentials of jobs by seq, which are never written down."""
        self._journal = journal
        self._feed = feed
        self._changed = changed

    async def read_paces(self) -> None:
        self.paces = Paces(await self._journal.paces())

    async def submit(
        self, prompt_id: str, client_id: str | None, number: float, body: Body, secrets: JsonObject
    ) -> tuple[float, list[str]]:
        """Put a job into the queue. When this returns, the job is on the disk. Raises DatabaseError.

        One that names a slot takes the place of what waits in it, in one step. Gives its number, and whose place it
        took.
        """
        body = self._reckoned(body)
        slot, now = body.about.slot, time.time()
        # Out of the list first: while the journal writes, the loop must not start one of them.
        older = self.waiting.take_out(lambda e: slot is not None and e.about.slot == slot and e.client_id == client_id)
        if older:
            number = older[0].number
        try:
            seq = await self._journal.accept(
                prompt_id, client_id, number, body, now, instead_of=[entry.seq for entry in older]
            )
        except DatabaseError:
            self._insert(older)
            raise
        self._forget_secrets(older)
        if secrets:
            self.secrets[seq] = secrets
        entry = Entry(seq, prompt_id, client_id, number, 0, body.about, now)
        self._insert([entry])
        gone = [each.prompt_id for each in older]
        self.tell([entry], gone)
        self._changed()
        return number, gone

    async def remove(self, ids: Sequence[str] | None = None) -> list[str]:
        """Take waiting jobs out: those with these ids, or all; gives the ids of those that were."""
        named = None if ids is None else set(ids)
        gone = self.waiting.take_out(lambda entry: named is None or entry.prompt_id in named)
        if not gone:
            return []
        try:
            await self._journal.remove([entry.seq for entry in gone])
        except DatabaseError:
            self._insert(gone)
            raise
        self._forget_secrets(gone)
        found = [entry.prompt_id for entry in gone]
        self.tell([], found)
        self._changed()
        return found

    async def bring_back(self, ids: Sequence[str]) -> list[str]:
        """Jobs that were taken out while they waited wait again, where they were; gives the ids of those found."""
        found = await self._journal.bring_back(ids)
        self.put_back(found)
        return [entry.prompt_id for entry in found]

    def put_back(self, entries: Sequence[Entry]) -> None:
        """These wait again; the journal says so already."""
        self._insert(entries)
        self.tell(entries)
        self._changed()

    async def move(self, ids: Sequence[str], anchor: str | None, after: bool) -> None:
        """Let waiting jobs run before or after another, or, without one, before or after all. Raises NotWaiting."""
        changed = self.waiting.moved(ids, anchor, after)
        before = {entry.seq: entry for entry in self.waiting}
        # At once, so that what is asked for next meets the new order; a disk that is full brings the old one back.
        self.waiting.exchange(changed)
        try:
            await self._journal.renumber([(entry.number, entry.seq) for entry in changed])
        except DatabaseError:
            self.waiting.exchange(before[entry.seq] for entry in changed)
            raise
        self.tell(changed)

    async def renumber(self, prompt_id: str, number: float) -> None:
        """Give a waiting job another number: lower ones run first. Raises NotWaiting."""
        old = self.waiting.find(prompt_id)
        self.waiting.exchange([replace(old, number=number)])
        try:
            await self._journal.renumber([(number, old.seq)])
        except DatabaseError:
            self.waiting.exchange([old])
            raise
        self.tell(each for each in self.waiting if each.seq == old.seq)

    async def place(self, prompt_id: str, position: int) -> None:
        """Let a waiting job stand at this place in the line; 1 is next. Raises NotWaiting."""
        self.waiting.find(prompt_id)
        rest = [each.prompt_id for each in self.waiting if each.prompt_id != prompt_id]
        if position <= len(rest):
            await self.move([prompt_id], rest[position - 1], after=False)
        else:
            await self.move([prompt_id], None, after=True)

    async def edit(self, prompt_id: str, body: Body, secrets: JsonObject) -> None:
        """Give a waiting job another prompt: it runs that one, or this fails and it runs its own. Raises NotWaiting."""
        seq = self.waiting.find(prompt_id).seq
        body = self._reckoned(body)
        # The journal is asked before this gives way: should the loop start the job meanwhile, it reads the new prompt.
        await self._journal.edit(seq, body)
        self.secrets.pop(seq, None)
        if secrets:
            self.secrets[seq] = secrets
        self.tell(self.waiting.exchange([replace(each, about=body.about) for each in self.waiting if each.seq == seq]))

    async def rename(self, prompt_id: str, name: str) -> bool:
        """Call a job something, whether it waits or not; says whether there is one of that id."""
        if await self._journal.rename(prompt_id, name) is None:
            return False
        named = [each for each in self.waiting if each.prompt_id == prompt_id]
        self.tell(self.waiting.exchange([replace(each, about=replace(each.about, name=name)) for each in named]))
        return True

    def job_json(self, entry: Entry) -> JsonObject:
        """A job that waits or runs, as pages are told of it."""
        return {
            "prompt_id": entry.prompt_id,
            "client_id": entry.client_id,
            "number": entry.number,
            "seq": entry.seq,
            "accepted": entry.accepted,
            "attempts": entry.attempts,
            "expected_ms": self.paces.expected(entry.about.work),
            **entry.about.to_json(),
        }

    def tell(self, changed: Iterable[Entry], gone: Sequence[str] = ()) -> None:
        """Pages hear which waiting jobs are new or have changed, and which wait no more."""
        jobs = [self.job_json(entry) for entry in changed]
        if gone:
            self._feed.publish("jobs", {"set": [], "gone": list(gone)})
        for at in range(0, len(jobs), LISTED):
            self._feed.publish("jobs", {"set": jobs[at : at + LISTED], "gone": []})

    def _reckoned(self, body: Body) -> Body:
        """With what it will have to do that the job before it does not."""
        work = self.paces.work(json.loads(body.prompt), json.loads(body.targets))
        return replace(body, about=replace(body.about, work=work))

    def _insert(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.waiting.insert(entry)

    def _forget_secrets(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.secrets.pop(entry.seq, None)
