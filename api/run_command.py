"""`server.py run GRAPH.json`: one graph without a page. Starts a worker, runs, says where the results are."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO, cast

from api.files_on_disk import copy_new
from api.flags import ROOT, RunFlags, fail
from api.packs.guard import Guard
from api.packs.known import Packs
from api.replies import MAX_JSON
from api.serve import StartError, prepare, worker_config
from api.workers import LocalWorker, WorkerDied
from graph.errors import FileNameError, GraphError, Problem
from graph.events import Event, Executing, ExecutionError, Progress
from graph.folders import OWN_KINDS, Folders, inside
from graph.json_input import load
from graph.parse import parse, to_prompt
from graph.registry import Catalogue
from graph.renamed import Renames
from graph.types import Graph, JsonObject, NodeId
from graph.validate import Report, validate
from graph.workflow import is_workflow, to_api

BAR = 24
"""Characters of the progress bar."""
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class RunError(Exception):
    """The graph cannot be run, or failed. The text says why."""


def run(flags: RunFlags) -> int:
    """Run the graph; returns the exit status: 0 where it succeeded."""
    for warning in flags.flags.warnings:
        fail(warning)
    try:
        source = _read(flags.graph)
        folders = prepare(flags.flags, empty_temp=False).folders
        paths = asyncio.run(_run(flags, source, folders))
        for path in paths:
            print(path if flags.out is None else _copied(path, flags.out))
    except (RunError, StartError, GraphError) as error:
        fail(str(error))
        return 1
    except KeyboardInterrupt:
        fail("interrupted")
        return 130
    return 0


async def _run(flags: RunFlags, source: JsonObject, folders: Folders) -> list[Path]:
    kept = flags.flags.user / "cache" / "catalogue.json"
    packs = Packs(flags.flags, folders.roots("custom_nodes"))
    guard = Guard(packs, flags.flags.pack_patience, flags.flags.pack_memory)
    worker = LocalWorker(ROOT / "worker.py", worker_config(flags.flags, folders), kept, lambda: None, packs, guard)
    worker.start()
    try:
        known = await worker.kept_catalogue()
        if known is not None and _is_current(kept, folders):
            _check_early(flags, source, known, folders)
        catalogue = await _ready(worker)
        graph = _graph(flags, source, catalogue, folders)
        report = await _validated(worker, graph, catalogue, folders)
        job = {
            "prompt_id": str(uuid.uuid4()),
            "prompt": to_prompt(report.graph),
            "targets": list(report.targets),
            "extra": {"extra_pnginfo": {"workflow": source}} if is_workflow(source) else {},
            "client_id": None,
        }
        display = Display(report.graph, sys.stderr)
        try:
            outcome = await worker.run(job, True, display.take)
        except WorkerDied as died:
            raise RunError(f"the worker died ({died}) while running {display.node or 'no node'}") from died
        finally:
            display.close()
    finally:
        await worker.stop()
    if outcome["status"] != "success":
        raise RunError(_explained(outcome))
    return list(_results(outcome, folders))


def _read(path: Path) -> JsonObject:
    try:
        found: Any = load(path.read_bytes(), MAX_JSON)
    except OSError as error:
        raise RunError(f"the graph {path} cannot be read: {error.strerror}") from error
    except GraphError as error:
        raise RunError(f"{path}: {error}") from error
    if not isinstance(found, dict):
        raise RunError(f"{path} holds no graph: it must be a JSON object")
    graph = cast(JsonObject, found)
    inner = graph.get("prompt")  # what is posted to /prompt will do as well
    return cast(JsonObject, inner) if isinstance(inner, dict) and "class_type" not in inner else graph


def _graph(flags: RunFlags, source: JsonObject, catalogue: Catalogue, folders: Folders) -> Graph:
    prompt = to_api(source, catalogue, folders) if is_workflow(source) else source
    return _changed(Renames(catalogue).graph(parse(prompt)), catalogue, flags.changes)


def _check_early(flags: RunFlags, source: JsonObject, kept: Catalogue, folders: Folders) -> None:
    """Say what is wrong before torch is loaded, going by the catalogue of the last run. Raises RunError.

    A graph with a type that this catalogue lacks waits for the worker's own: the last run may have left packs out.
    """
    graph = _graph(flags, source, kept, folders)
    if all(node.class_type in kept for node in graph.nodes.values()):
        report = validate(graph, kept, folders)
        if (error := report.error()) is not None:
            raise _cannot_run(report, error)


def _is_current(kept: Path, folders: Folders) -> bool:
    """Whether nothing that declares nodes changed since the catalogue was kept."""
    try:
        then = kept.stat().st_mtime
        places = (ROOT / "nodes", ROOT / "graph", ROOT / "models", *folders.roots("custom_nodes"))
        return all(file.stat().st_mtime < then for place in places for file in place.rglob("*.py"))
    except OSError:
        return False


async def _ready(worker: LocalWorker) -> Catalogue:
    """Wait until the worker can run; its own catalogue, not one from the disk. Raises RunError."""
    ready = asyncio.create_task(worker.wait_until_ready())
    try:
        while not ready.done():
            await asyncio.wait([ready], timeout=0.2)
            if worker.report.deaths:
                raise RunError(f"the worker does not start: {worker.report.last_words}")
    finally:
        ready.cancel()
    assert worker.catalogue is not None
    return worker.catalogue


async def _validated(worker: LocalWorker, graph: Graph, catalogue: Catalogue, folders: Folders) -> Report:
    device = worker.report.device or {}
    runs_on = worker.report.about.get("device")
    report = validate(graph, catalogue, folders, budget=device.get("vram_total"), device=runs_on)
    if report.targets and report.to_ask:
        found = await worker.questions.check(to_prompt(report.graph), list(report.to_ask))
        report = report.with_problems(found or [])
    error = report.error()
    if error is not None:
        raise _cannot_run(report, error)
    if report.problems:
        fail("a part of the graph is left out.\n" + _sentences(report.problems, ""))
    return report


def _cannot_run(report: Report, error: JsonObject) -> RunError:
    return RunError("the graph cannot run.\n" + _sentences(report.problems, error["details"] or error["message"]))


def _sentences(problems: tuple[Problem, ...], otherwise: str) -> str:
    return "\n".join(f"  {problem.sentence}" for problem in problems) or f"  {otherwise}"


def _changed(graph: Graph, catalogue: Catalogue, changes: tuple[tuple[str, str, str], ...]) -> Graph:
    """The graph with the inputs that --set names. Raises RunError for one that it does not have."""
    nodes = dict(graph.nodes)
    for id, name, text in changes:
        node = nodes.get(NodeId(id))
        if node is None:
            raise RunError(f"--set {id}.{name}: the graph has no node {id}. It has {', '.join(nodes)[:300]}.")
        spec = catalogue.get(node.class_type)
        declared = spec.input(name) if spec is not None else None
        if spec is not None and declared is None and not spec.open_inputs:
            known = ", ".join(item.name for item in spec.inputs)
            raise RunError(f"--set {id}.{name}: {node.class_type} has no input {name}. It has {known}.")
        value: Any = text
        if declared is not None and declared.type == "BOOLEAN":
            if text.lower() not in (*TRUE, *FALSE):
                raise RunError(f"--set {id}.{name}: {text!r} is neither true nor false.")
            value = text.lower() in TRUE
        elif declared is not None and declared.choices:
            value = next((choice for choice in declared.choices if str(choice) == text), text)
        nodes[node.id] = replace(node, inputs={**node.inputs, name: value})
    return Graph(nodes)


class Display:
    """Progress on a terminal as one line that is written over; elsewhere a line for each node."""

    def __init__(self, graph: Graph, out: TextIO) -> None:
        self._graph = graph
        self._out = out
        self._live = out.isatty()
        self._width = 0
        self.node = ""

    def take(self, event: Event) -> None:
        match event:
            case Executing():
                node = self._graph.nodes.get(NodeId(event.display_node))
                self.node = node.label if node is not None else f"#{event.display_node}"
                self._show(self.node)
                if not self._live:
                    self._out.write("\n")
            case Progress() if self._live and event.max > 0:
                done = min(max(event.value / event.max, 0.0), 1.0)
                bar = "#" * round(done * BAR)
                self._show(f"[{bar:-<{BAR}}] {event.value:g}/{event.max:g}  {self.node}")
            case ExecutionError() if event.timestamp is None:  # a blocked node: the run goes on
                self._show(event.exception_message.strip() + "\n")
            case _:
                pass

    def close(self) -> None:
        """Clear the line."""
        if self._live:
            self._show("")
            self._out.write("\r")
            self._out.flush()

    def _show(self, text: str) -> None:
        if self._live:
            self._out.write("\r" + text.ljust(self._width))
            self._width = len(text)
        else:
            self._out.write(text)
        self._out.flush()


def _explained(outcome: JsonObject) -> str:
    error: JsonObject | None = outcome["error"]
    if error is None:
        return "the run was interrupted"
    where = f"{error['node_type']} #{error['node_id']}" if error["node_type"] else "the run"
    # Our own errors are sentences for whoever sees them; the way there helps only with those of others.
    ours = str(error["exception_type"]).startswith(("graph.", "models.", "nodes."))
    trace = "" if ours else "".join(error["traceback"]).rstrip()
    return f"{where} failed: {error['exception_message'].strip()}" + (f"\n{trace}" if trace else "")


def _results(outcome: JsonObject, folders: Folders) -> Iterator[Path]:
    """The files that the graph's nodes wrote, in the order of the nodes."""
    for output in outcome["outputs"].values():
        for items in output.values():
            for item in items if isinstance(items, list) else []:  # pyright: ignore[reportUnknownVariableType]
                if isinstance(item, dict) and "filename" in item and item.get("type") in OWN_KINDS:  # pyright: ignore[reportUnknownMemberType]
                    found = cast(JsonObject, item)
                    with contextlib.suppress(FileNameError):
                        name = f"{found.get('subfolder') or ''}/{found['filename']}".lstrip("/")
                        yield inside(folders.root(found["type"]), name)


def _copied(path: Path, folder: Path) -> Path:
    """A copy in `folder`, under a name that is free there. Raises RunError."""
    try:
        number = 0
        while True:
            place = folder / (path.name if number == 0 else f"{path.stem} ({number}){path.suffix}")
            try:
                copy_new(path, place)
                return place
            except FileExistsError:
                number += 1
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
        raise RunError(f"{path.name} could not be copied to {folder}: {reason}. It is kept as {path}.") from error
