"""The local device process, seen from here: started, told what to run, watched, and replaced when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.child import Child, ChildGone, start_child
from api.kept import KeptJson
from api.packs.guard import Guard
from api.packs.known import Known, Packs
from api.secret_values import NEVER_SEEN, redacted
from api.silence import Silence
from api.worker_questions import Questions
from api.worker_report import ABOUT, State, WorkerReport
from graph.errors import ProtocolError
from graph.events import Event, from_wire
from graph.registry import Catalogue
from graph.types import JsonObject

log = logging.getLogger("easel")

QUIET_AFTER_CRASH = 0.2
"""Seconds before a dead worker is replaced, doubled with each death that follows at once."""
LONGEST_QUIET = 30.0


class WorkerDied(Exception):
    """The worker ended while it ran a job. The text says how: `signal 9`."""


@dataclass
class _Run:
    prompt_id: str
    on_event: Callable[[Event], None]
    outcome: asyncio.Future[JsonObject]


class LocalWorker:
    """One device process on this machine.

    changed: called when `report` or `catalogue` did.
    packs, guard: which packs it may import, and what watches over it meanwhile.
    """

    def __init__(
        self,
        script: Path,
        config: JsonObject,
        kept_catalogue: Path,
        changed: Callable[[], None],
        packs: Packs,
        guard: Guard,
    ) -> None:
        self.report = WorkerReport()
        self.on_message: Callable[[str | int, Any, str | None], None] = lambda event, data, client_id: None
        """Called with a pack's own messages: event, data (JSON, or bytes under a number), the client, None for all."""
        self.on_routes: Callable[[JsonObject], None] = lambda header: None
        """Called with all routes that packs have (`api.packs.forward`)."""
        self.on_wish: Callable[[JsonObject], None] = lambda header: None
        """Called with what packs want of this process (`api.packs.wishes`)."""
        self.catalogue: Catalogue | None = None
        self.confirmed = False
        """Whether the catalogue comes from the worker that runs now, and not from the disk."""
        self.types_changed = False
        """Whether node types became others since the start: what was checked before is checked again."""
        self.catalogues = 0
        """How many different catalogues there were: another number is other node types."""
        self._script = script
        self._config = config
        self._kept = KeptJson(kept_catalogue, "the catalogue")
        self._changed = changed
        self._packs = packs
        self._guard = guard
        self._renew = False
        self.idle = asyncio.Lock()
        """Held while a job runs; whoever else holds it keeps jobs waiting."""
        self._imported: dict[str, str] = {}
        """By path, the hash of the code of each pack that this process has imported, or was told to."""
        self._reported: set[str] = set()
        """Paths of the packs that this process has said how they fare."""
        self._child: Child | None = None
        self._run: _Run | None = None
        self._ready = asyncio.Event()
        self._catalogued = asyncio.Event()
        self.questions = Questions(self.report, self._send, self._is_ready)
        self._asked_to_end = False
        self._silence = Silence(
            lambda: self.report.state == "busy", lambda: self._tell({"type": "stats"}), self._silence_changed
        )
        self._task: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the process in the background, and meanwhile take the catalogue from the disk, if it is there."""
        self._task = asyncio.create_task(self._watch(), name="worker")
        self._reading = asyncio.create_task(self._read_kept(), name="kept catalogue")

    async def kept_catalogue(self) -> Catalogue | None:
        """The catalogue as far as it is known without the process: that of the disk."""
        if self._reading is not None:
            await self._reading
        return self.catalogue

    async def _read_kept(self) -> None:
        """Aside: whoever asks for the page waits for nothing of it."""
        try:
            kept = await asyncio.to_thread(lambda: Catalogue.from_json(self._kept.read() or {}))
        except (ValueError, KeyError, TypeError):
            return
        if self.catalogue is None:
            self.catalogue = kept
            self._catalogued.set()

    async def stop(self) -> None:
        """End the process; a job that runs is left without an outcome."""
        self._asked_to_end = True
        if self._reading is not None:
            await self._reading
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._kept.settle()
        await self._packs.declared.settle()

    async def wait_for_catalogue(self, patience: float) -> Catalogue | None:
        """The catalogue, once there is one; None after `patience` seconds without."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._catalogued.wait(), patience)
        return self.catalogue

    async def wait_until_ready(self) -> None:
        """Return when a job could be started."""
        await self._ready.wait()

    async def run(self, job: JsonObject, checked: bool, on_event: Callable[[Event], None]) -> JsonObject:
        """Run a job and give its outcome, as `Outcome.to_json`. Raises WorkerDied."""
        async with self.idle:
            return await self._run_now(job, checked, on_event)

    async def _run_now(self, job: JsonObject, checked: bool, on_event: Callable[[Event], None]) -> JsonObject:
        await self._ready.wait()
        child = self._child
        assert child is not None
        assert self._run is None
        run = self._run = _Run(job["prompt_id"], on_event, asyncio.get_running_loop().create_future())
        self._set_state("busy")
        try:
            await child.send({"type": "run", "job": job, "checked": checked})
            return await run.outcome
        except ChildGone as error:
            raise WorkerDied(str(error)) from error
        finally:
            self._run = None
            if self._child is child and self.report.state == "busy":
                self._set_state("ready")
                if self._renew:
                    self.replace()

    async def interrupt(self, prompt_id: str) -> None:
        """Ask the job to stop where it next can."""
        await self._tell({"type": "interrupt", "prompt_id": prompt_id})

    def replace(self) -> None:
        """Kill the process, in the middle of whatever it does; another is started. Counts as no crash."""
        if self._child is not None:
            self._asked_to_end = True
            self._ready.clear()  # the next job is for the next process, however soon it comes
            self._child.kill()

    @property
    def importing(self) -> str | None:
        """The pack that is being imported now."""
        return self._guard.importing

    @property
    def loads_packs(self) -> bool:
        """Whether packs that are to be imported are not all there yet."""
        return bool(self._imported) and (not self.confirmed or not self._imported.keys() <= self._reported)

    def tries_anew(self, pack: Path) -> bool:
        """Whether what is known of a pack is what an earlier process said, or one that is about to be replaced."""
        return self._renew or self._asked_to_end or str(pack) not in self._reported

    def renew(self) -> None:
        """Start the process afresh as soon as no job runs: what it has imported cannot be taken out of it."""
        self._renew = True
        if self._run is None:
            self.replace()

    async def take_up(self, packs: Sequence[Known], *, again: bool = False) -> None:
        """Have packs that were approved imported: between jobs, or by a fresh process where other code of one runs.

        again: also those whose code was imported already, and failed.
        """
        there = {known.name: self._imported.get(str(known.pack.path)) for known in packs}
        if any(there[known.name] not in (None, known.running_hash) for known in packs) or (
            again and any(there.values())
        ):
            self.renew()
            return
        new = [known.for_worker() for known in packs if there[known.name] is None]
        if new and await self._tell({"type": "packs", "load": new}):
            self._imported |= {pack["path"]: pack["hash"] for pack in new if pack["state"] == "load"}

    async def reload(self, known: list[Known]) -> None:
        """Have packs under development imported anew, between jobs."""
        await self._tell({"type": "packs", "reload": [one.for_worker() for one in known]})

    async def _send(self, header: JsonObject) -> None:
        if self._child is None:
            raise ChildGone("it is not there")
        await self._child.send(header)

    def _is_ready(self) -> bool:
        return self._child is not None and self._ready.is_set()

    async def _tell(self, header: JsonObject) -> bool:
        if self._child is None:
            return False
        try:
            await self._child.send(header)
        except ChildGone:
            return False
        return True

    # Watching

    async def _watch(self) -> None:
        quiet = QUIET_AFTER_CRASH
        while True:
            started = time.monotonic()
            how = await self._live_once()
            asked, self._asked_to_end = self._asked_to_end, False
            if asked:
                self._guard.ends()
            elif not self._guard.ended(how):
                now = time.monotonic()
                self.report.deaths.append(now)
                log.error(
                    "the worker died (%s)%s", how, f": {self.report.last_words}" if self.report.last_words else ""
                )
                quiet = QUIET_AFTER_CRASH if now - started > 60 else min(quiet * 2, LONGEST_QUIET)
                self._changed()
                await asyncio.sleep(quiet)

    async def _live_once(self) -> str:
        """Start a process and serve its link until it ends; returns how it ended."""
        self._set_state("starting")
        child: Child | None = None
        watch: asyncio.Future[Any] | None = None
        how = "it could not be started"
        self._renew = False
        self._imported.clear()
        try:
            child = await start_child(self._script, [], self._say)
            self._child = child
            self._renew = False  # what was asked for until now is seen by what follows
            packs = await asyncio.to_thread(self._packs.for_worker)
            self._imported = {pack["path"]: pack["hash"] for pack in packs if pack["state"] == "load"}
            learned = {
                "resting": await asyncio.to_thread(self._packs.declared.read),
                "pack_memory": self._guard.memory,
            }
            await child.send({**self._config, "type": "config", "packs": packs, **learned})
            watch = asyncio.gather(self._guard.watch(child), self._silence.watch())
            watch.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # or asyncio logs the latter
            async for header, blobs in child.frames():
                self._guard.heard()
                self._silence.heard()
                try:
                    self._take(header, blobs)
                except Exception:  # one message that makes no sense must not end the watch over the process
                    log.exception("the worker's message %r could not be read", header.get("type"))
        except (OSError, ChildGone) as error:
            self.report.last_words = str(error)
        except ProtocolError as error:
            self.report.last_words = str(error)
            if child is not None:
                child.kill()
        finally:
            self._child = None
            self._reported.clear()
            if watch is not None:
                watch.cancel()
            self._ready.clear()
            self.report.detail = None
            self.confirmed = False
            if child is not None:
                cleanup = asyncio.create_task(self._bury(child))
                how = await asyncio.shield(cleanup)
            self._fail_what_waits(how)
            self._set_state("stopped")
        return how

    async def _bury(self, child: Child) -> str:
        await child.close()
        return await child.ended()

    def _fail_what_waits(self, how: str) -> None:
        if self._run is not None and not self._run.outcome.done():
            self._run.outcome.set_exception(WorkerDied(how))
        self.questions.fail(how)

    def _say(self, line: str) -> None:
        self._guard.heard()
        self.report.last_words = redacted(NEVER_SEEN.hide(line))
        log.info("worker: %s", line)

    def _take(self, header: JsonObject, blobs: tuple[bytes, ...]) -> None:
        match header.get("type"):
            case "event":
                if self._run is not None:
                    self._run.on_event(from_wire(NEVER_SEEN.hide_in(header["event"]), blobs))
            case "told":
                self.on_message(header["event"], blobs[0] if blobs else header.get("data"), header.get("client_id"))
            case "routes":
                self.on_routes(header)
            case "outcome":
                run = self._run
                if run is not None and header["outcome"]["prompt_id"] == run.prompt_id and not run.outcome.done():
                    run.outcome.set_result(NEVER_SEEN.hide_in(header["outcome"]))
            case "catalogue":
                self._take_catalogue(header)
            case "pack":
                self._take_pack(header)
            case "hello" if self._asked_to_end:
                pass  # it does not know yet that it is to be replaced
            case "hello":
                self.report.about = {name: header.get(name) for name in ABOUT}
                if self.report.about["advice"]:
                    log.warning("%s", self.report.about["advice"])
                self._ready.set()
                self._set_state("ready")
            case "answer":
                self.questions.answered(header)
            case "prompt_handlers":
                self.questions.handlers = header["count"]
            case "renew":
                self.renew()
            case "resting":
                self._packs.declared.put(header["known"])
            case "folders" | "submit" | "wish":
                self.on_wish(header)
            case "stats":
                self.report.device = header["device"]
                self.report.detail = header.get("detail", self.report.detail)
            case "log":
                log.log(int(header.get("level", logging.INFO)), "worker: %s", header["text"])
            case other:
                log.warning("the worker sent a message of the unknown kind %r", other)

    def _take_catalogue(self, header: JsonObject) -> None:
        data = header["catalogue"]
        before, self.catalogue = self.catalogue, Catalogue.from_json(data)
        if before is None or dict(before) != dict(self.catalogue):
            self.catalogues += 1
            self.types_changed = self.types_changed or before is not None
        self.questions.learn(self.catalogue)
        self.confirmed = True
        if header.get("packs") is not None:
            self.report.packs = header["packs"]
        self._catalogued.set()
        self._packs.learn(self.catalogue)
        self._changed()
        self._packs.changed()
        self._kept.put(data)

    def _take_pack(self, header: JsonObject) -> None:
        """A pack is about to be imported, or was: then it is `done`, with its `report`."""
        report = header.get("report")
        if not header.get("done"):
            self._imported[header["path"]] = header["hash"]
            self._guard.begins(header["name"], Path(header["path"]), header["hash"])
            return
        self._guard.ends()
        if report is None:  # its prestart script is done
            return
        self._reported.add(report["path"])
        self.report.packs = [*(one for one in self.report.packs if one["path"] != report["path"]), report]
        self._packs.changed()

    def _silence_changed(self) -> None:
        self.report.silent_since = self._silence.since
        if self.report.silent_since is not None:
            log.warning("the worker has not answered for a while: it stands still, or the machine is overloaded")
        self._changed()

    def _set_state(self, state: State) -> None:
        self.report.state = state
        self.report.since = time.time()
        self._changed()
