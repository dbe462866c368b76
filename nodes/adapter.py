"""ComfyUI-style node classes (INPUT_TYPES, RETURN_TYPES, FUNCTION) as node types.

Such a class is adapted, never inherited from: one object of it is kept for each node, as it may hold state, and what it
returns is read as `graph.node` has it.
"""

from __future__ import annotations

import inspect
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from graph.context import Context
from graph.errors import DeclarationError
from graph.inputs import HIDDEN
from graph.node import Blocked, Expansion, NodeType, Outcome, Results, Values
from graph.spec import UPLOAD_FLAGS, FileChoice, InputSpec, NodeSpec, OutputSpec
from nodes.compat.boundary import for_pack, from_pack
from nodes.compat.file_names import FileNames
from nodes.compat.stand_in import sentence, stands_for
from nodes.pack_values import Unchanged, tell_results

log = logging.getLogger("worker")

SLOW = 1.0
"""Seconds of INPUT_TYPES from which on the person is told: it is asked again when clients ask for the types."""

SOCKETS = ("IMAGE", "MASK", "LATENT", "CONDITIONING", "MODEL", "CLIP", "VAE", "AUDIO", "VIDEO", "CONTROL_NET", "SIGMAS")
"""Types without a widget that a pack's type may stand for besides its own."""

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
        open_inputs=any(IMPOSSIBLE in (declared.get(group) or {}) for group in ("required", "optional", "hidden")),
        open_lazy=hasattr(cls, "check_lazy_status") and _is_lazy_beyond(cls, declared),
        open_outputs=_gives_more(cls),
        is_async=inspect.iscoroutinefunction(function),
        module=module,
        version=version,
        deprecated=bool(getattr(cls, "DEPRECATED", False)),
        experimental=bool(getattr(cls, "EXPERIMENTAL", False)),
        api_node=bool(getattr(cls, "API_NODE", False)),
        search_aliases=tuple(getattr(cls, "SEARCH_ALIASES", ())),
    )
    call = _call(cls, spec)
    call.pack_class = cls  # pyright: ignore[reportFunctionMemberAccess]  # for packs that call each other's nodes
    return NodeType(
        spec=spec,
        call=call,
        is_changed=_is_changed(cls, spec) if spec.has_is_changed else None,
        check_lazy=_check_lazy(cls) if hasattr(cls, "check_lazy_status") else None,
        validate_inputs=_validate(cls) if spec.validates is not None else None,
    )


# Reading the declaration


def _declared(class_type: str, cls: type) -> Mapping[str, Mapping[str, Any]]:
    if not callable(getattr(cls, "INPUT_TYPES", None)):
        raise DeclarationError(_no_class(class_type, cls, "has no INPUT_TYPES, so it is no node class."))
    began = time.perf_counter()
    declared = cls.INPUT_TYPES()  # pyright: ignore[reportAttributeAccessIssue]
    took = time.perf_counter() - began
    if took > SLOW:
        log.warning(
            "%s.INPUT_TYPES() took %.1f seconds: keep what it finds, and do not look for it there", class_type, took
        )
    if not isinstance(declared, Mapping):
        raise DeclarationError(f"{class_type}.INPUT_TYPES() must return a dict, not {type(declared).__name__}.")
    for group in ("required", "optional", "hidden"):
        found = declared.get(group) or {}
        if not isinstance(found, Mapping):
            raise DeclarationError(
                f"{class_type}.INPUT_TYPES(): {group!r} must be a dict of names and types, not {type(found).__name__}."
            )
    return declared


def _no_class(class_type: str, cls: type, what: str) -> str:
    """The sentence, with the reason where the class is built on something that Easel does not have."""
    missing = stands_for(cls)
    return (
        f"{class_type} {what}" if missing is None else f"{class_type} is built on what is missing: {sentence(missing)}"
    )


def _function(class_type: str, cls: type) -> Callable[..., Any]:
    name = getattr(cls, "FUNCTION", None)
    function = getattr(cls, name, None) if isinstance(name, str) else None
    if not callable(function):
        raise DeclarationError(_no_class(class_type, cls, f"has no method {name!r}, which its FUNCTION is."))
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
    kind, *more = list(entry)
    given = more[0] if more else {}
    if given and not isinstance(given, Mapping):
        raise DeclarationError(f"{class_type}.{name}: the options must be a dict, not {type(given).__name__}.")
    options = plain_options(given)
    if isinstance(kind, list | tuple):
        return combo_input(name, kind, optional=optional, options=options)
    type_name = _type_name(kind)
    if type_name != "COMBO":
        return InputSpec(name=name, type=type_name, optional=optional, options=options)
    options.pop("options", None)
    return combo_input(
        name, given.get("options") if given else None, optional=optional, options=options, as_string=True
    )


def combo_input(
    name: str, values: Any, *, optional: bool, options: dict[str, Any], as_string: bool = False
) -> InputSpec:
    """A choice. One of files is listed anew whenever it is asked for, without the pack."""
    files = values.choice() if isinstance(values, FileNames) else _uploaded(values, options)
    known = None if values is None or files is not None else tuple(map(_plain_value, values))
    return InputSpec(
        name=name, type="COMBO", optional=optional, options=options, choices=known, files=files, string_combo=as_string
    )


def _uploaded(values: Any, options: Mapping[str, Any]) -> FileChoice | None:
    """The choice of a field with an upload button: the files of a folder, whatever the pack has listed."""
    flag = next((flag for flag in UPLOAD_FLAGS if options.get(flag)), None)
    if flag is None or not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        return None
    media = {"image_upload": "image", "video_upload": "video", "audio_upload": "audio"}.get(flag)
    # What looks like no file is a word of the pack's, such as "none".
    first = tuple(value for value in values if "." not in value)
    return FileChoice(kind=str(options.get("image_folder", "input")), media=media, first=first)


def _plain_value(value: Any) -> Any:
    """A choice as clients can send it back."""
    return value if value is None or isinstance(value, int | float) or type(value) is str else str(value)


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
    """A type's name. Packs that mean "anything" pass a string that claims to differ from nothing, and packs that mean
    one of several pass one that claims to differ from none of these."""
    if isinstance(kind, str) and not kind != IMPOSSIBLE:  # noqa: SIM202
        return "*"
    name = str(getattr(kind, "value", kind))
    if not isinstance(kind, str) or type(kind) is str or isinstance(kind, Enum) or name not in SOCKETS:
        return name
    return ",".join((name, *(other for other in SOCKETS if other != name and not kind != other)))  # noqa: SIM202


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


def _gives_more(cls: type) -> bool:
    """Whether RETURN_TYPES has an answer for any output: such a function gives as many as the page has made."""
    kinds: Any = getattr(cls, "RETURN_TYPES", ())
    try:
        return type(kinds) not in (tuple, list) and bool(kinds[len(kinds) + 99])
    except Exception:  # a pack's own code answers
        return False


# In ComfyUI, functions of these names look at the links of a graph that is to run. Classes whose rows of inputs grow on
# the page know them by that: to them they declare an input for every link, and to whoever else asks, the first.


def add_node(cls: type) -> Any:
    return get_input_info(cls)


def get_input_info(cls: type, again: bool = True) -> Any:
    return get_input_info(cls, False) if again else cls.INPUT_TYPES()  # pyright: ignore[reportAttributeAccessIssue]


def _is_lazy_beyond(cls: type, declared: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether inputs that a class declares only while its links are looked at are lazy."""
    known = declared.get("optional") or {}
    try:
        optional = add_node(cls).get("optional") or {}
        names = [IMPOSSIBLE, *(name for name in getattr(optional, "keys", tuple)() if name not in known)]
        entry = next((optional[name] for name in names if name in optional), ("", {}))
        return bool(entry[1].get("lazy"))
    except Exception:  # a pack's own code answers
        return False


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
    count = len(spec.outputs)

    def method(context: Context) -> Callable[..., Any]:
        return getattr(context.instance(cls), cls.FUNCTION)  # pyright: ignore[reportAttributeAccessIssue]

    def read(context: Context, result: Any, before: Unchanged) -> Outcome:
        before.tell(spec, context)
        outcome = read_result(result, count, spec.open_outputs)
        if isinstance(outcome, Results):
            tell_results(outcome, spec, context)
        return outcome

    if spec.is_async:

        async def call_async(context: Context, values: Values) -> Outcome:
            before = Unchanged(values)
            return read(context, await method(context)(**_for_pack(values)), before)

        return call_async

    def call(context: Context, values: Values) -> Outcome:
        before = Unchanged(values)
        return read(context, method(context)(**_for_pack(values)), before)

    return call


def _for_pack(values: Values) -> Values:
    return {name: for_pack(value) for name, value in values.items()}


def read_result(result: Any, count: int, more: bool = False) -> Outcome:
    """What FUNCTION returned: a tuple of `count` values, or a dict with `ui`, `result` and `expand`, or a blocker.

    Outputs that a shorter tuple leaves out are empty. more: a longer one is read whole. TypeError, with what was
    expected, for anything else.
    """
    blocked = _blocked(result)
    if isinstance(blocked, Blocked):
        return blocked
    if not isinstance(result, dict):
        return Results(_values(result, count, more))
    ui = {name: list(shown) for name, shown in (result.get("ui") or {}).items()}
    if "expand" in result:
        return Expansion(_values(result.get("result"), count, more), result["expand"], ui)
    if "result" not in result:
        return Results((), ui)
    whole = _blocked(result["result"])
    values = (whole,) * count if isinstance(whole, Blocked) else _values(result["result"], count, more)
    return Results(values, ui)


def _values(result: Any, count: int, more: bool = False) -> tuple[Any, ...]:
    if count == 0 and not more:
        return ()
    if not isinstance(result, list | tuple):
        comma = ": is a comma missing after the value?" if count == 1 else ""
        raise TypeError(
            f"the node's function must return a tuple of {count} values, not {type(result).__name__}{comma}"
        )
    return tuple(_blocked(from_pack(value)) for value in (result if more else result[:count]))


def _blocked(value: Any) -> Any:
    """Packs make their blockers from a class of this name; anything else is passed through."""
    is_blocker = type(value).__name__ == "ExecutionBlocker"
    return Blocked(getattr(value, "message", None)) if is_blocker else value


def _is_changed(cls: type, spec: NodeSpec) -> Callable[[Context, Values], Any]:
    def is_changed(context: Context, values: Values) -> Any:
        known = {"UNIQUE_ID": context.node_id, "PROMPT": {}}
        hidden = {name: known.get(kind) for name, kind in spec.hidden.items() if kind in HIDDEN}
        return cls.IS_CHANGED(**{**values, **hidden})  # pyright: ignore[reportAttributeAccessIssue]

    return is_changed


def _check_lazy(cls: type) -> Callable[[Context, Values], Any]:
    return lambda context, values: context.instance(cls).check_lazy_status(**_for_pack(values)) or ()  # pyright: ignore


def _validate(cls: type) -> Callable[[Values], Any]:
    return lambda values: cls.VALIDATE_INPUTS(**values)  # pyright: ignore[reportAttributeAccessIssue]
