"""What goes into a pack's function and comes out of it: told, at the node, where it is not as it should be.

Nothing is refused here: packs get along with one another's habits, and what a node cannot use it says itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from graph.context import Context
from graph.node import Blocked, Results, Values
from graph.spec import NodeSpec

LOOKED_AT = 64
"""Tensors, lists and dicts of one call's inputs that are looked after."""
DEEP = 4
SHOWN = 4

_RANKS: Mapping[str, tuple[tuple[int, ...], str]] = {
    "IMAGE": ((4,), "(batch, height, width, channels)"),
    "MASK": ((3,), "(batch, height, width)"),
    "SIGMAS": ((1,), "(steps + 1,)"),
}
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "INT": (int,),
    "FLOAT": (int, float),
    "STRING": (str,),
    "BOOLEAN": (bool, int),
    "LATENT": (dict,),
    "CONDITIONING": (list,),
}
_WORDS = {"INT": "a whole number", "FLOAT": "a number", "STRING": "a text", "BOOLEAN": "True or False"} | {
    "LATENT": 'a dict with "samples"',
    "CONDITIONING": "a list of [tensor, dict]",
}


def tell_results(results: Results, spec: NodeSpec, context: Context) -> None:
    """Warn of outputs that are not what their socket says, and of those that are not there."""
    count = len(results.values)
    if 0 < count < len(spec.outputs):
        names = ", ".join(output.name for output in spec.outputs[count:])
        context.warn(
            f"{spec.class_type} of the pack {pack_of(spec)} gave {count} of its {len(spec.outputs)} outputs: what "
            f"reads {names} gets nothing."
        )
    for slot, (output, value) in enumerate(zip(spec.outputs, results.values, strict=False)):
        values = value if output.is_list and isinstance(value, list | tuple) else [value]
        for one in islice(values, SHOWN):
            wrong = _wrong(output.type, one)
            if wrong:
                name = output.name if output.name != output.type else f"number {slot + 1}"
                context.warn(
                    f"{spec.class_type} of the pack {pack_of(spec)} gave {wrong[0]} for its output {name}, whose type "
                    f"{output.type} means {wrong[1]}: what reads it may fail."
                )
                break


def pack_of(spec: NodeSpec) -> str:
    return spec.module.removeprefix("custom_nodes.")


def _wrong(kind: str, value: Any) -> tuple[str, str] | None:
    """(what it is, what it should be); None is an output that is left out, which packs do."""
    if value is None or isinstance(value, Blocked):
        return None
    if kind in _RANKS:
        ranks, shape = _RANKS[kind]
        wanted = f"a tensor {shape}"
        if not _is_tensor(value):
            return _name(value), wanted
        return None if value.dim() in ranks else (f"a tensor of shape {tuple(value.shape)}", wanted)
    if kind in _PLAIN and not isinstance(value, _PLAIN[kind]) and not _is_number(kind, value):
        return _name(value), _WORDS[kind]
    if kind == "LATENT" and not _is_tensor(value.get("samples")):
        return "a dict without samples", _WORDS[kind]
    return None


def _is_tensor(value: Any) -> bool:
    """Asked without importing torch: packs' scripts come before it is there, and small tests do without."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _is_number(kind: str, value: Any) -> bool:
    """numpy's and torch's numbers serve as Python's."""
    return kind in ("INT", "FLOAT", "BOOLEAN") and hasattr(value, "item") and getattr(value, "ndim", 1) == 0


def _name(value: Any) -> str:
    return f"a value of the type {type(value).__name__}"


class Unchanged:
    """Notes a call's inputs before it, and tells after it which of them the function has changed in place.

    A value is read by other nodes as well, and by later runs: what is changed must not be used again.
    """

    def __init__(self, values: Values) -> None:
        self._noted = [(name, value, _state(value)) for name, value in islice(_within(values), LOOKED_AT)]

    def tell(self, spec: NodeSpec, context: Context) -> None:
        changed = dict.fromkeys(name for name, value, state in self._noted if _state(value) != state)
        for name in changed:
            context.warn(
                f"{spec.class_type} of the pack {pack_of(spec)} changed the value of its input {name} in place. Others "
                "that read the same value may have got the changed one; it is computed anew in the next run."
            )
            context.spoiled(name)


def _within(values: Values) -> Iterator[tuple[str, Any]]:
    """(input's name, tensor or list or dict) of all that can be changed in place."""
    for name, value in values.items():
        stack = [(value, 0)]
        while stack:
            one, depth = stack.pop()
            if _is_tensor(one):
                yield name, one
            elif isinstance(one, list | dict) and type(one) in (list, dict):
                yield name, one
                if depth < DEEP:
                    inner = one.values() if isinstance(one, dict) else one
                    stack += [(item, depth + 1) for item in islice(inner, LOOKED_AT)]


def _state(value: Any) -> Any:
    """What differs once it has been changed, as far as that can be told at little cost."""
    if _is_tensor(value):
        return None if value.is_inference() else value._version
    items: Sequence[Any] = list(value.items()) if isinstance(value, dict) else value
    if isinstance(value, dict):
        return tuple((key, id(item)) for key, item in items)
    return tuple(map(id, items))
