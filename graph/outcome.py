"""What a node's function may give back, and the objects by which a declaration says more than a signature can."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from graph.types import JsonObject

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Results:
    """Outputs, and what the page shows for them (`ui`: kind → list, such as `images`)."""

    values: tuple[Any, ...] = ()
    ui: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])


@dataclass(frozen=True, slots=True)
class Blocked:
    """In place of an output, or of all: whoever reads it does not run. A message is shown as an error."""

    message: str | None = None
    told: bool = False
    """The run has shown the message. What this blocks is not cached, so that the next run shows it again."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """The node's outputs are those of a graph that runs in its place.

    values: constants, or links `["id", slot]` into `graph`, which is in API format with ids that no other node has.
    `graph.builder.Subgraph` makes one.
    """

    values: tuple[Any, ...]
    graph: JsonObject
    ui: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])


Outcome = Results | Blocked | Expansion


@dataclass(frozen=True, slots=True)
class Lazy:
    """Inputs that are computed only where they are needed; until then they are None.

    needed: called with the inputs that it names; gives the names of those that are needed besides. It is asked again
    when they are there.
    """

    inputs: Sequence[str]
    needed: Callable[..., Sequence[str] | Awaitable[Sequence[str]]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheKey:
    """What a result depends on, where that is more or less than the node's inputs, files and code.

    part: called with the inputs that it names (None where one is linked) and, if it names one of the type `Context`,
    the context; gives a value that is another when the result would be. ignores: inputs that change nothing.
    """

    part: Callable[..., Any] | None = None
    ignores: Sequence[str] = ()
    never: bool = False
    """The node runs each time."""


def as_outcome(result: Any, count: int) -> Outcome:
    """What a typed function with `count` outputs gave back: one value, a tuple of several, or an `Outcome`."""
    if isinstance(result, Results | Blocked | Expansion):
        return result
    if result is None and count == 0:
        return Results()
    if count == 1:
        return Results((result,))
    if not isinstance(result, tuple) or len(cast("tuple[Any, ...]", result)) != count:
        raise TypeError(f"the function must return {count} values in a tuple, not {_found(cast(object, result))}")
    return Results(cast("tuple[Any, ...]", result))


def _found(value: object) -> str:
    return type(value).__name__
