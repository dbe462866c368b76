"""ComfyUI-style node classes (INPUT_TYPES, RETURN_TYPES, FUNCTION) as node types.

Such a class is adapted, never inherited from: one object of it is kept for each node, as it may hold state, and what it
returns is read as `graph.node` has it.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from graph.context import Context
from graph.errors import DeclarationError
from graph.node import Blocked, Expansion, NodeType, Outcome, Results, Values
from graph.spec import InputSpec, NodeSpec, OutputSpec

IMPOSSIBLE = "\0 a name that nobody declares"


def adapt(class_type: str, cls: type, title: str = "", *, module: str = "custom_nodes", version: str = "1") -> NodeType:
    """Present a ComfyUI-style class as a NodeType.

    module: `custom_nodes.<pack>`. version: changes when the pack's code does.
    Raises DeclarationError, with what is wrong, where the class contradicts itself; and whatever INPUT_TYPES raises.
    """
    declared = _declared(class_type, cls)
    function = _function(class_type, cls)
    spec = NodeSpec(
        class_type=class_type,
        title=title,
        category=str(getattr(cls, "CATEGORY", "sd")),
        description=str(getattr(cls, "DESCRIPTION", "")),
        inputs=tuple(_inputs(class_type, declared)),
        hidden={name: _type_name(_first(kind)) for name, kind in declared.get("hidden", {}).items()},
        outputs=tuple(_outputs(class_type, cls)),
        is_output=getattr(cls, "OUTPUT_NODE", False) is True,
        input_is_list=bool(getattr(cls, "INPUT_IS_LIST", False)),
        not_idempotent=bool(getattr(cls, "NOT_IDEMPOTENT", False)),
        has_is_changed=hasattr(cls, "IS_CHANGED"),
        validates=_validates(cls),
        open_inputs=any(IMPOSSIBLE in declared.get(group, {}) for group in ("required", "optional")),
        is_async=inspect.iscoroutinefunction(function),
        module=module,
        version=version,
        deprecated=bool(getattr(cls, "DEPRECATED", False)),
        experimental=bool(getattr(cls, "EXPERIMENTAL", False)),
        api_node=bool(getattr(cls, "API_NODE", False)),
        search_aliases=tuple(getattr(cls, "SEARCH_ALIASES", ())),
    )
    return NodeType(
        spec=spec,
        call=_call(cls, spec),
        is_changed=_is_changed(cls, spec) if spec.has_is_changed else None,
        check_lazy=_check_lazy(cls) if hasattr(cls, "check_lazy_status") else None,
        validate_inputs=_validate(cls) if spec.validates is not None else None,
    )


# Reading the declaration


def _declared(class_type: str, cls: type) -> Mapping[str, Mapping[str, Any]]:
    if not callable(getattr(cls, "INPUT_TYPES", None)):
        raise DeclarationError(f"{class_type} has no INPUT_TYPES, so it is no node class.")
    declared = cls.INPUT_TYPES()  # pyright: ignore[reportAttributeAccessIssue]
    if not isinstance(declared, Mapping):
        raise DeclarationError(f"{class_type}.INPUT_TYPES() must return a dict, not {type(declared).__name__}.")
    return declared


def _function(class_type: str, cls: type) -> Callable[..., Any]:
    name = getattr(cls, "FUNCTION", None)
    function = getattr(cls, name, None) if isinstance(name, str) else None
    if not callable(function):
        raise DeclarationError(f"{class_type}.FUNCTION is {name!r}, and the class has no such method.")
    return function


def _inputs(class_type: str, declared: Mapping[str, Mapping[str, Any]]) -> list[InputSpec]:
    return [
        _input(class_type, name, entry, optional=group == "optional")
        for group in ("required", "optional")
        for name, entry in (declared.get(group) or {}).items()
    ]


def _input(class_type: str, name: str, entry: Any, *, optional: bool) -> InputSpec:
    if not isinstance(entry, list | tuple) or not entry:
        raise DeclarationError(f"{class_type}.{name} must be declared as (type, options), not {entry!r}.")
    kind, options = entry[0], plain_options(entry[1] if len(entry) > 1 else {})
    if isinstance(kind, list | tuple):
        return InputSpec(name=name, type="COMBO", optional=optional, options=options, choices=tuple(kind))
    type_name = _type_name(kind)
    if type_name != "COMBO":
        return InputSpec(name=name, type=type_name, optional=optional, options=options)
    choices = options.pop("options", None)
    known = None if choices is None else tuple(choices)
    return InputSpec(name=name, type="COMBO", optional=optional, options=options, choices=known, string_combo=True)


def plain_options(options: Any) -> dict[str, Any]:
    """What of a widget's options can be said in JSON: packs put functions and types beside what clients read."""
    return {str(name): value for name, value in options.items() if _is_json(value)} if options else {}


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _first(entry: Any) -> Any:
    return entry[0] if isinstance(entry, list | tuple) and entry else entry


def _type_name(kind: Any) -> str:
    """A type's name. Packs that mean "anything" pass a string that claims to differ from nothing."""
    return "*" if isinstance(kind, str) and not kind != IMPOSSIBLE else str(getattr(kind, "value", kind))  # noqa: SIM202


def _outputs(class_type: str, cls: type) -> list[OutputSpec]:
    kinds = getattr(cls, "RETURN_TYPES", ())
    if isinstance(kinds, str):
        raise DeclarationError(f"{class_type}.RETURN_TYPES must be a tuple: write ({kinds!r},) with the comma.")
    names, lists = getattr(cls, "RETURN_NAMES", ()), getattr(cls, "OUTPUT_IS_LIST", ())
    tips = getattr(cls, "OUTPUT_TOOLTIPS", ())
    return [
        OutputSpec(
            type="COMBO" if isinstance(kind, list) else _type_name(kind),
            name=str(_at(names, i, "COMBO" if isinstance(kind, list) else _type_name(kind))),
            is_list=bool(_at(lists, i, False)),
            tooltip=_at(tips, i, None),
            choices=tuple(kind) if isinstance(kind, list) else None,
        )
        for i, kind in enumerate(kinds)
    ]


def _at(items: Sequence[Any] | None, index: int, otherwise: Any) -> Any:
    return items[index] if items and index < len(items) else otherwise


def _validates(cls: type) -> tuple[str, ...] | None:
    check = getattr(cls, "VALIDATE_INPUTS", None)
    if check is None:
        return None
    parameters = inspect.signature(check).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return ("*", *(name for name in parameters if name == "input_types"))
    return tuple(parameters)


# Calling


def _call(cls: type, spec: NodeSpec) -> Callable[[Context, Values], Outcome | Awaitable[Outcome]]:
    def method(context: Context) -> Callable[..., Any]:
        return getattr(context.instance(cls), cls.FUNCTION)  # pyright: ignore[reportAttributeAccessIssue]

    if spec.is_async:

        async def call_async(context: Context, values: Values) -> Outcome:
            return read_result(await method(context)(**values), len(spec.outputs))

        return call_async
    return lambda context, values: read_result(method(context)(**values), len(spec.outputs))


def read_result(result: Any, count: int) -> Outcome:
    """What FUNCTION returned: a tuple of `count` values, or a dict with `ui`, `result` and `expand`, or a blocker.

    TypeError, with what was expected, for anything else.
    """
    blocked = _blocked(result)
    if isinstance(blocked, Blocked):
        return blocked
    if not isinstance(result, dict):
        return Results(_values(result, count))
    ui = {name: list(shown) for name, shown in (result.get("ui") or {}).items()}
    if "expand" in result:
        return Expansion(_values(result.get("result"), count), result["expand"], ui)
    if "result" not in result:
        return Results((), ui)
    whole = _blocked(result["result"])
    values = (whole,) * count if isinstance(whole, Blocked) else _values(result["result"], count)
    return Results(values, ui)


def _values(result: Any, count: int) -> tuple[Any, ...]:
    if result is None and count == 0:
        return ()
    if not isinstance(result, list | tuple) or len(result) < count:
        found = f"{len(result)} values" if isinstance(result, list | tuple) else type(result).__name__
        comma = ": is a comma missing after the value?" if count == 1 else ""
        raise TypeError(f"the node's function must return a tuple of {count} values, not {found}{comma}")
    return tuple(_blocked(value) for value in result[:count])


def _blocked(value: Any) -> Any:
    """Packs make their blockers from a class of this name; anything else is passed through."""
    is_blocker = type(value).__name__ == "ExecutionBlocker"
    return Blocked(getattr(value, "message", None)) if is_blocker else value


def _is_changed(cls: type, spec: NodeSpec) -> Callable[[Context, Values], Any]:
    def is_changed(context: Context, values: Values) -> Any:
        known = {"UNIQUE_ID": context.node_id, "PROMPT": {}}
        hidden = {name: known.get(kind) for name, kind in spec.hidden.items()}
        return cls.IS_CHANGED(**{**values, **hidden})  # pyright: ignore[reportAttributeAccessIssue]

    return is_changed


def _check_lazy(cls: type) -> Callable[[Context, Values], Any]:
    return lambda context, values: context.instance(cls).check_lazy_status(**values) or ()  # pyright: ignore


def _validate(cls: type) -> Callable[[Values], Any]:
    return lambda values: cls.VALIDATE_INPUTS(**values)  # pyright: ignore[reportAttributeAccessIssue]
