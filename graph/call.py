"""One node's function: which calls its inputs make, and what comes of them. The only place where a node's exception
becomes a `NodeError`.

Inside a run every output is a list, with one element for each call (more with OUTPUT_IS_LIST). A node without
INPUT_IS_LIST is called once for each element of its longest input; shorter ones repeat their last element. An empty
list among the inputs makes no call, and empty outputs.
"""

from __future__ import annotations

import errno
import inspect
import re
import traceback
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from graph.cache import Entry
from graph.context import RUNNING, Context
from graph.errors import NodeError
from graph.needs import bytes_in_words
from graph.node import Blocked, Outcome, Results, Values
from graph.spec import NodeSpec
from graph.summary import plain, summarise
from graph.types import NodeId

Lists = Mapping[str, list[Any]]

MAX_MESSAGE = 10_000
"""Characters of an exception's message that are passed on."""
_FULL = (errno.ENOSPC, errno.EDQUOT)
_HERE = str(Path(__file__).parent)
_ALLOCATION = re.compile(r"DefaultCPUAllocator: .*you tried to allocate (\d{1,18}) bytes")
"""How a lack of memory reaches us from deep below, with a place in C++ and no word for a person."""


def calls(spec: NodeSpec, inputs: Lists) -> list[Values | Blocked]:
    """The arguments of each call, or the blocker that stands in its way."""
    if spec.input_is_list:
        blocked = next((v for values in inputs.values() for v in values if isinstance(v, Blocked)), None)
        return [dict(inputs) if blocked is None else blocked]
    if not all(inputs.values()):
        return []
    count = max((len(values) for values in inputs.values()), default=1)
    found: list[Values | Blocked] = []
    for i in range(count):
        arguments = {name: values[min(i, len(values) - 1)] for name, values in inputs.items()}
        blocked = next((value for value in arguments.values() if isinstance(value, Blocked)), None)
        found.append(arguments if blocked is None else blocked)
    return found


def within(context: Context, call: Callable[[Context, Values], Any], values: Values) -> Any:
    """Call a node's code with its context as the running one; what is awaited later runs within it too."""
    token = RUNNING.set(context)
    try:
        outcome = call(context, values)
    finally:
        RUNNING.reset(token)
    return _awaited(context, outcome) if inspect.isawaitable(outcome) else outcome


async def _awaited(context: Context, outcome: Awaitable[Any]) -> Any:
    RUNNING.set(context)  # of the task that awaits it: others have their own
    return await outcome


def merge(spec: NodeSpec, outcomes: Sequence[Outcome]) -> Entry:
    """The outputs of all calls, and their `ui` results, as JSON, one after another.

    No outcome is an `Expansion` any more. Raises TypeError for a list output, or a `ui` result, that is no list.
    """
    count = count_of(spec, outcomes)
    outputs: tuple[list[Any], ...] = tuple([] for _ in range(count))
    ui: dict[str, list[Any]] = {}
    for outcome in outcomes:
        for i in range(count):
            value = _value(outcome, i)
            if i < len(spec.outputs) and spec.outputs[i].is_list and not isinstance(value, Blocked):
                outputs[i].extend(() if value is None else value)
            else:
                outputs[i].append(value)
        if isinstance(outcome, Results):
            for kind, shown in outcome.ui.items():
                ui.setdefault(str(kind), []).extend(plain(list(shown)))
    has_ui = any(isinstance(outcome, Results) and outcome.ui for outcome in outcomes)
    return Entry(outputs, ui if has_ui else None, spec.class_type)


def count_of(spec: NodeSpec, outcomes: Iterable[Outcome]) -> int:
    """How many outputs a node has whose function gave this."""
    given = (len(outcome.values) for outcome in outcomes if not isinstance(outcome, Blocked))
    return max(len(spec.outputs), *given, 0) if spec.open_outputs else len(spec.outputs)


def _value(outcome: Outcome, slot: int) -> Any:
    """An output of one call; None where the function gave only results for the page."""
    if isinstance(outcome, Blocked):
        return outcome
    return outcome.values[slot] if slot < len(outcome.values) else None


@contextmanager
def as_node_error(
    id: NodeId, class_type: str, inputs: Lists, advice: Callable[[BaseException], str | None]
) -> Generator[None]:
    """Turn whatever a node raises into a NodeError. Cancelled passes, as does what ends the process, save SystemExit.

    advice: a sentence that follows the exception's message, if there is something to say.
    """
    try:
        yield
    except NodeError:
        raise
    except (Exception, SystemExit) as error:
        message = _message(error)
        more = advice(error)
        raise NodeError(
            id,
            class_type,
            {name: [summarise(value) for value in values[:4]] for name, values in inputs.items()},
            exception_type=type_name(error),
            exception_message=f"{message}\n{more}" if more else f"{message}\n",
            traceback=_frames(error),
        ) from error


def type_name(error: BaseException) -> str:
    """`ValueError`, or dotted: `torch.OutOfMemoryError`; where clients know an error by another name, that one."""
    kind = type(error)
    known = getattr(kind, "wire_name", None)
    if isinstance(known, str):
        return known
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _message(error: BaseException) -> str:
    try:
        refused = _ALLOCATION.search(str(error))
        if refused is not None:
            return f"{bytes_in_words(int(refused[1]))} of memory at once could not be had."
        if isinstance(error, OSError) and error.errno in _FULL:
            return f"The disk is full: {_place(error)} could not be written. Make room, then run this again."
        return str(error)[:MAX_MESSAGE]
    except Exception:
        return f"({type_name(error)} without a message that can be read)"


def _place(error: OSError) -> str:
    """The file that an error is about, with its folder."""
    return "a file" if error.filename is None else f"{Path(str(error.filename)).absolute()}"


def _frames(error: BaseException) -> list[str]:
    """The traceback's lines, from the node's own code on."""
    frames = traceback.extract_tb(error.__traceback__)
    while frames and str(Path(frames[0].filename).parent) == _HERE:
        del frames[0]
    return traceback.format_list(frames[-100:])
