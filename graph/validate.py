"""Whether a graph can run, from the catalogue alone: every problem at once, each with a sentence.

validate
  _reach            what the targets need; nothing else is checked but that its type exists
  Checks.node       the inputs of one node, in the order of their declaration (graph.checks)
  Checks.not_yet    in its place for a type that this version only declares
  components        cycles, each with its path
  _verdict          which targets have no problem among all that they need
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from graph.checks import Checks
from graph.errors import Problem
from graph.folders import Folders
from graph.plan import components, shortest_cycle
from graph.spec import NodeSpec
from graph.types import Graph, JsonObject, NodeId

MISSING_TYPE = "missing_node_type"
MAX_DEPENDENTS = 50
"""Output nodes named beside a problem."""

Dependents = Mapping[NodeId, tuple[NodeId, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `validate` found. Without `targets` the prompt is refused with `error()` and `node_errors()`."""

    graph: Graph
    """The same graph with constants coerced to their declared types: this is what runs."""
    asked: tuple[str, ...] | None = None
    """The request's `partial_execution_targets`; None where it had none."""
    wanted: tuple[NodeId, ...]
    """The output nodes that were asked for."""
    targets: tuple[NodeId, ...]
    """Those of them that can run."""
    problems: tuple[Problem, ...] = ()
    to_ask: tuple[NodeId, ...] = ()
    """What the targets need and has checks of its own (VALIDATE_INPUTS): only a worker can run them (`graph.ask`)."""
    given: frozenset[str] = frozenset()
    """Nodes whose results are taken as they are."""
    dependents: Dependents = field(default_factory=dict[NodeId, "tuple[NodeId, ...]"])
    """For each node with problems the output nodes that need it, at most `MAX_DEPENDENTS`."""

    def error(self) -> JsonObject | None:
        """The reply's `error` object, or None if there is something to run."""
        if self.targets:
            return None
        unknown = [problem for problem in self.problems if problem.type == MISSING_TYPE]
        if unknown:
            details = ", ".join(f"Node ID '#{problem.node}'" for problem in unknown[:20])
            return _error("invalid_prompt", unknown[0].message, details, unknown)
        if not self.wanted:
            details = (
                "The graph has no node that shows or saves a result. Add one, such as PreviewImage or SaveImage."
                if self.asked is None
                else f"None of the targets ({', '.join(self.asked[:20]) or 'the list is empty'}) is an output node."
            )
            return _error("prompt_no_outputs", "Prompt has no outputs", details, ())
        outputs = set(self.wanted)
        own = [problem for problem in self.problems if problem.node in outputs]
        lines = [f"{problem.message}: {problem.details}" for problem in own]
        lines += [problem.sentence for problem in self.problems if problem.node not in outputs]
        message = "Prompt outputs failed validation"
        return _error("prompt_outputs_failed_validation", message, "\n".join(lines[:100]), self.problems)

    def node_errors(self) -> JsonObject:
        """The reply's `node_errors`: by node, in the order of the graph."""
        entries: JsonObject = {}
        for problem in self.problems:
            node = self.graph.nodes[problem.node]
            entry = entries.setdefault(
                problem.node,
                {
                    "errors": [],
                    "dependent_outputs": list(self.dependents.get(problem.node, ())),
                    "class_type": node.class_type,
                },
            )
            entry["errors"].append(problem.to_json())
        return entries

    def with_problems(self, problems: Iterable[Problem]) -> Report:
        """The report with what a worker found on the nodes `to_ask`."""
        merged = (*self.problems, *problems)
        if merged == self.problems:
            return self
        upstream = _reach(self.graph, self.wanted, self.given)
        targets, dependents = _verdict(upstream, self.wanted, merged)
        return replace(self, problems=merged, targets=targets, dependents=dependents)


def validate(
    graph: Graph,
    catalogue: Mapping[str, NodeSpec],
    folders: Folders | None = None,
    targets: Collection[str] | None = None,
    budget: int | None = None,
    given: Collection[str] = (),
    device: str | None = None,
    loading: bool = False,
) -> Report:
    """Check what the targets reach. Never raises, for whatever graph `parse` gives.

    targets: the request's `partial_execution_targets`; None for every output node.
    budget: bytes that a run may take; a node that declares to take more is refused before anything is allocated.
    device: which it runs on, such as `cuda:0`, for nodes that need one kind; None while that is not known.
    given: frozen nodes, whose results are taken as they are: neither they nor what they read is looked at.
    loading: whether packs are still being loaded, so that there may be more node types soon.
    """
    checks = Checks(graph, catalogue, folders, budget, device, loading)
    wanted = tuple(
        id
        for id, node in graph.nodes.items()
        if (spec := catalogue.get(node.class_type)) and spec.is_output and (targets is None or id in targets)
    )
    upstream = _reach(graph, wanted, given)
    problems = [checks.missing_type(node) for node in graph.nodes.values() if node.class_type not in catalogue]
    unknown = bool(problems)
    coerced = dict(graph.nodes)
    to_ask: list[NodeId] = []
    for id, node in graph.nodes.items():
        spec = catalogue.get(node.class_type)
        if id not in upstream or spec is None or id in given:
            continue
        if spec.later:
            problems.append(checks.not_yet(node, spec))
            continue
        coerced[id], found = checks.node(node, spec)
        problems += found
        if spec.validates is not None and not found:
            to_ask.append(id)
    problems += _cycles(graph, upstream)
    runnable, dependents = _verdict(upstream, wanted, problems)
    return Report(
        graph=Graph(coerced),
        asked=None if targets is None else tuple(targets),
        wanted=wanted,
        targets=() if unknown else runnable,
        problems=tuple(problems),
        to_ask=tuple(to_ask),
        given=frozenset(given),
        dependents=dependents,
    )


def _reach(graph: Graph, targets: Iterable[NodeId], given: Collection[str] = ()) -> dict[NodeId, list[NodeId]]:
    """All that the targets need: for each node those of its sources that exist; none for what is given."""
    found: dict[NodeId, list[NodeId]] = {}
    stack = [*reversed(list(targets))]
    while stack:
        id = stack.pop()
        if id not in found:
            found[id] = [] if id in given else [source for source in graph.upstream(id) if source in graph.nodes]
            stack += found[id]
    return found


def _cycles(graph: Graph, upstream: Mapping[NodeId, list[NodeId]]) -> list[Problem]:
    """One problem for each knot of nodes that read each other."""
    problems: list[Problem] = []
    for group in components(upstream):
        if len(group) == 1 and group[0] not in upstream[group[0]]:
            continue
        path = shortest_cycle(upstream, group)
        names = [graph.nodes[id].label for id in path]
        if len(names) > 12:
            names = [*names[:6], f"… {len(names) - 12} more …", *names[-6:]]
        problems.append(
            Problem(
                node=path[0],
                type="dependency_cycle",
                message="Nodes depend on each other in a cycle",
                details=" -> ".join(path[:1000]),
                sentence=f"These nodes read each other in a circle: {' → '.join(names)}. Remove one of the links.",
                extra_info={"path": path[:1000]},
            )
        )
    return problems


def _verdict(
    upstream: Mapping[NodeId, list[NodeId]], wanted: tuple[NodeId, ...], problems: Iterable[Problem]
) -> tuple[tuple[NodeId, ...], Dependents]:
    """The targets that no problem touches, and for each node with problems the targets that need it."""
    faulty = {problem.node for problem in problems}
    if not faulty:
        return wanted, {}
    groups = components(upstream)
    tainted = set(faulty)
    for group in groups:
        if any(id in tainted or any(source in tainted for source in upstream[id]) for id in group):
            tainted.update(group)
    position = {id: i for i, id in enumerate(wanted)}
    needing: dict[NodeId, tuple[NodeId, ...]] = {id: (id,) for id in wanted}
    for group in reversed(groups):
        shared = needing.get(group[0], ()) if len(group) == 1 else _merge(needing.get(id, ()) for id in group)
        for id in group:
            needing[id] = shared
            for source in upstream[id]:
                held = needing.get(source, ())
                if not held:
                    needing[source] = shared
                elif len(held) < MAX_DEPENDENTS and held != shared:
                    needing[source] = _merge((held, shared))
    return (
        tuple(id for id in wanted if id not in tainted),
        {id: tuple(sorted(needing.get(id, ()), key=position.__getitem__)) for id in faulty},
    )


def _merge(parts: Iterable[tuple[NodeId, ...]]) -> tuple[NodeId, ...]:
    return tuple(dict.fromkeys(id for part in parts for id in part))[:MAX_DEPENDENTS]


def _error(type: str, message: str, details: str, problems: Iterable[Problem]) -> JsonObject:
    sentences = [problem.sentence for problem in problems]
    return {"type": type, "message": message, "details": details, "extra_info": {"sentences": sentences[:100]}}
