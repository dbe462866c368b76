"""A function's signature as a declaration: which inputs, hidden values and outputs it says."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from graph.annotations import Hidden, Socket, input_of, mark_of
from graph.context import Context
from graph.errors import DeclarationError
from graph.outcome import Blocked, Expansion, Results
from graph.spec import InputSpec, OutputSpec

OUTPUT_TYPES: dict[Any, str] = {int: "INT", float: "FLOAT", str: "STRING", bool: "BOOLEAN"}


@dataclass(slots=True)
class Signature:
    """What was read of a function's parameters."""

    inputs: list[InputSpec] = field(default_factory=list[InputSpec])
    hidden: dict[str, str] = field(default_factory=dict[str, str])
    """Parameter to kind."""
    context: str | None = None
    """The parameter that is given the context."""
    lists: set[str] = field(default_factory=set[str])
    """Inputs that are annotated `list[...]`: they get all of their values in one call."""
    is_open: bool = False
    """It takes inputs that it does not name."""


def hints_of(class_type: str, function: Callable[..., Any]) -> dict[str, Any]:
    """The annotations, resolved. Raises DeclarationError for one that names what is not there."""
    try:
        return get_type_hints(function, include_extras=True)
    except NameError as error:
        raise DeclarationError(
            f"{class_type}: an annotation names {error.name or error}, which is not there. Import it, or correct it."
        ) from error
    except (TypeError, AttributeError, SyntaxError) as error:
        raise DeclarationError(f"{class_type}: an annotation is no type: {error}. Correct it.") from error


def read_signature(
    class_type: str,
    function: Callable[..., Any],
    hints: Mapping[str, Any],
    tips: Mapping[str, str],
    lazy: Sequence[str],
) -> Signature:
    """Raises DeclarationError where the words contradict the signature."""
    found = Signature()
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            found.is_open = True
            continue
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY):
            raise DeclarationError(f"{class_type}: the parameter {name} has no name to be called by. Name each input.")
        hint = hints.get(name)
        if hint is Context:
            found.context = name
            continue
        if is_list(hint):
            found.lists.add(name)
            hint = get_args(hint)[0]
        mark = mark_of(class_type, name, hint)
        if isinstance(mark, Hidden):
            found.hidden[name] = mark.kind
            continue
        spec = input_of(class_type, name, mark, parameter.default)
        options = dict(spec.options)
        if name in lazy:
            options["lazy"] = True
        if name in tips:
            options["tooltip"] = tips[name]
        found.inputs.append(replace(spec, options=options))
    names = [spec.name for spec in found.inputs]
    surplus = (set(lazy) | set(tips)) - set(names)
    if surplus:
        known = f"It has {', '.join(names)}" if names else "It has none"
        raise DeclarationError(f"{class_type}: there is no input {', '.join(sorted(surplus))}. {known}.")
    return found


def is_list(hint: Any) -> bool:
    """`list[Image]`: all values at once."""
    return get_origin(hint) is list and len(get_args(hint)) == 1


def read_outputs(
    class_type: str, hint: Any, names: Sequence[str], is_lists: Sequence[bool], tips: Sequence[str]
) -> tuple[OutputSpec, ...]:
    """Outputs from a return annotation: none for None and Results, several for a tuple, else one.

    `Annotated[Results, Socket("A"), Socket("B")]` is a function that gives results for the page and two outputs;
    `list[Image]` is a function that gives any number of values, each of which goes its own way.
    """
    found: list[Any] = []
    if hint in (None, type(None), Results, Expansion, Blocked):
        types: list[str] = []
    elif get_origin(hint) is Annotated and get_args(hint)[0] in (Results, Expansion, Blocked):
        types = [item.type for item in get_args(hint)[1:] if isinstance(item, Socket)]
    else:
        found = list(get_args(hint)) if get_origin(hint) is tuple else [hint]
        types = [_output_type(class_type, item) for item in found]
    for given, what in ((names, "names"), (is_lists, "output_is_list"), (tips, "tooltips")):
        if given and len(given) != len(types):
            raise DeclarationError(
                f"{class_type} has {len(types)} outputs and {len(given)} {what}. Give one for each output."
            )
    lists = is_lists or [is_list(item) for item in found] or [False] * len(types)
    return tuple(
        OutputSpec(type=type, name=names[i] if names else type, is_list=lists[i], tooltip=tips[i] if tips else None)
        for i, type in enumerate(types)
    )


def _output_type(class_type: str, hint: Any) -> str:
    if get_origin(hint) is Annotated:
        for item in get_args(hint)[1:]:
            if isinstance(item, Socket):
                return item.type
        return _output_type(class_type, get_args(hint)[0])
    if is_list(hint):
        return _output_type(class_type, get_args(hint)[0])
    if hint in OUTPUT_TYPES:
        return OUTPUT_TYPES[hint]
    raise DeclarationError(
        f"{class_type}: the result {hint!r} has no socket in its annotation. "
        'Write a type of nodes.values, such as `-> Image`, or `-> Annotated[..., Socket("MY_TYPE")]`.'
    )
