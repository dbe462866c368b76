"""The device process: owns one device, the models on it and the cache of results; runs one job at a time.

Started by the control process with one end of a socket pair. The first frame is the configuration; then, from it:
`run`, `interrupt`, `catalogue`, `packs`, `stop`, and with an id that its `answer` has too `validate`, `on_prompt`,
`refresh`, `describe`, `free`, `drop`, `stats`; to it: `pack`, `hello`, `catalogue`, `event`, `told`, `outcome`,
`stats`, `log`, and what packs want: `routes`, `folders`, `prompt_handlers`, `submit`, `wish`, `renew`, `resting`. Jobs
run on the main thread. The link is read on another, which ends this process when the link closes, even in the middle of
a step; questions have a third, so that no job holds them up.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import logging
import os
import queue
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph.ask import ask
from graph.cache import DEVICE, MEMORY, Cache
from graph.context import on_behalf_of
from graph.execute import Executor, Job
from graph.folders import FIRST_PERSON, OWN_KINDS, Folders
from graph.frozen import Frozen
from graph.given_back import give_back
from graph.lasting import make_last
from graph.late import Refused, check_late, not_started
from graph.parse import parse
from graph.registry import Registry
from graph.revised import Revised
from graph.sizes import size_of
from graph.types import Graph, JsonObject, NodeId
from graph.whole_files import make_folder
from models import numbered
from nodes.packs.session import PackSession
from nodes.packs.slow import if_slow
from nodes.wire import ToArtist, ToControl, Wire

log = logging.getLogger("worker")

CHECK_PATIENCE = 5.0
"""Seconds for which a question to packs' own code holds up the next one; the server waits no longer either."""
MOST_STUCK = 4
"""Questions that may never end beside the next one."""
NO_ROOM = (
    "Your files take all the room that you may have on this server, so there is none for what this job would save."
    " Delete some for good, or ask an admin for more."
)
COLLECT_EVERY = 10.0
"""Seconds between two searches for garbage: with torch loaded each takes as long as a small job."""


class Worker:
    """Everything that the link's messages act on."""

    def __init__(self, wire: Wire, config: JsonObject) -> None:
        self.wire = wire
        self.config = config
        self.folders = Folders.from_json(config["folders"])
        self.packs = PackSession(config, self.folders, wire.tell, wire.send_message)
        self.registry = Registry()
        self.services: Any = None
        self.executor = Executor(self.registry, Cache(0, size_of), None, self.folders)
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._checks: queue.SimpleQueue[JsonObject] = queue.SimpleQueue()
        self._to_describe: queue.SimpleQueue[JsonObject] | None = None
        self._interrupted: set[str] = set()
        self._collected = time.monotonic()
        self._revised = Revised()
        self.packs.host.tell, self.packs.host.interrupt = wire.send, self._stop_or_not

    def serve(self) -> None:
        """Set up, then run jobs until told to stop."""
        threading.Thread(target=self._read, name="link reader", daemon=True).start()
        self.registry = self.packs.load_all(self._core)
        self._tell_catalogue()
        self.packs.serve_routes()
        threading.Thread(target=self._check, name="validation", daemon=True).start()
        self.services = self.packs.host.engine = self._make_services()
        cache = Cache(self._cache_budgets(), size_of)
        frozen = Frozen(self._budgets(), cache.weigh)
        self.executor = Executor(self.registry, cache, self.services, self.folders, frozen)
        for name in ("models", "nodes"):
            logging.getLogger(name).addHandler(ToArtist(self.executor.warn))
        self.wire.send({"type": "hello", "pid": os.getpid(), **self._about()})
        self._tell_stats()
        while (work := self._work.get()) is not None:
            work()
        self.packs.close()
        self.wire.finish()

    # Setting up

    def _core(self) -> Registry:
        """Easel's own node types."""
        if self.config.get("registry"):
            module, _, name = str(self.config["registry"]).partition(":")
            return getattr(importlib.import_module(module), name)()
        from nodes.library import core_registry

        return core_registry()

    def _load_packs(self, entries: list[JsonObject], changed: list[JsonObject]) -> None:
        """Import packs that were approved meanwhile, or list them anew; and once more those whose files were saved."""
        before = self.registry.catalogue()
        for entry in entries:
            known = self.registry.catalogue()
            with if_slow(lambda known=known: self.wire.send({"type": "catalogue", "catalogue": known.to_json()})):
                self.packs.load([entry])
        for entry in changed:
            reloaded = self.packs.reload(entry)
            for class_type in reloaded.stale:
                self.executor.cache.drop_type(class_type)
            self.executor.forget_objects(reloaded.modules)
        self._revised.note(before, self.registry.catalogue())
        self._tell_catalogue()
        self.packs.serve_routes()

    def _stop_or_not(self, prompt_id: str, stop: bool) -> None:
        """A pack asks its job to stop, or takes that back."""
        (self._interrupted.add if stop else self._interrupted.discard)(prompt_id)

    def _tell_catalogue(self) -> None:
        kinds = self.packs.changed_kinds()
        if kinds:
            self.wire.send({"type": "folders", "kinds": kinds})
        catalogue = self.registry.catalogue().to_json()
        self.wire.send({"type": "catalogue", "catalogue": catalogue, "packs": self.packs.reports()})

    def _make_services(self) -> Any:
        if self.config.get("registry"):
            return None
        from models.engine import Engine
        from models.errors import DeviceError
        from models.preview import Previews

        previews = Previews(self.config["previews"], self.config["preview_size"])
        try:
            return Engine(device=self.config["device"], precision=self.config["precision"], previews=previews)
        except DeviceError as error:
            sys.exit(str(error))  # its last words, which the page shows

    def _cache_budgets(self) -> dict[str, int]:
        """Bytes for results in memory and on the device."""
        return {MEMORY: 0, DEVICE: 0} if self.config["cache_policy"] == "none" else self._budgets()

    def _budgets(self) -> dict[str, int]:
        """What was asked for, or a quarter of what there is: for the cache, and once more for what is frozen."""
        stats = self.services.stats() if hasattr(self.services, "stats") else {}
        default = {MEMORY: _memory_total() // 4, DEVICE: int(stats.get("vram_total", 0)) // 4}
        given = {MEMORY: self.config["cache_memory"], DEVICE: self.config["cache_device"]}
        return {tier: default[tier] if size is None else int(size) for tier, size in given.items()}

    def _about(self) -> JsonObject:
        from models.gpu_advice import gpu_advice

        services = self.services
        torch = sys.modules.get("torch")
        return {
            "device": str(getattr(services, "device", "none")),
            "precision": str(getattr(services, "precision", "none")),
            "torch": getattr(torch, "__version__", None),
            "advice": gpu_advice(torch) if self.config["device"] == "auto" else None,
        }

    # The link

    def _read(self) -> None:
        try:
            for header, _ in self.wire.frames:
                self._take(header)
        except Exception:
            traceback.print_exc()
        # The control process is gone or talks nonsense: there is nobody left to work for, not even for this step.
        try:
            self.packs.close()
        finally:
            os._exit(0)

    def _take(self, header: JsonObject) -> None:
        match header["type"]:
            case "run":
                # An interrupt that came when the last run of this id was over must not end this one.
                self._interrupted.discard(header["job"]["prompt_id"])
                self._work.put(lambda: self._run(header))
            case "interrupt":
                self._interrupted.add(header["prompt_id"])
            case "free":
                self._work.put(lambda: self._free(header))
            case "validate" | "on_prompt" | "refresh":
                self._checks.put(header)
            case "catalogue":
                self._tell_catalogue()
            case "packs":
                self._work.put(lambda: self._load_packs(header.get("load", []), header.get("reload", [])))
            case "stats":
                self._tell_stats(detail=bool(header.get("detail")))
                self._answer_done(header)
            case "drop":
                self._work.put(lambda: self._drop(header))
            case "describe":
                if self._to_describe is None:  # nobody asks before a person looks at models
                    self._to_describe = queue.SimpleQueue()
                    describing = threading.Thread(target=self._describe, args=[self._to_describe], name="models")
                    describing.daemon = True
                    describing.start()
                self._to_describe.put(header)
            case "stop":
                self._work.put(None)
            case other:
                log.warning("a message of the unknown kind %r was passed over", other)

    def _tell_stats(self, *, detail: bool = False) -> None:
        stats = self.services.stats() if hasattr(self.services, "stats") else None
        more = {"detail": self._detail()} if detail else {}
        self.wire.send({"type": "stats", "device": stats, **more})

    def _answer_done(self, header: JsonObject) -> None:
        """What was asked is done, and told: an answer only where somebody waits for one."""
        if "id" in header:
            self.wire.send({"type": "answer", "id": header["id"]})

    def _detail(self) -> JsonObject:
        """What takes the memory: models that are loaded, results that are kept."""
        cache, frozen = self.executor.cache, self.executor.frozen
        return {
            "models": self.services.loaded() if hasattr(self.services, "loaded") else [],
            "cache": cache.contents(),
            "budgets": cache.budgets,
            "frozen": len(frozen),
        }

    # Jobs

    def _run(self, header: JsonObject) -> None:
        prompt_id = header["job"]["prompt_id"]
        try:
            job = self._whose(Job.from_json(header["job"]), header)
            self._wake(job.graph)
            if not header.get("checked", True) or self._revised.touches(job.graph):
                job = check_late(job, self.executor, self.registry, self._revised)
            self.packs.host.job = job
            with _no_gradients():
                outcome = self.executor.run(job, self.wire.send_event, lambda: prompt_id in self._interrupted)
            make_last(outcome.outputs, self.folders.for_person(job.user))
        except Refused as refused:
            outcome = not_started(prompt_id, refused.node, refused.class_type, str(refused), self.wire.send_event)
        except Exception as error:  # a fault of ours: the worker lives on, and the job has its outcome
            traceback.print_exc()
            outcome = not_started(prompt_id, "", "", f"Easel failed to run this: {error}", self.wire.send_event)
        finally:
            self._interrupted.discard(prompt_id)
            self.packs.host.job = None
        self.wire.send({"type": "outcome", "outcome": outcome.to_json()})
        if self.config["cache_policy"] == "none":
            self.executor.cache.clear()
        if time.monotonic() - self._collected > COLLECT_EVERY:
            self._collect()
        self._tell_stats()

    def _wake(self, graph: Graph) -> None:
        """Import the packs that rest of the nodes of a job. Raises Refused where one cannot be imported."""
        types = {node.class_type: id for id, node in graph.nodes.items()}
        if not self.packs.sleeps(types):
            return
        before = self.registry.catalogue()
        woken = self.packs.wake(types)
        self._revised.note(before, self.registry.catalogue())
        self._tell_catalogue()
        self.packs.serve_routes()
        for report in woken:
            lost = [name for name in types if before.get(name) is not None and name not in self.registry]
            if report.problems and lost:
                raise Refused(report.problems[0].sentence, types[lost[0]], lost[0])

    def _whose(self, job: Job, header: JsonObject) -> Job:
        """The job with the person whose it is; their folders are there from now on. Raises Refused where they are full.

        `disk_left`: bytes that their files may still take; None where nothing bounds them.
        """
        person = str(header["job"].get("person") or FIRST_PERSON)
        folders = self.folders.for_person(person)
        for kind in OWN_KINDS:
            for root in folders.roots(kind):
                make_folder(root)  # as the files in it are to last, so is it
        left = header["job"].get("disk_left")
        if left == 0:
            raise Refused(NO_ROOM, "", "")
        roots = (*folders.roots("output"), *folders.roots("input"))
        numbered.allowance = None if left is None else numbered.Allowance(roots, int(left))
        return replace(job, user=person)

    def _collect(self) -> None:
        gc.collect()
        give_back()
        self._collected = time.monotonic()

    def _free(self, header: JsonObject) -> None:
        models, cache = bool(header.get("models")), bool(header.get("cache"))
        if cache:
            self.executor.cache.clear()
            self.executor.frozen.clear()
        if (models or cache) and hasattr(self.services, "free"):
            self.services.free(models)
        self._collect()
        self._tell_stats(detail=True)
        self._answer_done(header)

    def _drop(self, header: JsonObject) -> None:
        """Let go of the results of one type of node, or of one model."""
        class_type, model = header.get("class_type"), header.get("model")
        if isinstance(class_type, str):
            self.executor.cache.drop_type(class_type)
        if isinstance(model, str) and hasattr(self.services, "unload"):
            self.services.unload(model)
        self._collect()
        self._tell_stats(detail=True)
        self._answer_done(header)

    # Model files

    def _describe(self, asked: queue.SimpleQueue[JsonObject]) -> None:
        """What model files say of themselves, in a thread of its own, so that no job waits for it."""
        from models.describe import describe

        while True:
            header = asked.get()
            facts: JsonObject
            try:
                facts = describe(Path(header["path"]))
            except Exception as error:  # a fault of ours, or a file like no other: the list goes on without it
                traceback.print_exc()
                facts = {"problem": f"{Path(header['path']).name}: it could not be described: {error}"}
            self.wire.send({"type": "answer", "id": header["id"], "facts": facts})

    # Checks that only a node's own code can make

    def _check(self) -> None:
        """One question after the other, except that one which does not end holds up no other for long."""
        stuck: dict[threading.Thread, str] = {}
        while True:
            header = self._checks.get()
            kind = str(header["type"])
            stuck = {thread: of for thread, of in stuck.items() if thread.is_alive()}
            if len(stuck) >= MOST_STUCK or (kind == "refresh" and kind in stuck.values()):
                continue  # the server takes no answer for one that did not come in time
            thread = threading.Thread(target=self._answer, args=[header], name=kind, daemon=True)
            thread.start()
            thread.join(CHECK_PATIENCE)
            if thread.is_alive():
                log.warning("packs' own code has not answered a question (%s) for %g s", kind, CHECK_PATIENCE)
                stuck[thread] = kind

    def _answer(self, header: JsonObject) -> None:
        answers = {"validate": self._validate, "on_prompt": self._hand_over, "refresh": self._refresh}
        try:
            answer = answers[header["type"]](header)
        except Exception:  # a fault of ours: whoever waits is not held up for it
            traceback.print_exc()
            answer = {}
        self.wire.send({"type": "answer", "id": header["id"], **answer})

    def _validate(self, header: JsonObject) -> JsonObject:
        nodes = [NodeId(id) for id in header["nodes"]]
        graph = parse(header["prompt"])
        if self.packs.sleeps(node.class_type for node in graph.nodes.values()):
            done = threading.Event()
            self._work.put(lambda: self._wake_for(graph, done))  # packs are imported on the main thread
            # Nobody waits for jobs that are before it: what is not known now is checked before it runs itself.
            if self.packs.host.job is not None or not done.wait(CHECK_PATIENCE / 2):
                return {"unknown": True}
        person = str(header.get("person") or FIRST_PERSON)
        with on_behalf_of(person, self.folders.for_person(person)):
            problems = ask(graph, self.registry, nodes)
        found = [{**problem.to_json(), "node": problem.node, "input": problem.input} for problem in problems]
        return {"problems": found}

    def _wake_for(self, graph: Graph, done: threading.Event) -> None:
        try:
            with suppress(Refused):  # its job says so
                self._wake(graph)
        finally:
            done.set()

    def _hand_over(self, header: JsonObject) -> JsonObject:
        """What packs that asked to see prompts make of one."""
        return {"body": self.packs.on_prompt(header["body"])}

    def _refresh(self, header: JsonObject) -> JsonObject:
        """Choices that packs take from files by themselves, read anew."""
        before = self.registry.catalogue()
        for name, error in self.registry.describe_anew():
            log.warning("the choices of %s stay as they were: its INPUT_TYPES failed with %r", name, error)
        if self.registry.catalogue() != before:
            self._tell_catalogue()
        return {}


def _no_gradients() -> AbstractContextManager[None]:
    """Nobody trains here: torch, where it is loaded, keeps no graph of what is computed."""
    torch = sys.modules.get("torch")
    return torch.no_grad() if torch is not None else nullcontext()


def _memory_total() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def _open_link(how: str) -> socket.socket:
    if how == "share":  # Windows: the parent writes the shared socket's description to standard input
        return socket.fromshare(sys.stdin.buffer.read())  # type: ignore[attr-defined]
    return socket.socket(fileno=int(how))


def main() -> None:
    parser = argparse.ArgumentParser(description="Easel's device process; server.py starts it.")
    parser.add_argument("--link", required=True, help=argparse.SUPPRESS)
    wire = Wire(_open_link(parser.parse_args().link))
    config, _ = next(wire.frames)
    logging.basicConfig(level=logging.DEBUG if config.get("verbose") else logging.INFO, format="%(message)s")
    logging.getLogger().handlers = [ToControl(wire)]
    if "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD" not in os.environ:  # packs' own torch.load too (docs/weights-safety.md)
        os.environ.setdefault("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "1")
    Worker(wire, config).serve()
    os._exit(0)  # the reader still waits for the link; threads of packs may wait for ever


if __name__ == "__main__":
    main()
