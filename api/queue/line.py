"""What may be done with jobs that wait: add, take out, bring back, move, edit, name. On the disk before it is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import replace

from api.clock import now_for_deleting
from api.database import DatabaseError
from api.hub import Feed
from api.people import Person
from api.queue.fair import taken_for
from api.queue.journal import Body, Entry, Journal
from api.queue.pace import MOST_NODES, Paces
from api.queue.quota import Quota, Unlimited, Use, check_count, check_time, use_of
from api.queue.spending import Spending
from api.queue.summaries import About
from api.queue.waiting import NotWaiting, Waiting
from api.queue.whose import own_of, seen_by
from api.replies import Refusal
from graph.types import JsonObject

LISTED = 1000
"""Waiting jobs that pages are told of by name."""
AT_ONCE = 200
"""Jobs that are taken out in one transaction."""


class Line:
    """The jobs that wait.

    changed: told when there are more or fewer of them.
    """

    def __init__(
        self, journal: Journal, feed: Feed, changed: Callable[[], None], runs: Callable[[], tuple[str, float] | None]
    ) -> None:
        self.waiting = Waiting(self._used, lambda entry: self.paces.expected(entry.about.work))
        self.paces = Paces()
        self.spending = Spending()
        self.quota_of: Callable[[str], Quota] = lambda person: Unlimited()
        self.may_run: Callable[[str], bool] = lambda person: True
        """Asked before a job of this person is taken in, and right before it runs."""
        self.secrets: dict[int, JsonObject] = {}
        """Credentials of jobs by seq, which are never written down."""
        self._journal = journal
        self._feed = feed
        self._changed = changed
        self._runs = runs
        self._coming: list[tuple[str, About]] = []
        self._edited: dict[int, About] = {}
        """By seq, what jobs will be that wait and are being written down anew: they count as that already."""

    async def read(self) -> None:
        """Take up what the journal knows of times."""
        self.paces = Paces(await self._journal.paces())
        self.spending = Spending(await self._journal.spent())

    def _used(self) -> dict[str, float]:
        """What everybody had of the device lately, with what the job that runs has had so far."""
        used = self.spending.lately(now_for_deleting())
        if (running := self._runs()) is not None:
            used[running[0]] = used.get(running[0], 0.0) + running[1]
        return used

    def check_owner(self, owner: str) -> None:
        """Raise Refusal where jobs of this person may not run."""
        if not self.may_run(owner):
            raise Refusal(
                403,
                "may_not_run",
                "Jobs of this account may not run: it was removed or switched off, or it may only look.",
            )

    def check_room(self, owner: str, more: Sequence[About], instead: Collection[int] = ()) -> None:
        """Raise Refusal where a person's quota has no room for these jobs besides those that are there, without
        `instead`, by seq.

        The last of them may go over the time that there is, as the one job that is queued now may: how long jobs take
        is only guessed. All before it count.
        """
        quota = self.quota_of(owner)
        if quota.most_queued is None and quota.gpu_seconds_per_day is None:
            return
        there = self._open(owner, instead)
        check_count(quota, self._count(owner, there), len(more))
        self._check_time(owner, [*there, *more[:-1]])

    def use(self, owner: str) -> Use:
        """What a person has of the queue and of the device, as it is held against their quota."""
        there = self._open(owner)
        count, ms = self._count(owner, there), self._open_ms(owner, there)
        return use_of(self.quota_of(owner), self.spending, owner, count, ms, now_for_deleting())

    def _check_time(self, owner: str, counted: Iterable[About]) -> None:
        check_time(self.quota_of(owner), self.spending, owner, self._open_ms(owner, counted), now_for_deleting())

    def _count(self, owner: str, waiting: Sequence[About]) -> int:
        running = self._runs()
        return len(waiting) + (running is not None and running[0] == owner)

    def _open_ms(self, owner: str, waiting: Iterable[About]) -> float:
        running = self._runs()
        ms = running[1] if running is not None and running[0] == owner else 0.0
        return ms + sum(taken_for(self.paces.expected(about.work)) for about in waiting)

    def _open(self, owner: str, instead: Collection[int] = ()) -> list[About]:
        """A person's jobs that wait or are being written down."""
        waiting = [entry for entry in self.waiting.of(owner) if entry.seq not in instead]
        return [self._edited.get(entry.seq, entry.about) for entry in waiting] + [
            about for whose, about in self._coming if whose == owner
        ]

    @contextmanager
    def _arriving(self, jobs: Sequence[tuple[str, About]]) -> Generator[None]:
        """While these, each with its owner, are being written down they count as there already."""
        self._coming += jobs
        try:
            yield
        finally:
            for job in jobs:
                self._coming.remove(job)

    async def submit(
        self, prompt_id: str, client_id: str | None, number: float, body: Body, secrets: JsonObject
    ) -> tuple[float, list[str]]:
        """Put a job into its owner's line. When this returns, the job is on the disk. Raises DatabaseError, and
        Refusal where the owner's quota is used up or their jobs may not run.

        One that names a slot takes the place of what waits in it, in one step. Gives its number, and whose place it
        took.
        """
        slot, now, owner = body.about.slot, time.time(), body.owner

        def same(entry: Entry) -> bool:
            return entry.about.slot == slot and entry.client_id == client_id and entry.owner == owner

        self.check_owner(owner)
        replaced = () if slot is None else {entry.seq for entry in self.waiting.of(owner) if same(entry)}
        self.check_room(owner, [body.about], replaced)
        body = self._reckoned(body)
        # Out of the list first: while the journal writes, the loop must not start one of them.
        older = [] if slot is None else self.waiting.take_out(same)
        if older:
            number = older[0].number
        try:
            with self._arriving([(owner, body.about)]):
                seq = await self._journal.accept(
                    prompt_id, client_id, number, body, now, instead_of=[entry.seq for entry in older]
                )
        except DatabaseError:
            self._insert(older)
            raise
        self._forget_secrets(older)
        if secrets:
            self.secrets[seq] = secrets
        entry = Entry(seq, prompt_id, client_id, number, 0, body.about, now, owner)
        self._insert([entry])
        self.tell([entry], older)
        self._changed()
        return number, [each.prompt_id for each in older]

    async def remove(self, ids: Sequence[str] | None, person: Person) -> list[str]:
        """Take waiting jobs out: those with these ids, or all of one's own; gives the ids of those that were."""
        named, own = set(ids or ()), own_of(person)

        def chosen(entry: Entry) -> bool:
            if ids is None:
                return own is None or entry.owner == own
            return entry.prompt_id in named and person.sees(entry.owner)

        gone = self.waiting.take_out(chosen)
        if not gone:
            return []
        done = 0
        try:
            while done < len(gone):
                # Not all in one go: who queues a job meanwhile waits for one part of many.
                await self._journal.remove([entry.seq for entry in gone[done : done + AT_ONCE]])
                done += AT_ONCE
        finally:
            self._insert(gone[done:])
            self._forget_secrets(gone[:done])
            self.tell([], gone[:done])
            self._changed()
        return [entry.prompt_id for entry in gone]

    async def bring_back(self, ids: Sequence[str], person: Person) -> list[str]:
        """Jobs that were taken out while they waited wait again, where they were; gives the ids of those found.

        Raises Refusal where a quota has no room for them, or jobs of their owner may not run.
        """
        taken = await self._journal.taken_out(ids, seen_by(person))
        for owner in {entry.owner for entry in taken}:
            self.check_owner(owner)
            self.check_room(owner, [entry.about for entry in taken if entry.owner == owner])
        with self._arriving([(entry.owner, entry.about) for entry in taken]):
            found = await self._journal.bring_back([entry.seq for entry in taken])
        self.put_back(found)
        return [entry.prompt_id for entry in found]

    async def drop(self, entry: Entry) -> None:
        """Take out one whose turn it is, and which is not in the list any more. Raises DatabaseError."""
        await self._journal.remove([entry.seq])
        self._forget_secrets([entry])
        self.tell([], [entry])
        self._changed()

    def put_back(self, entries: Sequence[Entry]) -> None:
        """These wait again; the journal says so already."""
        self._insert(entries)
        self.tell(entries)
        self._changed()

    async def move(self, ids: Sequence[str], anchor: str | None, after: bool, person: Person) -> None:
        """Let waiting jobs run before or after another, or, without one, before or after all: see `Waiting.moved`.

        Raises NotWaiting.
        """
        await self._exchange(self.waiting.moved(ids, anchor, after, person))

    async def renumber(self, prompt_id: str, number: float, person: Person) -> None:
        """Give a waiting job another number: of one person's jobs lower ones run first. Raises NotWaiting."""
        await self._exchange([replace(self.waiting.find(prompt_id, person), number=number, pinned=None)])

    async def place(self, prompt_id: str, position: int, person: Person) -> None:
        """Let a waiting job stand at this place in the line, as far as others' turns allow; 1 is next.

        Raises NotWaiting.
        """
        job = self.waiting.find(prompt_id, person)
        rest = [each for each in self.waiting if each.seq != job.seq][max(0, position - 1) :]
        if not person.may("admin"):
            rest = [each for each in rest if each.owner == job.owner]
        await self.move([prompt_id], rest[0].prompt_id if rest else None, after=not rest, person=person)

    async def _exchange(self, changed: Sequence[Entry]) -> None:
        seqs = {entry.seq for entry in changed}
        before = [entry for entry in self.waiting.all() if entry.seq in seqs]
        # At once, so that what is asked for next meets the new order; a disk that is full brings the old one back.
        self.waiting.exchange(changed)
        try:
            await self._journal.renumber([(entry.number, entry.pinned, entry.seq) for entry in changed])
        except DatabaseError:
            self.waiting.exchange(before)
            raise
        self.tell(entry for entry in self.waiting.all() if entry.seq in seqs)

    async def edit(self, prompt_id: str, body: Body, secrets: JsonObject) -> None:
        """Give a waiting job of the body's owner another prompt: it runs that one, or this fails and it runs its own.

        Raises NotWaiting, and Refusal where its owner's time of the device is used up.
        """
        seq = next((each.seq for each in self.waiting.of(body.owner) if each.prompt_id == prompt_id), None)
        if seq is None:
            raise NotWaiting(prompt_id)
        self._check_time(body.owner, self._open(body.owner, [seq]))
        body = self._reckoned(body)
        # The journal is asked before this gives way: should the loop start the job meanwhile, it reads the new prompt.
        self._edited[seq] = body.about
        try:
            await self._journal.edit(seq, body)
        finally:
            if self._edited.get(seq) is body.about:  # another edit of the same job may have begun
                del self._edited[seq]
        self.secrets.pop(seq, None)
        if secrets:
            self.secrets[seq] = secrets
        mine = [each for each in self.waiting.of(body.owner) if each.seq == seq]
        self.tell(self.waiting.exchange([replace(each, about=body.about) for each in mine]))

    async def rename(self, prompt_id: str, name: str, person: Person) -> bool:
        """Call a job something, whether it waits or not; says whether there is one of that id."""
        if await self._journal.rename(prompt_id, name, seen_by(person)) is None:
            return False
        named = [each for each in self.waiting.all() if each.prompt_id == prompt_id and person.sees(each.owner)]
        self.tell(self.waiting.exchange([replace(each, about=replace(each.about, name=name)) for each in named]))
        return True

    def job_json(self, entry: Entry) -> JsonObject:
        """A job that waits or runs, as pages are told of it."""
        return {
            "prompt_id": entry.prompt_id,
            "client_id": entry.client_id,
            "owner": entry.owner,
            "number": entry.number,
            "pinned": entry.pinned,
            "seq": entry.seq,
            "accepted": entry.accepted,
            "attempts": entry.attempts,
            "expected_ms": self.paces.expected(entry.about.work),
            **entry.about.to_json(),
        }

    def tell(self, changed: Iterable[Entry], gone: Iterable[Entry] = ()) -> None:
        """Pages hear which waiting jobs are new or have changed, and which wait no more: each page of its own."""
        left: dict[str, list[str]] = {}
        for entry in gone:
            left.setdefault(entry.owner, []).append(entry.prompt_id)
        for owner, ids in left.items():
            self._feed.publish("jobs", {"set": [], "gone": ids}, owner=owner)
        jobs: dict[str, list[JsonObject]] = {}
        for entry in changed:
            jobs.setdefault(entry.owner, []).append(self.job_json(entry))
        for owner, new in jobs.items():
            for at in range(0, len(new), LISTED):
                self._feed.publish("jobs", {"set": new[at : at + LISTED], "gone": []}, owner=owner)

    def _reckoned(self, body: Body) -> Body:
        """With what it will have to do that its owner's job before it does not."""
        if body.about.nodes > MOST_NODES:
            return body
        work = self.paces.work(json.loads(body.prompt), json.loads(body.targets), body.owner)
        return replace(body, about=replace(body.about, work=work))

    def _insert(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.waiting.insert(entry)

    def _forget_secrets(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.secrets.pop(entry.seq, None)
