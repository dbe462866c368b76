"""Node types from typed functions.

    @node("ImageInvert", category="image", title="Invert Image")
    def invert(image: Image) -> Image:
        '''Turn every colour (b, h, w, c) into its opposite.'''
        return 1.0 - image

The signature is the declaration: names, types, ranges and defaults are read off it once, when the module is imported,
and a contradiction stops the import, with the place and what to change. The function stays callable as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

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
)
from graph.context import Context
from graph.errors import DeclarationError
from graph.needs import Memory, Needs
from graph.outcome import Blocked, CacheKey, Expansion, Lazy, Outcome, Results, Values, as_outcome
from graph.renamed import Renamed
from graph.signature import Signature, hints_of, read_outputs, read_signature
from graph.spec import NodeSpec

__all__ = [
    "MAX_RESOLUTION",
    "SEED_MAX",
    "Blocked",
    "CacheKey",
    "Choice",
    "Expansion",
    "File",
    "Function",
    "Hidden",
    "Int",
    "Lazy",
    "Memory",
    "Needs",
    "NodeType",
    "Outcome",
    "Renamed",
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
    describe: Callable[[], NodeSpec] | None = None
    """Reads the declaration anew, where its choices follow files that it looks up by itself."""
    lists: frozenset[str] = frozenset()
    """Inputs that are annotated `list[...]`; none where the declaration has one word for all, `input_is_list`."""

    def takes_all(self, input: str) -> bool:
        """Whether the function gets all values of this input at once."""
        return self.spec.input_is_list and (not self.lists or input in self.lists)


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
    lazy: Lazy | Sequence[str] = (),
    check_lazy: Callable[..., Any] | None = None,
    cache: CacheKey | None = None,
    is_changed: Callable[..., Any] | None = None,
    validate_inputs: Callable[..., Any] | None = None,
    not_idempotent: bool = False,
    deprecated: bool = False,
    experimental: bool = False,
    memory: Memory | None = None,
    needs: Needs | None = None,
    renamed: Renamed | Sequence[Renamed] = (),
    version: str = "1",
    module: str = "nodes",
    search_aliases: Sequence[str] = (),
) -> Callable[[Callable[P, R]], Function[P, R]]:
    """Declare a node type. Raises DeclarationError, with the place, where the words contradict the signature.

    outputs: names, where they are not the types'. tooltips: of inputs by name, or of outputs in order.
    description: the docstring's first paragraph where it is not given. version: raise it when results change.
    lazy, cache, memory, needs, renamed: see these objects. check_lazy, is_changed, input_is_list, output_is_list: the
    same as `Lazy`, `CacheKey` and `list[...]` in the signature, in the words of ComfyUI.
    """
    wanted = lazy if isinstance(lazy, Lazy) else Lazy(lazy, check_lazy)
    keyed = cache or CacheKey(part=is_changed)
    old = (renamed,) if isinstance(renamed, Renamed) else tuple(renamed)

    def declare(function: Callable[P, R]) -> Function[P, R]:
        try:
            return _declared(function)
        except DeclarationError as error:
            code = getattr(inspect.unwrap(function), "__code__", None)
            if error.file is not None or code is None:
                raise
            raise DeclarationError(str(error), file=code.co_filename, line=code.co_firstlineno) from error

    def _declared(function: Callable[P, R]) -> Function[P, R]:
        hints = hints_of(class_type, function)
        input_tips: Mapping[str, str] = tooltips if isinstance(tooltips, Mapping) else {}
        output_tips: Sequence[str] = () if isinstance(tooltips, Mapping) else tooltips
        found = read_signature(class_type, function, hints, input_tips, wanted.inputs)
        text = inspect.getdoc(function) or ""
        first = " ".join(text.split("\n\n")[0].split())
        spec = NodeSpec(
            class_type=class_type,
            title=title,
            category=category,
            description=first if description is None else description,
            help=text if text != first else "",
            inputs=tuple(found.inputs),
            hidden=found.hidden,
            outputs=read_outputs(class_type, hints.get("return"), outputs, output_is_list, output_tips),
            is_output=output,
            input_is_list=input_is_list or bool(found.lists),
            not_idempotent=not_idempotent,
            has_is_changed=keyed.part is not None or keyed.never,
            validates=None if validate_inputs is None else _validated(validate_inputs),
            open_inputs=found.is_open,
            is_async=inspect.iscoroutinefunction(function),
            memory=memory,
            needs=needs,
            unkeyed=tuple(keyed.ignores),
            renamed=old,
            module=module,
            version=version,
            deprecated=deprecated,
            experimental=experimental,
            search_aliases=tuple(search_aliases),
        )
        _check(spec)
        one_each = found.lists if found.lists and not input_is_list else None
        return Function(
            function,
            NodeType(
                spec=spec,
                call=_caller(function, spec, found, one_each),
                is_changed=_always if keyed.never else _asked(keyed.part),
                check_lazy=_asked(wanted.needed, one_each),
                validate_inputs=None if validate_inputs is None else _keywords(validate_inputs),
                lists=frozenset(one_each or ()),
            ),
        )

    return declare


def _check(spec: NodeSpec) -> None:
    """Raises DeclarationError where an object beside the signature names what is not in it."""
    name = spec.class_type
    if not name or name != name.strip():
        raise DeclarationError(f"A node's name is {name!r}. It must have letters, and no space before or after them.")
    known = {item.name: item.type for item in spec.inputs}
    has = f"It has {', '.join(known) or 'none'}."
    for item in spec.memory.inputs if spec.memory else ():
        if known.get(item) != "INT":
            whole = ", ".join(found for found, kind in known.items() if kind == "INT") or "none"
            raise DeclarationError(f"{name}: memory names {item}, which is no INT input. It has {whole}.")
    for item in spec.unkeyed:
        if item not in known:
            raise DeclarationError(f"{name}: its cache key ignores {item}, which is no input. {has}")
    for one in spec.renamed:
        for item in (*one.inputs.values(), *one.values, *one.added):
            if item not in known and not spec.open_inputs:
                raise DeclarationError(f"{name}: Renamed leads to {item}, which is no input of now. {has}")
        for slot in one.outputs.values():
            if not 0 <= slot < len(spec.outputs):
                raise DeclarationError(
                    f"{name}: Renamed leads to output {slot}, and it has {len(spec.outputs)}, counted from 0."
                )
        if one.node == name:
            raise DeclarationError(f"{name}: Renamed names the node itself. Leave the name away to rename its inputs.")


def _caller(
    function: Callable[..., Any], spec: NodeSpec, found: Signature, lists: set[str] | None
) -> Callable[[Context, Values], Outcome | Awaitable[Outcome]]:
    count = len(spec.outputs)
    known = {item.name for item in spec.inputs} | set(spec.hidden)
    context_name = found.context

    def arguments(context: Context, values: Values) -> Values:
        if not spec.open_inputs and not values.keys() <= known:
            values = {name: value for name, value in values.items() if name in known}
        if lists is not None:
            values = _one_each(values, lists)
        return values if context_name is None else {**values, context_name: context}

    if spec.is_async:

        async def call_async(context: Context, values: Values) -> Outcome:
            return as_outcome(await function(**arguments(context, values)), count)

        return call_async

    def call(context: Context, values: Values) -> Outcome:
        return as_outcome(function(**arguments(context, values)), count)

    return call


def _one_each(values: Values, lists: set[str]) -> Values:
    """Every input comes as a list here; one that is not annotated as a list is its first value."""
    return {
        name: value if name in lists or not isinstance(value, list) else next(iter(value), None)  # pyright: ignore
        for name, value in values.items()
    }


def _always(context: Context, values: Values) -> float:
    """A value that differs from itself: never the same result."""
    return float("nan")


def _asked(function: Callable[..., Any] | None, lists: set[str] | None = None) -> Any:
    """What calls a function that says something of the inputs, with the context where it names one."""
    if function is None:
        return None
    call = _keywords(function)
    parameters = inspect.signature(function).parameters
    names = [name for name, item in parameters.items() if item.annotation in (Context, "Context")]

    def ask(context: Context, values: Values) -> Any:
        values = values if lists is None else _one_each(values, lists)
        return call({**values, **dict.fromkeys(names, context)})

    return ask


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
