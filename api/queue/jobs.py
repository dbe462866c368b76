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

from api.database import DatabaseError
from api.hub import Feed, Hub, text
from api.queue.journal import ATTEMPTS, Body, Ending, Entry, Journal
from api.queue.line import LISTED, Line
from api.queue.past import Past
from api.queue.running import Running
from api.queue.whole import Whole
from api.workers import LocalWorker, WorkerDied
from graph.types import JsonObject

log = logging.getLogger("easel")

CRASHES = 2
CRASH_WINDOW = 60.0
"""So many jobs that took a worker with them, within so many seconds, and the queue pauses for somebody to look."""
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
        self.between_jobs = asyncio.Lock()
        """Held while a job runs; who holds it keeps the next one waiting."""
        self.paused = paused
        self.pause_reason = "started with --paused" if paused else ""
        self._journal = journal
        self._worker = worker
        self._hub = hub
        self._feed = feed
        self._grace = grace
        self.line = Line(journal, feed, self._line_changed)
        self._past = Past(journal)
        self._running: Running | None = None
        self._counter = 0
        self._changed = asyncio.Event()
        self._longest: dict[str, float] = {}
        self._crashes: list[tuple[float, int]] = []
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

    async def remove(self, ids: Sequence[str] | None = None) -> list[str]:
        """See Line.remove."""
        return await self.line.remove(ids)

    async def rename(self, prompt_id: str, name: str) -> bool:
        """Call a job something, whether it waits, runs or has ended; says whether there is one of that id."""
        if not await self.line.rename(prompt_id, name):
            return False
        running = self._running
        if running is not None and running.prompt_id == prompt_id:
            running.entry = replace(running.entry, about=replace(running.entry.about, name=name))
            self._feed.publish("job_started", self._running_json(running), running.client_id)
        elif (ended := await self._past.entry(prompt_id)) is not None:
            self._feed.publish("history", {"changed": ended})
        return True

    async def interrupt(self, prompt_id: str | None, now: bool = False) -> bool:
        """Stop the job that runs, or only if it is this one; says whether one was asked to.

        It may go on for the grace: at least `grace` seconds, and twice the longest step of such a node so far. Then,
        or with `now` at once, its worker is replaced.
        """
        running = self._running
        if running is None or (prompt_id is not None and running.prompt_id != prompt_id):
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

    def place(self, prompt_id: str) -> int | None:
        """How many jobs end before this one does: 0 for the one that runs; None for one that is not here."""
        if self._running is not None and self._running.prompt_id == prompt_id:
            return 0
        ids = [entry.prompt_id for entry in self.line.waiting]
        return ids.index(prompt_id) + 1 if prompt_id in ids else None

    @property
    def running_seq(self) -> int | None:
        return None if self._running is None else self._running.entry.seq

    def running_state(self) -> JsonObject:
        """How the job that runs stands: its node, progress and results so far; empty where none runs."""
        return {} if self._running is None else self._running.standing()

    async def items(self) -> tuple[list[str], list[str]]:
        """/queue items as JSON texts: running and pending."""
        running = [] if self._running is None else [self._running.entry.seq]
        pending = [entry.seq for entry in self.line.waiting]
        texts = await self._journal.items([*running, *pending])
        return [texts[s] for s in running if s in texts], [texts[s] for s in pending if s in texts]

    @property
    def remaining(self) -> int:
        return len(self.line.waiting) + (self._running is not None)

    def status(self) -> JsonObject:
        """What `status` messages say."""
        return {"exec_info": {"queue_remaining": self.remaining}}

    def greeting(self, client_id: str) -> list[str | bytes]:
        """What a client that comes back during its job is told at once."""
        running = self._running
        if running is None or running.client_id != client_id or running.node is None:
            return []
        return [text("executing", {"node": running.node}), *running.so_far()]

    def preview(self, client_id: str | None, *, described: bool) -> bytes | None:
        """The newest preview of the job that runs, if it is this client's; None as a client's id means anybody's."""
        running = self._running
        if running is None or (client_id is not None and running.client_id != client_id):
            return None
        return running.last_preview(described=described)

    def facts(self, client_id: str) -> str | None:
        """What is known of the nodes of its job, for a client that comes back during it and asked for that."""
        running = self._running
        if running is None or running.client_id != client_id or not running.known:
            return None
        return text("easel_nodes", {"prompt_id": running.prompt_id, "nodes": running.known})

    def state(self, *, nodes: bool = True) -> JsonObject:
        """How things stand, for pages that follow every job.

        nodes: also what is known of each that waits, how far each node is, and the results.
        """
        running = self._running
        return {
            "paused": self.paused,
            "pause_reason": self.pause_reason,
            "problem": self._problem,
            "pending": [entry.prompt_id for entry in self.line.waiting.first(LISTED)],
            **({"waiting": [self.line.job_json(entry) for entry in self.line.waiting.first(LISTED)]} if nodes else {}),
            "queue_remaining": self.remaining,
            "running": None
            if running is None
            else {
                **self._running_json(running),
                **({"nodes": running.board.nodes, "outputs": running.outputs} if nodes else {}),
            },
        }

    # The loop

    async def _take_up(self) -> None:
        await self.line.read_paces()
        await self._journal.remove([])  # lets go of what was taken out long ago
        self._counter = int(await self._journal.last_number()) + 1
        for entry in await self._journal.waiting():
            if entry.attempts >= ATTEMPTS:
                sentence = (
                    f"This job was started {entry.attempts} times and each time the server or its worker ended"
                    " before the job did. It is not tried again."
                )
                await self._journal.end(entry.seq, self._new_run(entry, {}, entry.attempts).end_here(sentence))
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
            await self._run(entry)
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
            self.line.tell([], [entry.prompt_id])
            return
        running.entry = replace(entry, about=body.about)
        running.attempt = await self._journal.attempt(entry.seq)
        prompt: dict[str, Any] = json.loads(body.prompt)
        running.whole = Whole(prompt, json.loads(body.targets), self.line.paces, time.monotonic())
        self._feed.publish("job_started", self._running_json(running), entry.client_id)
        running.classes = {id: str(node.get("class_type", "")) for id, node in prompt.items()}
        extra: JsonObject = {**json.loads(body.extra), **self.line.secrets.get(entry.seq, {})}
        job = {
            "prompt_id": entry.prompt_id,
            "prompt": prompt,
            "targets": json.loads(body.targets),
            "extra": extra,
            "client_id": entry.client_id,
        }
        try:
            checked = body.checked and not self._worker.types_changed
            ending = _ending(await self._worker.run(job, checked, running.take))
        except WorkerDied as died:
            found = self._after_death(running, died)
            if found is None:
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
        running.close()
        self._running = None
        self._tell_status()
        done = {"node": None, "prompt_id": running.prompt_id}
        self._hub.send(running.client_id, text("executing", done))
        self._feed.publish("executing", done, running.client_id)
        with contextlib.suppress(DatabaseError):  # a page that misses it asks for the history
            if (entry := await self._past.entry(running.prompt_id)) is not None:
                self._feed.publish("job_ended", entry, running.client_id)

    def _after_death(self, running: Running, died: WorkerDied) -> Ending | None:
        """What the worker's death means for its job: its ending, or None where it is run once more."""
        if running.interrupted:
            return running.end_here(None)
        sentence = f"the worker died ({died}) while running {running.where}"
        self._count_crash(running.entry.seq)
        if running.attempt >= ATTEMPTS:
            log.error("job %s failed: %s", running.prompt_id, sentence)
            return running.end_here(sentence)
        log.warning("job %s: %s; it is run once more", running.prompt_id, sentence)
        self._feed.publish("retry", {"prompt_id": running.prompt_id, "reason": sentence}, running.client_id)
        self._running = None
        again = replace(running.entry, attempts=running.attempt)
        self.line.put_back([again])
        self._tell_status()
        return None

    def _count_crash(self, seq: int) -> None:
        """Pause after crashes of two jobs within a minute; the attempts of one job are bounded as they are."""
        now = time.monotonic()
        self._crashes = [(at, job) for at, job in self._crashes if now - at < CRASH_WINDOW and job != seq]
        self._crashes.append((now, seq))
        if len(self._crashes) >= CRASHES:
            self.pause(True, f"{CRASHES} jobs in a row made the worker die within a minute")
            log.error("the queue is paused: %s", self.pause_reason)

    def _lose_patience(self, running: Running) -> None:
        if self._running is running:
            log.warning("job %s will not stop (%s): its worker is replaced", running.prompt_id, running.where)
            self._worker.replace()

    def _line_changed(self) -> None:
        self._tell_status()
        self._changed.set()

    def _new_run(self, entry: Entry, classes: dict[str, str], attempt: int) -> Running:
        return Running(entry, classes, attempt, self._hub, self._feed, self._longest)

    def _running_json(self, running: Running) -> JsonObject:
        return {
            **self.line.job_json(running.entry),
            "attempt": running.attempt,
            "interrupted": running.interrupted,
            "node": running.node,
            "ms": round(running.ms),
            "progress": running.progress(),
        }

    def _note_problem(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._tell_status()

    def _tell_status(self) -> None:
        self._hub.broadcast_status(self.status())
        self._feed.publish(
            "status",
            {
                "queue_remaining": self.remaining,
                "paused": self.paused,
                "pause_reason": self.pause_reason,
                "problem": self._problem,
            },
        )


async def _none() -> str:
    return ""


def _ending(outcome: JsonObject) -> Ending:
    succeeded = outcome["status"] == "success"
    return Ending(
        outputs=outcome["outputs"],
        status={
            "status_str": "success" if succeeded else "error",
            "completed": succeeded,
            "messages": outcome["messages"],
        },
        meta=outcome["meta"],
    )
