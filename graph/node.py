"""Node types from typed functions.

    @node("ImageInvert", category="image", title="Invert Image")
    def invert(image: Image) -> Image:
        '''Turn every colour (b, h, w, c) into its opposite.'''
        return 1.0 - image

The signature is the declaration: names, types, ranges and defaults are read off it once, when the module is imported,
and a contradiction stops the import. The function stays callable as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Generic, ParamSpec, TypeVar, cast, get_args, get_origin, get_type_hints

from graph.annotations import (
    MAX_RESOLUTION,
    SEED_MAX,
    Choice,
    File,
    Hidden,
    Int,
    Seed,
    Slider,
    Socket,
    Text,
    Toggle,
    Widget,
    input_of,
    mark_of,
)
from graph.context import Context
from graph.errors import DeclarationError
from graph.spec import InputSpec, Memory, NodeSpec, OutputSpec
from graph.types import JsonObject

__all__ = [
    "MAX_RESOLUTION",
    "SEED_MAX",
    "Blocked",
    "Choice",
    "Expansion",
    "File",
    "Function",
    "Hidden",
    "Int",
    "Memory",
    "NodeType",
    "Outcome",
    "Results",
    "Seed",
    "Slider",
    "Socket",
    "Text",
    "Toggle",
    "Values",
    "Widget",
    "as_outcome",
    "node",
]

P = ParamSpec("P")
R = TypeVar("R")

Values = dict[str, Any]


# What a function may give back


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
    """

    values: tuple[Any, ...]
    graph: JsonObject
    ui: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])


Outcome = Results | Blocked | Expansion


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeType:
    """A description and the code that it describes. `call` gets values by input name and hidden parameter name."""

    spec: NodeSpec
    call: Callable[[Context, Values], Outcome | Awaitable[Outcome]]
    is_changed: Callable[[Context, Values], Any | Awaitable[Any]] | None = None
    """A value that differs when the result would; NaN for always. Linked inputs are None."""
    check_lazy: Callable[[Context, Values], Sequence[str] | Awaitable[Sequence[str]]] | None = None
    """The lazy inputs that are needed, given what is there (absent ones are None)."""
    validate_inputs: Callable[[Values], bool | str | Awaitable[bool | str]] | None = None
    """True, or what is wrong; gets the constants that `spec.validates` names."""


class Function(Generic[P, R]):
    """A node function: callable as before, with its `NodeType` beside it."""

    def __init__(self, function: Callable[P, R], type: NodeType) -> None:
        self.function = function
        self.type = type
        self.__doc__ = function.__doc__
        self.__name__ = getattr(function, "__name__", type.spec.class_type)
        self.__wrapped__ = function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)


def node(
    class_type: str,
    *,
    category: str = "",
    title: str = "",
    description: str | None = None,
    outputs: Sequence[str] = (),
    tooltips: Mapping[str, str] | Sequence[str] = (),
    output: bool = False,
    input_is_list: bool = False,
    output_is_list: Sequence[bool] = (),
    lazy: Sequence[str] = (),
    check_lazy: Callable[..., Any] | None = None,
    is_changed: Callable[..., Any] | None = None,
    validate_inputs: Callable[..., Any] | None = None,
    not_idempotent: bool = False,
    deprecated: bool = False,
    experimental: bool = False,
    memory: Memory | None = None,
    version: str = "1",
    module: str = "nodes",
    search_aliases: Sequence[str] = (),
) -> Callable[[Callable[P, R]], Function[P, R]]:
    """Declare a node type. Raises DeclarationError where the words contradict the signature.

    outputs: names, where they are not the types'. tooltips: of inputs by name, or of outputs in order.
    description: the docstring's first paragraph where it is not given. version: raise it when results change.
    """

    def declare(function: Callable[P, R]) -> Function[P, R]:
        hints = get_type_hints(function, include_extras=True)
        parameters = inspect.signature(function).parameters
        input_tips: Mapping[str, str] = tooltips if isinstance(tooltips, Mapping) else {}
        output_tips: Sequence[str] = () if isinstance(tooltips, Mapping) else tooltips
        inputs, hidden, context_name = _read(class_type, parameters, hints, input_tips, lazy)
        for name in memory.inputs if memory else ():
            if not any(spec.name == name and spec.type == "INT" for spec in inputs):
                raise DeclarationError(f"{class_type}: memory names {name}, which is no INT input.")
        spec = NodeSpec(
            class_type=class_type,
            title=title,
            category=category,
            description=_first_paragraph(function) if description is None else description,
            inputs=tuple(inputs),
            hidden=hidden,
            outputs=_outputs(class_type, hints.get("return"), outputs, output_is_list, output_tips),
            is_output=output,
            input_is_list=input_is_list,
            not_idempotent=not_idempotent,
            has_is_changed=is_changed is not None,
            validates=None if validate_inputs is None else _validated(validate_inputs),
            open_inputs=any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()),
            is_async=inspect.iscoroutinefunction(function),
            memory=memory,
            module=module,
            version=version,
            deprecated=deprecated,
            experimental=experimental,
            search_aliases=tuple(search_aliases),
        )
        return Function(
            function,
            NodeType(
                spec=spec,
                call=_caller(function, spec, context_name),
                is_changed=_plain(is_changed),
                check_lazy=_plain(check_lazy),
                validate_inputs=None if validate_inputs is None else _keywords(validate_inputs),
            ),
        )

    return declare


def _read(
    class_type: str,
    parameters: Mapping[str, inspect.Parameter],
    hints: Mapping[str, Any],
    tips: Mapping[str, str],
    lazy: Sequence[str],
) -> tuple[list[InputSpec], dict[str, str], str | None]:
    """A signature's inputs, its hidden parameters with their kinds, and the name of the parameter for the context."""
    inputs: list[InputSpec] = []
    hidden: dict[str, str] = {}
    context_name: str | None = None
    for name, parameter in parameters.items():
        hint = hints.get(name)
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            continue
        if hint is Context:
            context_name = name
            continue
        mark = mark_of(class_type, name, hint)
        if isinstance(mark, Hidden):
            hidden[name] = mark.kind
            continue
        spec = input_of(class_type, name, mark, parameter.default)
        options = dict(spec.options)
        if name in lazy:
            options["lazy"] = True
        if name in tips:
            options["tooltip"] = tips[name]
        inputs.append(replace(spec, options=options))
    surplus = (set(lazy) | set(tips)) - {spec.name for spec in inputs}
    if surplus:
        raise DeclarationError(f"{class_type}: there is no input {', '.join(sorted(surplus))}.")
    return inputs, hidden, context_name


def _caller(
    function: Callable[..., Any], spec: NodeSpec, context_name: str | None
) -> Callable[[Context, Values], Outcome | Awaitable[Outcome]]:
    count = len(spec.outputs)
    known = {item.name for item in spec.inputs} | set(spec.hidden)

    def arguments(context: Context, values: Values) -> Values:
        if not spec.open_inputs and not values.keys() <= known:
            values = {name: value for name, value in values.items() if name in known}
        return values if context_name is None else {**values, context_name: context}

    if spec.is_async:

        async def call_async(context: Context, values: Values) -> Outcome:
            return as_outcome(await function(**arguments(context, values)), count)

        return call_async

    def call(context: Context, values: Values) -> Outcome:
        return as_outcome(function(**arguments(context, values)), count)

    return call


def as_outcome(result: Any, count: int) -> Outcome:
    """What a typed function with `count` outputs gave back: one value, a tuple of several, or an `Outcome`."""
    if isinstance(result, Results | Blocked | Expansion):
        return result
    if result is None and count == 0:
        return Results()
    if count == 1:
        return Results((result,))
    if not isinstance(result, tuple) or len(cast("tuple[Any, ...]", result)) != count:
        raise TypeError(f"the function must return {count} values in a tuple, not {_name(cast(object, result))}")
    return Results(cast("tuple[Any, ...]", result))


def _name(value: object) -> str:
    return type(value).__name__


def _plain(function: Callable[..., Any] | None) -> Callable[[Context, Values], Any] | None:
    if function is None:
        return None
    call = _keywords(function)
    return lambda _, values: call(values)


def _keywords(function: Callable[..., Any]) -> Callable[[Values], Any]:
    """Call with those of the values that the function names."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return lambda values: function(**values)
    return lambda values: function(**{name: value for name, value in values.items() if name in parameters})


def _validated(function: Callable[..., Any]) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return ("*",)
    return tuple(parameters)


_OUTPUT_TYPES: dict[Any, str] = {int: "INT", float: "FLOAT", str: "STRING", bool: "BOOLEAN"}


def _outputs(
    class_type: str, hint: Any, names: Sequence[str], is_list: Sequence[bool], tips: Sequence[str]
) -> tuple[OutputSpec, ...]:
    """Outputs from a return annotation: none for None and Results, several for a tuple, else one.

    `Annotated[Results, Socket("A"), Socket("B")]` is a function that gives results for the page and two outputs.
    """
    if hint in (None, type(None), Results, Expansion, Blocked):
        types: list[str] = []
    elif get_origin(hint) is Annotated and get_args(hint)[0] in (Results, Expansion, Blocked):
        types = [item.type for item in get_args(hint)[1:] if isinstance(item, Socket)]
    elif get_origin(hint) is tuple:
        types = [_output_type(class_type, item) for item in get_args(hint)]
    else:
        types = [_output_type(class_type, hint)]
    for given, what in ((names, "names"), (is_list, "output_is_list"), (tips, "tooltips")):
        if given and len(given) != len(types):
            raise DeclarationError(f"{class_type} has {len(types)} outputs and {len(given)} {what}.")
    return tuple(
        OutputSpec(
            type=type,
            name=names[i] if names else type,
            is_list=is_list[i] if is_list else False,
            tooltip=tips[i] if tips else None,
        )
        for i, type in enumerate(types)
    )


def _output_type(class_type: str, hint: Any) -> str:
    if get_origin(hint) is Annotated:
        for item in get_args(hint)[1:]:
            if isinstance(item, Socket):
                return item.type
        return _output_type(class_type, get_args(hint)[0])
    if get_origin(hint) is list and len(get_args(hint)) == 1:  # with `output_is_list`
        return _output_type(class_type, get_args(hint)[0])
    if hint in _OUTPUT_TYPES:
        return _OUTPUT_TYPES[hint]
    raise DeclarationError(f"{class_type}: the result {hint!r} has no socket in its annotation.")


def _first_paragraph(function: Callable[..., Any]) -> str:
    return " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
