"""Weightless nodes, and a run of them: what the executor's tests need, without a server, a device or a wait."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from graph.cache import Cache
from graph.context import Context
from graph.errors import Cancelled
from graph.events import Event, Executed, Executing, ExecutionCached, ExecutionError
from graph.execute import Executor, Job, Outcome
from graph.folders import Folders
from graph.node import Blocked, Expansion, Hidden, Int, Results, Socket, Text, Toggle, node
from graph.parse import parse
from graph.registry import Registry
from graph.types import JsonObject
from graph.validate import validate

Number = Annotated[int, Socket("INT")]
Anything = Annotated[Any, Socket("*")]
LazyNumber = Annotated[Any, Socket("INT", optional=True)]


@node("Num")
def num(value: Annotated[int, Int(-1000, 1_000_000)] = 0) -> int:
    return value


@node("Add")
def add(a: Number, b: Annotated[int, Int(-1000, 1_000_000)] = 1) -> int:
    return a + b


@node("Show", output=True)
def show(value: Anything) -> Results:
    return Results(ui={"text": [str(value)]})


class Scalar:
    """A number of another library."""

    shape = ()

    def item(self) -> float:
        return 2.5


@node("Odd", output=True)
def odd(context: Context, value: Anything) -> Results:
    """Tells what JSON does not have."""
    context.progress(Scalar.item(Scalar()), 3)
    context.send("odd", {"x": (1, Scalar())})
    return Results(ui={"odd": (math.nan, Scalar(), {1: (object(), b"")}, [[[]]])})


@node("Range", output_is_list=(True,))
def range_(count: Annotated[int, Int(0, 100)] = 3) -> list[int]:
    return list(range(count))


@node("Sum", input_is_list=True)
def sum_(values: Number) -> int:
    return sum(values)


@node("Pair", outputs=("first", "second"))
def pair(a: Number) -> tuple[int, int]:
    return a, -a


@node("Fail")
def fail(a: Number) -> int:
    raise ValueError(f"no luck with {a}")


@node("Exit")
def exit_(a: Number) -> int:
    raise SystemExit(3)


@node("Stop")
def stop(a: Number) -> int:
    raise Cancelled


@node("Switch", lazy=("yes", "no"), check_lazy=lambda which, yes, no: ["yes" if which else "no"])
def switch(which: Annotated[bool, Toggle()], yes: LazyNumber = None, no: LazyNumber = None) -> int:
    return yes if which else no


@node("Block")
def block(a: Number, message: Annotated[str, Text()] = "", when: Annotated[int, Int(-1, 100)] = -1) -> int:
    return Blocked(message or None) if when in (-1, a) else a


@node("Random", is_changed=lambda: math.nan)
def random_(a: Annotated[int, Int(0, 100)] = 0) -> int:
    return a


@node("Versioned", is_changed=lambda a: VERSIONS.append(a) or a)
def versioned(a: Annotated[int, Int(0, 100)] = 0, linked: LazyNumber = None) -> int:
    return a


VERSIONS: list[int] = []


@node("Whoami", outputs=("id",))
def whoami(id: Annotated[str, Hidden("UNIQUE_ID")]) -> str:
    return id


@node("Once", not_idempotent=True)
def once(a: Annotated[int, Int(0, 100)] = 0) -> int:
    return a


@node("Prompt")
def prompt(
    prompt: Annotated[dict[str, Any], Hidden("PROMPT")], info: Annotated[Any, Hidden("EXTRA_PNGINFO")]
) -> Annotated[Results, Socket("STRING")]:
    return Results((f"{sorted(prompt)} {info}",))


@node("Progress")
def progress(context: Context, a: Number) -> int:
    for i in range(3):
        context.progress(i + 1, 3)
    context.preview(b"\xff\xd8", "JPEG")
    context.text("half way")
    return a


@node("Later")
async def later(a: Number, turns: Annotated[int, Int(0, 1000)] = 3) -> int:
    STARTED.append(a)
    for _ in range(turns):
        await asyncio.sleep(0)
    return a


@node("LaterFail")
async def later_fail(a: Number) -> int:
    await asyncio.sleep(0)
    raise KeyError("gone")


@node("Forever")
async def forever(a: Number) -> int:
    await asyncio.Event().wait()
    return a


STARTED: list[int] = []


@node("Twice")
def twice(context: Context, a: Annotated[Any, Socket("INT", raw_link=True)]) -> Annotated[Expansion, Socket("INT")]:
    """a + a, as two nodes of a graph that takes this node's place."""
    first = f"{context.node_id}.0"
    inner = {
        first: {"class_type": "Add", "inputs": {"a": a, "b": 10}},
        f"{context.node_id}.1": {"class_type": "Add", "inputs": {"a": [first, 0], "b": 20}},
    }
    return Expansion(([f"{context.node_id}.1", 0],), inner)


@node("Countdown")
def countdown(
    context: Context, count: Annotated[int, Int(0, 10_000)] = 0, total: Annotated[int, Int(0, 10**9)] = 0
) -> Annotated[Any, Socket("INT")]:
    """A loop, as such loops are made: each round expands into the next."""
    if count == 0:
        return total
    inner = f"{context.node_id}."
    return Expansion(
        ([inner, 0],), {inner: {"class_type": "Countdown", "inputs": {"count": count - 1, "total": total + count}}}
    )


@node("Circle")
def circle(context: Context) -> Annotated[Any, Socket("INT")]:
    inner = f"{context.node_id}.x"
    return Expansion(([inner, 0],), {inner: {"class_type": "Add", "inputs": {"a": [context.node_id, 0], "b": 1}}})


@node("BadExpansion")
def bad_expansion(kind: Annotated[str, Text()] = "") -> Annotated[Any, Socket("INT")]:
    graphs: dict[str, JsonObject] = {
        "unknown": {"x": {"class_type": "Nothing", "inputs": {}}},
        "link": {"x": {"class_type": "Add", "inputs": {"a": ["nowhere", 0]}}},
        "slot": {"x": p("Pair", a=["y", 5]), "y": p("Num")},
        "twice": {"1": {"class_type": "Num", "inputs": {"value": 1}}},
        "cycle": {
            "x": {"class_type": "Add", "inputs": {"a": ["y", 0], "b": 1}},
            "y": {"class_type": "Add", "inputs": {"a": ["x", 0], "b": 1}},
        },
    }
    return Expansion((["x", 0],), graphs[kind])


@node("Save", output=True)
def save(context: Context, value: Anything, name: Annotated[str, Text()] = "a.txt") -> Results:
    (context.folders.root("output") / name).write_text(str(value), "utf-8")
    return Results(ui={"images": [{"filename": name, "subfolder": "", "type": "output"}]})


@node("Greedy")
def greedy(context: Context, a: Number) -> int:
    """Runs out of memory as often as its services say."""
    context.services.attempts += 1
    if context.services.attempts <= context.services.failures:
        raise MemoryError("no room")
    return a


class Counted:
    """Counts its own objects, as classes of packs that keep state do."""

    made = 0

    def __init__(self) -> None:
        Counted.made += 1
        self.calls = 0


@node("Stateful", is_changed=lambda: math.nan)
def stateful(context: Context) -> int:
    counted = context.instance(Counted)
    counted.calls += 1
    return counted.calls


FUNCTIONS = (
    *(
        num,
        add,
        show,
        odd,
        range_,
        sum_,
        pair,
        fail,
        exit_,
        stop,
        switch,
        block,
        random_,
        versioned,
        whoami,
        once,
        prompt,
    ),
    *(progress, later, later_fail, forever, twice, countdown, circle, bad_expansion, save, greedy, stateful),
)


SPECS = Registry(*FUNCTIONS).catalogue()


def p(class_type: str, **inputs: Any) -> JsonObject:
    """A node in API format; widgets that are not given have their defaults."""
    declared = SPECS[class_type].inputs if class_type in SPECS else ()
    defaults = {spec.name: spec.options["default"] for spec in declared if "default" in spec.options}
    return {"class_type": class_type, "inputs": {**defaults, **inputs}}


def chain(first: int = 1, last: int = 1) -> dict[str, Any]:
    """A number, two sums one upon the other, and what shows the last."""
    return {
        "1": p("Num", value=first),
        "2": p("Add", a=["1", 0], b=1),
        "3": p("Add", a=["2", 0], b=last),
        "9": p("Show", value=["3", 0]),
    }


@dataclass
class Ran:
    """What a run told and gave."""

    outcome: Outcome
    events: list[Event]

    @property
    def executed(self) -> list[str]:
        return list(self.outcome.executed)

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    @property
    def cached(self) -> list[str]:
        return [node for event in self.events if isinstance(event, ExecutionCached) for node in event.nodes]

    @property
    def reasons(self) -> dict[str, str]:
        return {
            event.node: event.reason.sentence for event in self.events if isinstance(event, Executing) and event.reason
        }

    @property
    def errors(self) -> list[ExecutionError]:
        return [event for event in self.events if isinstance(event, ExecutionError)]

    def text(self, node: str) -> list[Any]:
        """What a Show node showed."""
        return self.outcome.outputs[node]["text"]

    def shown(self, node: str) -> list[Executed]:
        return [event for event in self.events if isinstance(event, Executed) and event.node == node]


@dataclass
class Bench:
    """An executor with the nodes above."""

    budget: int = 10**9
    services: Any = None
    folders: Folders | None = None
    executor: Executor = field(init=False)
    runs: int = 0

    def __post_init__(self) -> None:
        self.executor = Executor(
            Registry(*FUNCTIONS), Cache(self.budget, lambda value: 100), self.services, self.folders
        )

    def run(
        self,
        prompt: JsonObject,
        *,
        targets: Sequence[str] | None = None,
        emit: Callable[[Event], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        **job: Any,
    ) -> Ran:
        """Validate, which must find nothing, and run."""
        report = validate(parse(prompt), self.executor.registry.catalogue(), self.folders, targets)
        assert not report.problems, report.problems
        events: list[Event] = []

        def listen(event: Event) -> None:
            events.append(event)
            if emit is not None:
                emit(event)

        self.runs += 1
        job = {"prompt_id": f"run {self.runs}", "graph": report.graph, "targets": report.targets, **job}
        return Ran(self.executor.run(Job(**job), listen, cancelled), events)
