"""The queue: what waits, what runs, and what becomes of it. Every change is in the journal before it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from api.clock import now_for_deleting
from api.database import DatabaseError
from api.hub import Feed, Hub, text
from api.people import Person
from api.queue import shown
from api.queue.crashes import CRASHES, Crashes
from api.queue.fair import taken_for
from api.queue.journal import ATTEMPTS, Body, Ending, Entry, Journal
from api.queue.line import Line
from api.queue.parts import Parts, classes_of, is_in_parts
from api.queue.past import Past
from api.queue.running import Running
from api.queue.whole import Whole
from api.queue.whose import seen_by
from api.workers import LocalWorker, WorkerDied
from graph.types import JsonObject

log = logging.getLogger("easel")

RETRY_JOURNAL = 2.0
"""Seconds until a journal that could not be written is tried again; the jobs wait meanwhile."""


class Jobs:
    """Runs waiting jobs on the worker, one at a time.

    grace: the least number of seconds that a job which was asked to stop may go on.
    """

    def __init__(
        self, journal: Journal, worker: LocalWorker, hub: Hub, feed: Feed, *, paused: bool, grace: float
    ) -> None:
        self.hindrance: Callable[[], Awaitable[str]] = _none
        """Asked before each job: why none can run now, such as a full disk; empty where nothing is in the way."""
        self.disk_left: Callable[[str], Awaitable[int | None]] = _unbounded
        """Asked before each job: the bytes that its owner's files may still take; None where nothing bounds them."""
        self.without_paths: Callable[[str], str] = str
        """What of a problem is told to those who do not run the server."""
        self.between_jobs = asyncio.Lock()
        """Held while a job runs; who holds it keeps the next one waiting."""
        self.paused = paused
        self.pause_reason = "started with --paused" if paused else ""
        self._journal = journal
        self._worker = worker
        self._hub = hub
        self._feed = feed
        self._grace = grace
        self.line = Line(journal, feed, self._line_changed, self._runs)
        self._past = Past(journal)
        self._running: Running | None = None
        self._counter = 0
        self._changed = asyncio.Event()
        self._longest: dict[str, float] = {}
        self._crashes = Crashes()
        self._task: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._problem = ""

    # What others ask

    async def start(self) -> None:
        """Take up what the journal holds, and begin to run it."""
        await self._take_up()
        self._task = asyncio.create_task(self._serve(), name="queue")

    async def stop(self) -> None:
        """Stop running jobs. One that runs is as if it had not been started: it waits for the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._running is not None:
            with contextlib.suppress(DatabaseError):
                await self._journal.take_back(self._running.entry.seq)

    def next_number(self, front: bool) -> int:
        """A place in the queue: behind all, or before all. Each call takes one, as clients expect."""
        number = -self._counter if front else self._counter
        self._counter += 1
        return number

    async def submit(
        self, prompt_id: str, client_id: str | None, number: float, body: Body, secrets: JsonObject
    ) -> tuple[float, list[str]]:
        """See Line.submit."""
        return await self.line.submit(prompt_id, client_id, number, body, secrets)

    async def remove(self, ids: Sequence[str] | None, person: Person) -> list[str]:
        """See Line.remove."""
        return await self.line.remove(ids, person)

    async def rename(self, prompt_id: str, name: str, person: Person) -> bool:
        """Call a job something, whether it waits, runs or has ended; says whether there is one of that id."""
        if not await self.line.rename(prompt_id, name, person):
            return False
        running = self.running_for(person, prompt_id)
        if running is not None:
            running.entry = replace(running.entry, about=replace(running.entry.about, name=name))
            self._feed.publish("job_started", shown.running_json(self.line, running), running.client_id, running.owner)
        elif (ended := await self._past.entry(prompt_id, seen_by(person))) is not None:
            self._feed.publish("history", {"changed": ended}, owner=ended["owner"])
        return True

    async def interrupt(self, prompt_id: str | None, person: Person, now: bool = False) -> bool:
        """Stop the job that runs if it is this one, or, without an id, if it is one's own; says whether one was asked
        to.

        It may go on for the grace: at least `grace` seconds, and twice the longest step of such a node so far. Then,
        or with `now` at once, its worker is replaced.
        """
        running = self.running_for(person, prompt_id)
        if running is None or (prompt_id is None and not person.alone and running.owner != person.id):
            return False
        running.interrupted = True
        if self._deadline is not None:
            self._deadline.cancel()
        if now:
            self._worker.replace()
            return True
        grace = max(self._grace, 2 * running.longest_step())
        self._deadline = asyncio.get_running_loop().call_later(grace, self._lose_patience, running)
        await self._worker.interrupt(running.prompt_id)
        return True

    def pause(self, paused: bool, reason: str = "") -> None:
        """Start no more jobs, or go on; one that runs is left alone."""
        self.paused = paused
        self.pause_reason = reason if paused else ""
        if not paused:
            self._crashes.clear()
        self._tell_status()
        self._changed.set()

    def place(self, prompt_id: str, person: Person) -> int | None:
        """How many jobs, whosesoever, end before this one does: 0 for the one that runs; None for one that is not here,
        or that this person does not see."""
        if self.running_for(person, prompt_id) is not None:
            return 0
        for before, entry in enumerate(self.line.waiting):
            if entry.prompt_id == prompt_id and person.sees(entry.owner):
                return before + 1
        return None

    @property
    def running_seq(self) -> int | None:
        return None if self._running is None else self._running.entry.seq

    def running_for(self, person: Person, prompt_id: str | None = None) -> Running | None:
        """The job that runs, if this person sees it and, with an id, if it is that one."""
        running = self._running
        if running is None or not person.sees(running.owner):
            return None
        return running if prompt_id is None or running.prompt_id == prompt_id else None

    def running_of(self, person: Person, client_id: str) -> Running | None:
        """The job that runs, if this client of this very person asked for it."""
        running = self._running
        is_theirs = running is not None and running.client_id == client_id and running.owner == person.id
        return running if is_theirs else None

    def listed(self, person: Person) -> tuple[list[Entry], list[Entry]]:
        """The jobs that a person sees: those that run, and those that wait in their order."""
        mine = self.running_for(person)
        pending = [entry for entry in self.line.waiting if person.sees(entry.owner)]
        return [] if mine is None else [mine.entry], pending

    @property
    def remaining(self) -> int:
        return len(self.line.waiting) + (self._running is not None)

    def owner_for(self, client_id: str | None) -> str | None:
        """Whose client this is, for what packs say of it: of the job that runs, or who listens under the id."""
        running = self._running
        if running is not None and (client_id is None or running.client_id == client_id):
            return running.owner
        return None if client_id is None else self._hub.owner_of(client_id)

    def pass_on(self, event: str | int, data: Any, client_id: str | None) -> None:
        """A message of a pack's that belongs to no job, for one client or all, whoever's job runs meanwhile."""
        self._hub.send_message(event, data, client_id, None if client_id is None else self.owner_for(client_id))

    def status(self) -> JsonObject:
        """What `status` messages say: of everybody's jobs."""
        return {"exec_info": {"queue_remaining": self.remaining}}

    def overall(self, *, paths: bool) -> JsonObject:
        """The same as pages are told it, with what keeps jobs from running. paths: whether these may be told."""
        return {
            "queue_remaining": self.remaining,
            "paused": self.paused,
            "pause_reason": self.pause_reason,
            "problem": self._problem if paths else self.without_paths(self._problem),
        }

    def state(self, person: Person, *, nodes: bool = True) -> JsonObject:
        """How things stand, for pages that follow every job that this person sees.

        nodes: also what is known of each that waits, how far each node is, and the results.
        """
        jobs = shown.jobs_json(self.line, self._running, person, nodes=nodes)
        return {**self.overall(paths=person.may("admin")), **jobs}

    # The loop

    async def _take_up(self) -> None:
        await self.line.read()
        await self._journal.remove([])  # lets go of what was taken out long ago
        self._counter = int(await self._journal.last_number()) + 1
        for entry in await self._journal.waiting():
            if entry.attempts >= ATTEMPTS:
                sentence = (
                    f"This job was started {entry.attempts} times and each time the server or its worker ended"
                    " before the job did. It is not tried again."
                )
                done = await Parts(self._journal, entry.seq).done()
                ending = self._new_run(entry, {}, entry.attempts).end_here(sentence)
                await self._journal.end(entry.seq, done.with_ending(ending))
                log.error("job %s failed: %s", entry.prompt_id, sentence)
            else:
                self.line.waiting.insert(entry)
        if self.line.waiting:
            log.info("%d jobs wait from before", len(self.line.waiting))

    async def _serve(self) -> None:
        hindered = False
        while True:
            self._changed.clear()
            if self.paused or not self.line.waiting:
                await self._changed.wait()
                continue
            await self._worker.wait_until_ready()
            if why := await self.hindrance():
                hindered = True
                self._note_problem(why)
                await asyncio.sleep(RETRY_JOURNAL)
                continue
            if hindered:
                hindered = False
                self._note_problem("")
            async with self.between_jobs:
                await self._serve_one()

    async def _serve_one(self) -> None:
        if self.paused or not self.line.waiting:
            return
        entry = self.line.waiting.pop()
        try:
            if self.line.may_run(entry.owner):
                await self._run(entry)
            else:
                log.info("job %s is taken out: %s may not run jobs", entry.prompt_id, entry.owner)
                await self.line.drop(entry)
            self._note_problem("")
        except DatabaseError as error:
            log.error("%s", error)
            self._note_problem(str(error))
            self._running = None
            self.line.put_back([entry])
            self._tell_status()
            await asyncio.sleep(RETRY_JOURNAL)
        except Exception as error:  # a fault of ours takes one job, never the queue
            log.exception("job %s could not be run", entry.prompt_id)
            running = self._running or self._new_run(entry, {}, entry.attempts + 1)
            await self._finish(running, running.end_here(f"Easel failed to run this: {error}"))

    async def _run(self, entry: Entry) -> None:
        running = self._running = self._new_run(entry, {}, entry.attempts + 1)
        self._tell_status()
        body = await self._journal.body(entry.seq)
        if body is None:
            self._running = None
            self.line.tell([], [entry])
            return
        running.entry = replace(entry, about=body.about)
        running.attempt = await self._journal.attempt(entry.seq)
        prompt: dict[str, Any] = json.loads(body.prompt)
        extra: JsonObject = {**json.loads(body.extra), **self.line.secrets.get(entry.seq, {})}
        parts = Parts(self._journal, entry.seq)
        done = await parts.done()
        running.go_on(done, parts.keep if is_in_parts(extra) else None)
        targets = done.left(json.loads(body.targets))
        running.whole = Whole(prompt, targets, self.line.paces, time.monotonic())
        self._feed.publish("job_started", shown.running_json(self.line, running), entry.client_id, entry.owner)
        running.classes = classes_of(prompt, extra)
        job = {
            "prompt_id": entry.prompt_id,
            "prompt": prompt,
            "targets": targets,
            "extra": extra,
            "client_id": entry.client_id,
            "person": entry.owner,
            "disk_left": await self.disk_left(entry.owner),
        }
        try:
            checked = body.checked and not self._worker.types_changed
            ending = done.with_ending(Ending.of(await self._worker.run(job, checked, running.take)))
        except WorkerDied as died:
            found = self._after_death(running, died)
            if found is None:
                with contextlib.suppress(DatabaseError):
                    await self._journal.spend(running.owner, running.ms)
                return
            ending = found
        finally:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None
        await self._finish(running, ending)

    async def _finish(self, running: Running, ending: Ending) -> None:
        """Write down what came of the job, then tell: whoever hears that it is done can read the result."""
        ending = replace(ending, timings=running.timings())
        ms, paces = running.ms, [] if running.whole is None else running.whole.learned()
        while True:
            try:
                await self._journal.end(running.entry.seq, ending, ms, paces)
                break
            except DatabaseError as error:
                # The job ran: it must not run again because the disk was full for a while.
                log.error("the result of %s is not written down yet: %s", running.prompt_id, error)
                self._note_problem(str(error))
                await asyncio.sleep(RETRY_JOURNAL)
        self.line.secrets.pop(running.entry.seq, None)
        self.line.spending.add(running.owner, ms, now_for_deleting())
        running.close()
        self._running = None
        self._tell_status()
        done = {"node": None, "prompt_id": running.prompt_id}
        self._hub.send(running.client_id, text("executing", done), running.owner)
        self._feed.publish("executing", done, running.client_id, running.owner)
        with contextlib.suppress(DatabaseError):  # a page that misses it asks for the history
            if (entry := await self._past.entry(running.prompt_id, running.owner)) is not None:
                self._feed.publish("job_ended", entry, running.client_id, running.owner)

    def _after_death(self, running: Running, died: WorkerDied) -> Ending | None:
        """What the worker's death means for its job: its ending, or None where it is run once more."""
        if running.interrupted:
            return running.end_here(None)
        sentence = f"the worker died ({died}) while running {running.where}"
        if self._crashes.are_too_many(running.entry.seq, time.monotonic()):
            self.pause(True, f"{CRASHES} jobs in a row made the worker die within a minute")
            log.error("the queue is paused: %s", self.pause_reason)
        if running.attempt >= ATTEMPTS:
            log.error("job %s failed: %s", running.prompt_id, sentence)
            return running.end_here(sentence)
        log.warning("job %s: %s; it is run once more", running.prompt_id, sentence)
        told = {"prompt_id": running.prompt_id, "reason": sentence}
        self._feed.publish("retry", told, running.client_id, running.owner)
        self.line.spending.add(running.owner, running.ms, now_for_deleting())
        self._running = None
        again = replace(running.entry, attempts=running.attempt)
        self.line.put_back([again])
        self._tell_status()
        return None

    def _lose_patience(self, running: Running) -> None:
        if self._running is running:
            log.warning("job %s will not stop (%s): its worker is replaced", running.prompt_id, running.where)
            self._worker.replace()

    def _line_changed(self) -> None:
        self._tell_status()
        self._changed.set()

    def _runs(self) -> tuple[str, float] | None:
        """Whose job runs, and the milliseconds that it takes: so far, or as expected, if that is more."""
        running = self._running
        if running is None:
            return None
        return running.owner, max(running.ms, taken_for(self.line.paces.expected(running.entry.about.work)))

    def _new_run(self, entry: Entry, classes: dict[str, str], attempt: int) -> Running:
        return Running(entry, classes, attempt, self._hub, self._feed, self._longest)

    def _note_problem(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._tell_status()

    def _tell_status(self) -> None:
        self._hub.broadcast_status(self.status())
        others = self.overall(paths=False) if self._problem else None
        self._feed.publish("status", self.overall(paths=True), for_others=others)


async def _none() -> str:
    return ""


async def _unbounded(person: str) -> int | None:
    return None
