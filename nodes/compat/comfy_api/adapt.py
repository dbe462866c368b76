"""ComfyUI's node classes of the third kind (`define_schema`, `execute`) as node types.

Nothing here asks whose copy of `io.ComfyNode` a class inherits: a class counts by the methods that it has. All of them
are called on a locked copy of the class, made for each call, whose `hidden` holds what the node asked for.
"""
# pyright: basic
# What a pack's class gives is looked at before it is used.

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from graph.context import Context
from graph.errors import DeclarationError
from graph.grown import GROWING, Grown, grown, grows, nested
from graph.node import Blocked, Expansion, NodeType, Outcome, Results, Values
from graph.spec import InputSpec, NodeSpec, OutputSpec
from nodes.adapter import combo_input, plain_options, read_result
from nodes.compat.boundary import for_pack
from nodes.pack_values import Unchanged, tell_results

HIDDEN_KINDS = {
    "unique_id": "UNIQUE_ID",
    "prompt": "PROMPT",
    "extra_pnginfo": "EXTRA_PNGINFO",
    "dynprompt": "DYNPROMPT",
    "auth_token_comfy_org": "AUTH_TOKEN_COMFY_ORG",
    "api_key_comfy_org": "API_KEY_COMFY_ORG",
}


def is_v3(cls: Any) -> bool:
    """Whether a class declares itself by a schema."""
    return isinstance(cls, type) and callable(getattr(cls, "define_schema", None)) and hasattr(cls, "GET_SCHEMA")


def adapt_v3(
    cls: type, module: str = "custom_nodes", version: str = "1", *, class_type: str = "", title: str = ""
) -> NodeType:
    """Present a V3 node class as a NodeType.

    module: `custom_nodes.<pack>`. version: changes when the pack's code does. class_type, title: where the pack names
    the class otherwise than its schema does, in NODE_CLASS_MAPPINGS.
    Raises DeclarationError, with what is wrong, where the class contradicts itself; and whatever define_schema raises.
    """
    schema = _schema(cls)
    name = class_type or str(schema.node_id)
    execute = _own(cls, "execute")
    if not callable(execute):
        raise DeclarationError(f"{name} has no execute, so it cannot run.")
    inputs = tuple(_input(name, item) for item in schema.inputs)
    hidden = _hidden(schema, {item.name for item in inputs})
    spec = NodeSpec(
        class_type=name,
        title=title or str(schema.display_name or ""),
        category=str(schema.category),
        description=str(schema.description or ""),
        inputs=inputs,
        hidden=hidden,
        outputs=tuple(_outputs(schema)),
        is_output=bool(schema.is_output_node),
        input_is_list=bool(schema.is_input_list),
        not_idempotent=bool(schema.not_idempotent),
        has_is_changed=_own(cls, "fingerprint_inputs") is not None,
        validates=_validates(cls),
        open_inputs=bool(getattr(schema, "accept_all_inputs", False)) or any(i.type in GROWING for i in inputs),
        is_async=inspect.iscoroutinefunction(execute),
        module=module,
        version=version,
        deprecated=bool(schema.is_deprecated),
        experimental=bool(schema.is_experimental),
        api_node=bool(schema.is_api_node),
        search_aliases=tuple(getattr(schema, "search_aliases", None) or ()),
        verbose_info=True,
    )
    caller = _Caller(cls, spec, bool(schema.enable_expand), bool(getattr(schema, "accept_all_inputs", False)))
    return NodeType(
        spec=spec,
        call=caller.call,
        is_changed=caller.is_changed if spec.has_is_changed else None,
        check_lazy=caller.check_lazy if _own(cls, "check_lazy_status") is not None else None,
        validate_inputs=caller.validate if spec.validates is not None else None,
    )


# Reading the declaration


def _schema(cls: type) -> Any:
    try:
        return cls.GET_SCHEMA()  # pyright: ignore[reportAttributeAccessIssue]
    except ValueError as error:
        raise DeclarationError(f"{cls.__name__}: {error}") from error


def _input(node: str, item: Any) -> InputSpec:
    name, kind = getattr(item, "id", None), item.get_io_type()
    if not isinstance(name, str):
        raise DeclarationError(f"{node} has an input whose id is {name!r}, and an id is a text.")
    options = plain_options(item.as_dict())
    optional = bool(options.pop("optional", False))
    if kind == "COMFY_MATCHTYPE_V3":
        kind = item.template.types()
    if kind != "COMBO":
        return InputSpec(name=name, type=kind, optional=optional, options=options)
    values = options.pop("options", None)
    return combo_input(name, values, optional=optional, options=options, as_string=True)


def _outputs(schema: Any) -> list[OutputSpec]:
    return [
        OutputSpec(type=kind, name=str(shown), is_list=bool(output.is_output_list), tooltip=output.tooltip or None)
        for output, kind, shown in zip(schema.outputs, schema.output_types(), schema.output_names(), strict=True)
    ]


def _hidden(schema: Any, names: set[str]) -> dict[str, str]:
    """By parameter, under another name where an input has that one: hidden values do not reach `execute` anyway."""
    asked = {str(item.name): str(item.value) for item in schema.hidden}
    return {(f"hidden {name}" if name in names else name): kind for name, kind in asked.items()}


def _own(cls: type, name: str) -> Callable[..., Any] | None:
    """A method that the class itself has, and not only the base class of all nodes."""
    method = getattr(cls, name, None)
    return None if method is None or getattr(method, "is_default", False) else method


def _validates(cls: type) -> tuple[str, ...] | None:
    check = _own(cls, "validate_inputs")
    if check is None:
        return None
    parameters = inspect.signature(check).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return ("*", *(name for name in parameters if name == "input_types"))
    return tuple(parameters)


# Calling


class _Hidden:
    """What a class finds under `cls.hidden`: what it asked for, and None for all else."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        return None


_locks: dict[type, type] = {}


def _lock(meta: type) -> type:
    """A metaclass like this one, of classes that cannot be changed."""
    if meta not in _locks:

        def refuse(cls: type, name: str, value: Any) -> None:
            raise AttributeError(
                f"{cls.__name__}.{name} cannot be set while the node runs: runs share nothing through the class."
            )

        _locks[meta] = type(meta)("Locked", (meta,), {"__setattr__": refuse})
    return _locks[meta]


def locked(cls: type, hidden: dict[str, Any]) -> Any:
    """A copy of the class for one call."""
    known = {"hidden": _Hidden(hidden), "__module__": cls.__module__, "__qualname__": cls.__qualname__}
    return _lock(type(cls))(cls.__name__, (cls,), known)


class _Caller:
    """The methods of one class, called as a NodeType's are."""

    def __init__(self, cls: type, spec: NodeSpec, expands: bool, takes_all: bool) -> None:
        self._cls = self.pack_class = cls
        self._spec = spec
        self._expands = expands
        self._takes_all = takes_all
        self._grows = grows(spec)

    def call(self, context: Context, values: Values) -> Outcome | Awaitable[Outcome]:
        hidden, inputs = self._apart(values)
        before = Unchanged(inputs)
        result = locked(self._cls, hidden).execute(**self._nest(_for_pack(inputs)))
        if inspect.isawaitable(result):
            return self._awaited(context, result, before)
        return self._told(context, self._read(result), before)

    async def _awaited(self, context: Context, result: Awaitable[Any], before: Unchanged) -> Outcome:
        return self._told(context, self._read(await result), before)

    def _told(self, context: Context, outcome: Outcome, before: Unchanged) -> Outcome:
        """Tell the artist what is not as it should be: inputs that were changed, outputs that are something else."""
        before.tell(self._spec, context)
        if isinstance(outcome, Results):
            tell_results(outcome, self._spec, context)
        return outcome

    def is_changed(self, context: Context, values: Values) -> Any:
        hidden = {"unique_id": context.node_id, "prompt": {}}
        return locked(self._cls, hidden).fingerprint_inputs(**self._nest(values))

    def check_lazy(self, context: Context, values: Values) -> Any:
        hidden, inputs = self._apart(values)
        nest = self._nest(_for_pack(inputs), named=True)
        return locked(self._cls, hidden).check_lazy_status(**nest) or ()

    def validate(self, values: Values) -> Any:
        return locked(self._cls, {}).validate_inputs(**self._nest(values))

    def _apart(self, values: Values) -> tuple[dict[str, Any], dict[str, Any]]:
        """Hidden values by their own name, and inputs."""
        by_kind = {kind: name for name, kind in HIDDEN_KINDS.items()}
        hidden = {by_kind.get(kind, kind.lower()): values.get(name) for name, kind in self._spec.hidden.items()}
        return hidden, {name: value for name, value in values.items() if name not in self._spec.hidden}

    def _nest(self, values: Values, *, named: bool = False) -> Values:
        """Values in the dicts that `execute` expects. named: with each value there its input's name."""
        if not self._grows:
            return values
        found = self._grown(values)
        known = {item.name for item in found.inputs}
        there = {name: value for name, value in values.items() if self._takes_all or name in known}
        if named:
            there = {name: (value, name) if name in found.places else value for name, value in there.items()}
        return nested(found, there)

    def _grown(self, values: Values) -> Grown:
        """With lists as inputs a combo's value is the first."""
        if not self._spec.input_is_list:
            return grown(self._spec, values)
        return grown(self._spec, {name: value[0] if value else None for name, value in values.items()})

    def _read(self, result: Any) -> Outcome:
        """What `execute` returned: a NodeOutput, or what a V1 function returns."""
        count = len(self._spec.outputs)
        if not _is_output(result):
            if result is None:
                return Results(())
            return self._allowed(read_result(result, count))
        ui = _shown(result.ui)
        if result.block_execution is not None:
            message = getattr(result.block_execution, "message", result.block_execution)
            return Results((Blocked(None if message is None else str(message)),) * count, ui)
        if result.expand is not None:
            return self._allowed(read_result({"ui": ui, "result": result.args, "expand": result.expand}, count))
        return read_result({"ui": ui, "result": result.args}, count) if result.args else Results((), ui)

    def _allowed(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Expansion) and not self._expands:
            raise TypeError(
                f"{self._cls.__name__} returned a graph to run in its place, and its schema lacks enable_expand=True"
            )
        return outcome


def _for_pack(values: Values) -> Values:
    return {name: for_pack(value) for name, value in values.items()}


def _is_output(result: Any) -> bool:
    return all(hasattr(result, name) for name in ("args", "ui", "expand", "block_execution"))


def _shown(ui: Any) -> dict[str, Any]:
    """A node's results for the page, as lists by kind."""
    found = ui.as_dict() if hasattr(ui, "as_dict") else ui or {}
    return {str(kind): list(items) if isinstance(items, list | tuple) else [items] for kind, items in found.items()}
