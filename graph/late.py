"""Jobs that are checked where they run: those that were accepted while nothing could be said, and those for which node
types became others while they waited."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from graph.ask import ask
from graph.context import on_behalf_of
from graph.events import Event, ExecutionError, ExecutionStart, message
from graph.execute import Executor
from graph.frozen import pins_of
from graph.job import Job, Outcome
from graph.registry import Registry
from graph.renamed import Renames
from graph.revised import Revised
from graph.types import NodeId
from graph.validate import validate


class Refused(Exception):
    """The job cannot run. The text says why; `node` is where, as far as that is one node."""

    def __init__(self, sentence: str, node: str, class_type: str) -> None:
        super().__init__(sentence)
        self.node = node
        self.class_type = class_type


def check_late(job: Job, executor: Executor, registry: Registry, revised: Revised) -> Job:
    """The job as it runs: with the names of now, coerced values and the targets that can run. Raises Refused.

    The executor's services are asked for the device and its memory, as far as they tell.
    """
    catalogue, services = registry.catalogue(), cast(Any, executor.services)
    told: dict[str, Any] = services.stats() if hasattr(services, "stats") else {}
    was_revised = revised.touches(job.graph)
    job = replace(job, graph=Renames(catalogue).graph(job.graph))
    given = executor.frozen.there(job.graph, job.extra, job.holder, executor.cache)
    device = str(getattr(services, "device", "none"))
    total: int | None = told.get("vram_total") or None
    folders = executor.folders_of(job.user)
    report = validate(job.graph, catalogue, folders, job.targets or None, total, given, device)
    if not report.targets or (was_revised and not set(job.targets) <= set(report.targets)):
        problem = next(iter(report.problems), None)
        error = report.error() or {}
        sentence = problem.sentence if problem else str(error.get("message", "The prompt cannot run."))
        if problem is not None:
            sentence += revised.why(problem, job.graph, catalogue)
        gone = [id for id in pins_of(job.extra) if id in job.graph and id not in given]
        if gone:
            names = ", ".join(job.graph.nodes[id].label for id in gone[:5])
            sentence += f" (There is no frozen result of {names} any more, so what lies above is needed.)"
        node = problem.node if problem else NodeId("")
        found = job.graph.nodes.get(node)
        raise Refused(sentence, node, found.class_type if found else "")
    with on_behalf_of(job.user, folders):
        problems = ask(report.graph, registry, report.to_ask)
    for problem in problems:
        raise Refused(problem.sentence, problem.node, report.graph.nodes[problem.node].class_type)
    return replace(job, graph=report.graph, targets=report.targets)


def not_started(prompt_id: str, node: str, class_type: str, sentence: str, emit: Callable[[Event], None]) -> Outcome:
    """The outcome of a job that could not be started, told as that of one that failed."""
    now = int(time.time() * 1000)
    start = ExecutionStart(prompt_id=prompt_id, timestamp=now)
    error = ExecutionError(
        prompt_id=prompt_id,
        node_id=node,
        node_type=class_type,
        executed=[],
        exception_message=sentence + "\n",
        exception_type="InvalidGraph",
        traceback=[],
        current_inputs={},
        current_outputs=[],
        timestamp=now,
    )
    emit(start)
    emit(error)
    messages = tuple((m["type"], m["data"]) for m in (message(start), message(error)) if m is not None)
    return Outcome(prompt_id=prompt_id, status="error", messages=messages, error=messages[-1][1])
