"""The events for what goes wrong in a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graph.dynamic import DynamicGraph
from graph.errors import GraphError, NodeError
from graph.events import ExecutionError, ExecutionInterrupted
from graph.job import Job
from graph.types import NodeId


def failed(
    job: Job,
    graph: DynamicGraph,
    error: NodeError | GraphError,
    *,
    current: NodeId | None,
    executed: Sequence[NodeId],
    there: Iterable[NodeId],
    timestamp: int,
) -> ExecutionError:
    """What ended the run. A fault of the graph is laid at the node that was being visited."""
    if isinstance(error, NodeError):
        id, kind, said = error.node_id, error.exception_type, error.exception_message
        trace, inputs = error.traceback, error.inputs
    else:
        id, kind, said, trace, inputs = _at(job, current), error.__class__.__name__, f"{error}\n", (), {}
    return ExecutionError(
        prompt_id=job.prompt_id,
        node_id=graph.real(id),
        node_type=_class_type(graph, id),
        executed=list(executed),
        exception_message=said,
        exception_type=kind,
        traceback=list(trace),
        current_inputs=inputs,
        current_outputs=list(there),
        timestamp=timestamp,
    )


def interrupted(
    job: Job, graph: DynamicGraph, *, current: NodeId | None, executed: Sequence[NodeId], timestamp: int
) -> ExecutionInterrupted:
    id = _at(job, current)
    return ExecutionInterrupted(
        prompt_id=job.prompt_id,
        node_id=graph.real(id),
        node_type=_class_type(graph, id),
        executed=list(executed),
        timestamp=timestamp,
    )


def blocked(job: Job, id: NodeId, class_type: str, executed: Sequence[NodeId], message: str) -> ExecutionError:
    """A blocker's message at the first node that it keeps from running. The run goes on, so nothing is kept of it."""
    return ExecutionError(
        prompt_id=job.prompt_id,
        node_id=id,
        node_type=class_type,
        executed=list(executed),
        exception_message=f"Execution Blocked: {message}",
        exception_type="ExecutionBlocked",
        traceback=[],
        current_inputs={},
        current_outputs=[],
        timestamp=None,
    )


def deadlock(graph: DynamicGraph, waiting: Sequence[NodeId]) -> NodeError:
    """Nothing is ready and nothing runs: an expansion made a circle. It is laid at the node that expanded."""
    id = next((id for id in waiting if graph.parent(id) is not None), waiting[0])
    blamed = graph.display(id)
    names = ", ".join(f"#{node}" for node in waiting[:20])
    return NodeError(
        blamed,
        _class_type(graph, blamed),
        {},
        exception_type="graph.DependencyCycleError",
        exception_message=f"Dependency cycle detected: {names} wait for each other.\n",
        traceback=[],
    )


def _at(job: Job, current: NodeId | None) -> NodeId:
    return current if current is not None else next(iter(job.targets), NodeId(""))


def _class_type(graph: DynamicGraph, id: NodeId) -> str:
    node = graph.nodes.get(graph.real(id))
    return node.class_type if node is not None else ""
