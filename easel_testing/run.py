"""Runs of nodes and graphs as a server would do them, with values of Python's for any input."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

from easel_testing.values import Untouched, check_output
from graph.cache import Cache
from graph.context import Context
from graph.events import Event, NodeFacts, Preview, Progress, Text
from graph.execute import Executor, Job
from graph.folders import Folders, inside
from graph.node import CacheKey, Function, NodeType, Outcome, Results, Socket, Values, node
from graph.parse import parse
from graph.registry import Registry
from graph.renamed import Renames
from graph.sizes import size_of
from graph.types import JsonObject
from graph.validate import validate
from graph.workflow import is_workflow, to_api
from models.engine import Engine

GIVEN, ALL_GIVEN, KEPT = "EaselTestingGiven", "EaselTestingAllGiven", "EaselTestingKept"
CACHE = 2**30


class RunFailed(AssertionError):
    """A graph that is not valid, or whose run ended otherwise than well."""


@dataclass
class Ran:
    """What came of a run."""

    values: dict[str, tuple[Any, ...]] = field(default_factory=dict[str, "tuple[Any, ...]"])
    """By node id, of the nodes that no other reads: their outputs; a list where an output gave several values."""
    ui: dict[str, Any] = field(default_factory=dict[str, Any])
    """By node id: what output nodes show."""
    executed: list[str] = field(default_factory=list[str])
    cached: list[str] = field(default_factory=list[str])
    progress: list[tuple[str, float, float]] = field(default_factory=list["tuple[str, float, float]"])
    """Node, steps done, steps in all."""
    previews: list[bytes] = field(default_factory=list[bytes])
    texts: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])
    folders: Folders | None = None

    def value(self, node: str | int = "") -> Any:
        """A node's only output, or all in a tuple; of the only node that there is, where none is named."""
        if node == "" and len(self.values) != 1:
            raise KeyError(f"the run has the values of the nodes {', '.join(self.values) or '(none)'}: name one")
        found = self.values[str(node) if node != "" else next(iter(self.values))]
        return found[0] if len(found) == 1 else found

    def pictures(self, node: str | int = "") -> list[Tensor]:
        """The pictures that output nodes have saved, each (1, h, w, c) in [0, 1]."""
        shown = [self.ui.get(str(node), {})] if node != "" else list(self.ui.values())
        files = [file for one in shown for file in one.get("images", ())]
        return [self._read(file) for file in files]

    def _read(self, file: Mapping[str, Any]) -> Tensor:
        assert self.folders is not None
        root = self.folders.root(str(file["type"]))
        with Pillow.open(inside(root, f"{file.get('subfolder') or '.'}/{file['filename']}")) as picture:
            levels = np.asarray(picture.convert("RGB"), dtype=np.float32) / 255
        return torch.as_tensor(levels)[None]


class Bench:
    """Runs of one test, which share a cache of results: a second run shows what ran again."""

    def __init__(self, registry: Registry, folders: Folders, engine: Engine | None = None) -> None:
        self.last = Ran()
        """The last run, for what a value does not say."""
        self._given: list[Any] = []
        self._kept: dict[tuple[str, int], list[Any]] = {}
        self._raised: list[BaseException] = []
        self._folders = folders
        self._base = registry
        self._executor = Executor(registry, Cache(CACHE, size_of), engine or Engine("cpu", "fp32"), folders)

    def node(self, what: Function[..., Any] | str, /, **inputs: Any) -> Any:
        """Run one node; what is not given is its default. Gives its output, a tuple of several, or what it shows.

        Raises what the node's function raises, and RunFailed where the inputs do not fit or were changed.
        """
        type = what.type if isinstance(what, Function) else self._type(what)
        spec = type.spec
        surplus = [name for name in inputs if spec.input(name) is None and not spec.open_inputs]
        if surplus:
            known = ", ".join(item.name for item in spec.inputs) or "none"
            raise RunFailed(f"{spec.class_type} has no input {', '.join(surplus)}. It has {known}.")
        for item in spec.inputs:
            if item.name not in inputs and not item.optional and item.has_widget:
                choices = item.allowed(self._folders)
                default = item.options.get("default", choices[0] if choices else None)
                if default is not None:
                    inputs[item.name] = default
        graph: JsonObject = {"1": {"class_type": spec.class_type, "inputs": {}}}
        registry = self._base if spec.class_type in self._base else Registry(*self._base.values(), type)
        ran = self._run(graph, {f"1.{name}": value for name, value in inputs.items()}, registry)
        if "1" not in ran.values:
            return ran.ui.get("1", {})
        for output, value in zip(spec.outputs, ran.values["1"], strict=True):
            check_output(spec.class_type, output, value)
        return ran.value("1")

    def graph(self, graph: JsonObject | str | Path, inputs: Mapping[str, Any] | None = None) -> Ran:
        """Run a graph, in either file format, or the file of one. inputs: `{"3.seed": 7, "5.image": tensor}`.

        Raises what a node's function raises, and RunFailed where the graph is not valid.
        """
        if isinstance(graph, str | Path):
            graph = cast(JsonObject, json.loads(Path(graph).read_text("utf-8")))
        if is_workflow(graph):
            graph = to_api(graph, self._base.catalogue(), self._folders)
        return self._run(graph, inputs or {}, self._base)

    def _type(self, name: str) -> NodeType:
        if name not in self._base:
            raise RunFailed(f"There is no node type {name}. A pack's own are those that it declares with @node.")
        return self._base[name]

    def _run(self, graph: JsonObject, inputs: Mapping[str, Any], registry: Registry) -> Ran:
        self._kept.clear()
        self._raised.clear()
        prompt: JsonObject = {str(id): {**entry, "inputs": dict(entry["inputs"])} for id, entry in graph.items()}
        untouched = Untouched()
        for place, value in inputs.items():
            id, dot, name = place.partition(".")
            if not dot or id not in prompt:
                raise RunFailed(
                    f"{place} names no input: write NODE.INPUT, such as 3.seed. Nodes: {', '.join(prompt)}."
                )
            prompt[id]["inputs"][name] = self._wired(prompt, registry, id, name, value)
            untouched.add(name, value)
        leaves = self._keep_leaves(prompt, registry)
        types = [self._watched(type) for type in registry.values()]
        full = Registry(*types, _given(self._given), _all_given(self._given), _kept(self._kept))
        ran = self._executed(prompt, full)
        for id, count in leaves.items():
            found = [self._kept.get((id, slot), []) for slot in range(count)]
            ran.values[id] = tuple(values[0] if len(values) == 1 else values for values in found)
        changed = untouched.changed()
        if changed:
            names = ", ".join(changed)
            raise RunFailed(f"A node changed the value of its input {names}. Make a new one: other nodes read it too.")
        self.last = ran
        return ran

    def _wired(self, prompt: JsonObject, registry: Registry, id: str, name: str, value: Any) -> Any:
        """A constant as it is; for a socket, or for what is no JSON, a link to a node that gives the value.

        A list for an input that is annotated as one is so many values.
        """
        type = registry.get(prompt[id]["class_type"])
        declared = type.spec.input(name) if type is not None else None
        if isinstance(value, str | int | float | bool) and (declared is None or declared.has_widget):
            return value
        number = next((at for at, one in enumerate(self._given) if one is value), len(self._given))
        if number == len(self._given):
            self._given.append(value)
        many = isinstance(value, list) and type is not None and type.takes_all(name)
        source = f"given {number} {'all' if many else 'whole'}"
        prompt[source] = {"class_type": ALL_GIVEN if many else GIVEN, "inputs": {"number": number}}
        return [source, 0]

    def _keep_leaves(self, prompt: JsonObject, registry: Registry) -> dict[str, int]:
        """Add a reader to every output of the nodes that no other reads; gives these nodes' numbers of outputs."""
        graph = parse(prompt)
        read = {link.node for one in graph.nodes.values() for _, link in one.links()}
        leaves: dict[str, int] = {}
        for id, one in graph.nodes.items():
            if id in read or one.class_type not in registry:
                continue
            count = len(registry[one.class_type].spec.outputs)
            if count:
                leaves[id] = count
            for slot in range(count):
                prompt[f"kept {id} {slot}"] = {
                    "class_type": KEPT,
                    "inputs": {"value": [id, slot], "node": id, "slot": slot},
                }
        return leaves

    def _executed(self, prompt: JsonObject, registry: Registry) -> Ran:
        catalogue = registry.catalogue()
        report = validate(Renames(catalogue).graph(parse(prompt)), catalogue, self._folders)
        if report.problems or not report.targets:
            error = report.error() or {}
            said = [problem.sentence for problem in report.problems] or [str(error.get("details", ""))]
            raise RunFailed("\n".join(said))
        ran = Ran(folders=self._folders)
        job = Job(prompt_id="test", graph=report.graph, targets=report.targets)
        self._executor.registry = registry
        outcome = self._executor.run(job, lambda event: _note(ran, event), lambda: False)
        if outcome.status != "success":
            if self._raised:
                raise self._raised[-1]
            raise RunFailed((outcome.error or {}).get("exception_message", outcome.status))
        ran.ui = {id: shown for id, shown in outcome.outputs.items() if not id.startswith("kept ")}
        ran.executed = [id for id in outcome.executed if not id.startswith(("kept ", "given "))]
        ran.cached = [id for id in outcome.cached if not id.startswith(("kept ", "given "))]
        return ran

    def _watched(self, type: NodeType) -> NodeType:
        """The same, which notes what its function raises: a run tells only the words of it."""

        def call(context: Context, values: Values) -> Outcome | Awaitable[Outcome]:
            with _noting(self._raised):
                outcome = type.call(context, values)
            return outcome if isinstance(outcome, Outcome) else self._awaited(outcome)

        return replace(type, call=call)

    async def _awaited(self, outcome: Awaitable[Outcome]) -> Outcome:
        with _noting(self._raised):
            return await outcome


@contextmanager
def _noting(raised: list[BaseException]) -> Generator[None]:
    try:
        yield
    except BaseException as error:
        raised.append(error)
        raise


def _given(values: list[Any]) -> Function[..., Any]:
    @node(GIVEN)
    def given(number: int = 0) -> Annotated[Any, Socket("*")]:
        """A value of the test's."""
        return values[number]

    return given


def _all_given(values: list[Any]) -> Function[..., Any]:
    @node(ALL_GIVEN)
    def all_given(number: int = 0) -> list[Annotated[Any, Socket("*")]]:
        """Each value of a list of the test's."""
        return values[number]

    return all_given


def _kept(kept: dict[tuple[str, int], list[Any]]) -> Function[..., Any]:
    @node(KEPT, output=True, not_idempotent=True, cache=CacheKey(never=True))
    def keep(value: list[Annotated[Any, Socket("*")]], node: str = "", slot: int = 0) -> Results:
        """Hold all values of an output for the test to look at."""
        kept[node, slot] = value
        return Results()

    return keep


def _note(ran: Ran, event: Event) -> None:
    match event:
        case Progress():
            ran.progress.append((str(event.node), event.value, event.max))
        case Preview():
            ran.previews.append(event.data)
        case Text():
            ran.texts.append(event.text)
        case NodeFacts():
            for facts in event.nodes.values():
                ran.warnings += facts.get("warnings", ())
        case _:
            pass
