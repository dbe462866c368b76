"""In which order nodes run: inputs first. Iterative, and linear in nodes and links."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from graph.errors import CycleError, GraphError
from graph.types import Graph, Link, NodeId


def plan(graph: Graph, targets: Iterable[NodeId], known: Collection[NodeId] = ()) -> list[NodeId]:
    """The targets and all that they need, each after its inputs; what the first target needs comes first.

    known: nodes that are planned already, which are left out, as is what only they need.
    Raises CycleError with the path, and GraphError for a link to a node that is not there.
    """
    done: dict[NodeId, None] = {}
    path: dict[NodeId, None] = {}  # the nodes that are being looked into, outermost first: on a cycle, the message
    stack = [*reversed(list(targets))]
    while stack:
        id = stack[-1]
        if id in path or id in done or id in known:
            stack.pop()
            if id in path:
                del path[id]
                done[id] = None
            continue
        if id not in graph:
            raise GraphError(f"NodeNotFoundError: there is no node #{id}.")
        path[id] = None
        for source in reversed(graph.upstream(id)):
            if source in path:
                raise CycleError(_cycle(list(path), source))
            if source not in done:
                stack.append(source)
    return list(done)


def _cycle(path: list[NodeId], repeated: NodeId) -> list[NodeId]:
    """The circle that closes at `repeated`, in the direction in which values would flow."""
    circle = path[path.index(repeated) :]
    return [repeated, *reversed(circle)]


def stale(
    graph: Graph, targets: Iterable[NodeId], is_there: Callable[[NodeId], bool], follow: Callable[[NodeId, str], bool]
) -> list[NodeId]:
    """What must run: targets whose results are not there, and what those read, and so on; targets first.

    follow(node, input): whether the node reads that input at once, and not only if it asks for it (lazy inputs).
    """
    found: dict[NodeId, None] = {}
    stack = [*reversed(list(targets))]
    while stack:
        id = stack.pop()
        if id in found or is_there(id):
            continue
        found[id] = None
        for name, value in graph.nodes[id].inputs.items():
            if isinstance(value, Link) and value.node not in found and follow(id, name):
                stack.append(value.node)
    return list(found)


def components(upstream: Mapping[NodeId, list[NodeId]]) -> list[list[NodeId]]:
    """The nodes in groups, inputs first; a group of several is a knot of cycles (Tarjan 1972, without recursion).

    Sources that are no keys of `upstream` are passed over.
    """
    index: dict[NodeId, int] = {}
    low: dict[NodeId, int] = {}
    open_nodes: list[NodeId] = []
    is_open: set[NodeId] = set()
    groups: list[list[NodeId]] = []
    for root in upstream:
        if root in index:
            continue
        work = [(root, iter(upstream[root]))]
        index[root] = low[root] = len(index)
        open_nodes.append(root)
        is_open.add(root)
        while work:
            id, sources = work[-1]
            for source in sources:
                if source not in index:
                    if source not in upstream:
                        continue
                    index[source] = low[source] = len(index)
                    open_nodes.append(source)
                    is_open.add(source)
                    work.append((source, iter(upstream[source])))
                    break
                if source in is_open:
                    low[id] = min(low[id], index[source])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[id])
                if low[id] == index[id]:
                    group: list[NodeId] = []
                    while True:
                        member = open_nodes.pop()
                        is_open.discard(member)
                        group.append(member)
                        if member == id:
                            break
                    groups.append(group[::-1])
    return groups


def shortest_cycle(upstream: Mapping[NodeId, list[NodeId]], members: Collection[NodeId]) -> list[NodeId]:
    """A short circle through the first of `members`, which are one knot; first and last are the same node."""
    inside = set(members)
    start = next(iter(members))
    reader: dict[NodeId, NodeId] = {}  # source -> the node that reads it, on the shortest way to `start`
    queue = [start]
    for id in queue:
        for source in upstream[id]:
            if source == start:
                path = [start]
                while id != start:
                    path.append(id)
                    id = reader[id]
                return [*path, start]
            if source in inside and source not in reader:
                reader[source] = id
                queue.append(source)
    return [start]
