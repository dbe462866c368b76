"""What stands in the annotations of a node function's parameters, and what inputs they make.

    steps: Annotated[int, Int(min=1, max=10000)] = 20

`graph.node` offers all of these names; packs import them from there.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, get_args, get_origin

from graph.errors import DeclarationError
from graph.spec import FileChoice, FileGroup, InputSpec
from graph.types import JsonObject

SEED_MAX = 2**64 - 1
MAX_RESOLUTION = 16384


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """What all field annotations share."""

    tooltip: str | None = None
    optional: bool = False
    advanced: bool = False
    force_input: bool = False
    """A socket with no field."""
    raw_link: bool = False
    """The function gets `["id", slot]` and not the value."""
    element: str | None = None
    """The page shows it by this widget of a pack's (docs/extending-the-page.md); without it, as the type is usual."""


@dataclass(frozen=True, slots=True)
class Socket:
    """A value that only a link can bring, of a named type; `*` for any, `A,B` for either."""

    type: str
    optional: bool = False
    tooltip: str | None = None
    raw_link: bool = False
    options: tuple[tuple[str, Any], ...] = ()
    """What else /object_info says of it, as pairs."""


@dataclass(frozen=True, slots=True)
class Int(Widget):
    """A whole number, both ends included."""

    min: int = 0
    max: int = 2048
    step: int = 1
    control_after_generate: bool = False
    display: str | None = None


@dataclass(frozen=True, slots=True)
class Slider(Widget):
    """A real number, both ends included."""

    min: float = 0.0
    max: float = 2048.0
    step: float = 0.5
    round: float | bool | None = None
    display: str | None = None


@dataclass(frozen=True, slots=True)
class Seed(Widget):
    """An INT from 0 to 2**64 - 1 that the editor changes after each run."""


@dataclass(frozen=True, slots=True)
class Text(Widget):
    multiline: bool = False
    dynamic_prompts: bool = False
    """The editor resolves `{a|b}` before it sends the prompt."""
    placeholder: str | None = None


@dataclass(frozen=True, slots=True)
class Toggle(Widget):
    label_on: str | None = None
    label_off: str | None = None


@dataclass(frozen=True, slots=True)
class Choice(Widget):
    """One of these values."""

    options: Sequence[Any] = ()
    control_after_generate: bool = False


@dataclass(frozen=True, slots=True)
class File(Widget):
    """The name of a file of a folder kind: a model folder such as `checkpoints`, or `input`."""

    kind: str = "input"
    upload: str | None = None
    """Offer to upload files of this content (`image`, `audio`, `video`), and list only those."""
    groups: Sequence[FileGroup] = ()
    """Values that stand for several files."""
    extra: Sequence[str] = ()
    """Values that are no files."""
    media: str | None = None
    """List only files of this content, without an upload button."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Not an input: `PROMPT`, `EXTRA_PNGINFO`, `UNIQUE_ID` or `DYNPROMPT` of the run."""

    kind: str


Mark = Socket | Hidden | Int | Slider | Seed | Text | Toggle | Choice | File
_MARKS = (Socket, Hidden, Int, Slider, Seed, Text, Toggle, Choice, File)
_DEFAULTS: dict[type, tuple[tuple[type, ...], str]] = {
    Int: ((int,), "whole number"),
    Seed: ((int,), "whole number"),
    Slider: ((int, float), "number"),
    Text: ((str,), "text"),
    Toggle: ((bool,), "True or False"),
}
"""What a widget's default must be, in words too."""
_BARE: dict[Any, Mark] = {int: Int(), float: Slider(), str: Text(), bool: Toggle()}


def mark_of(class_type: str, name: str, hint: Any) -> Mark:
    """The last of our annotations on a parameter: `Annotated[Mask, Socket("MASK", optional=True)]` overrides Mask's."""
    if get_origin(hint) is Annotated:
        marks = [item for item in get_args(hint)[1:] if isinstance(item, _MARKS)]
        if marks:
            return marks[-1]
    if hint in _BARE:
        return _BARE[hint]
    inner = [argument for argument in get_args(hint) if get_origin(argument) is Annotated]
    if len(inner) == 1:  # `Mask | None`
        mark = mark_of(class_type, name, inner[0])
        return replace(mark, optional=True) if isinstance(mark, Socket) else mark
    raise DeclarationError(
        f"{class_type}.{name} has no socket or widget in its annotation. Write a type of nodes.values, such as "
        f"`{name}: Image`, or a widget, such as `{name}: Annotated[int, Int(min=0, max=10)] = 1`."
    )


def _is(value: Any, types: tuple[type, ...]) -> bool:
    """Whether it is one of these; True and False are no numbers."""
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def input_of(class_type: str, name: str, mark: Mark, default: Any) -> InputSpec:
    """The input that a parameter declares. Raises DeclarationError where its default contradicts its annotation.

    default: `inspect.Parameter.empty` where it has none.
    """
    if isinstance(mark, Socket):
        options: JsonObject = dict(mark.options)
        if mark.tooltip:
            options["tooltip"] = mark.tooltip
        if mark.raw_link:
            options["rawLink"] = True
        return InputSpec(name=name, type=mark.type, optional=mark.optional, options=options)
    assert not isinstance(mark, Hidden)
    given = default is not inspect.Parameter.empty
    options = {"default": default} if given and default is not None else {}
    kind, choices, files = "COMBO", None, None
    match mark:
        case Int():
            kind = "INT"
            options |= {"default": options.get("default", max(0, mark.min)), "min": mark.min, "max": mark.max}
            options |= {"step": mark.step} if mark.step != 1 else {}
            options |= {"control_after_generate": True} if mark.control_after_generate else {}
            options |= {"display": mark.display} if mark.display else {}
        case Seed():
            kind = "INT"
            options |= {"default": options.get("default", 0), "min": 0, "max": SEED_MAX}
            options |= {"control_after_generate": True}
        case Slider():
            kind = "FLOAT"
            options |= {"default": options.get("default", max(0.0, mark.min)), "min": mark.min, "max": mark.max}
            options |= {"step": mark.step}
            options |= {"round": mark.round} if mark.round is not None else {}
            options |= {"display": mark.display} if mark.display else {}
        case Text():
            kind = "STRING"
            options |= {"multiline": True} if mark.multiline else {}
            options |= {"dynamicPrompts": True} if mark.dynamic_prompts else {}
            options |= {"placeholder": mark.placeholder} if mark.placeholder else {}
        case Toggle():
            kind = "BOOLEAN"
            options |= {"label_on": mark.label_on} if mark.label_on else {}
            options |= {"label_off": mark.label_off} if mark.label_off else {}
        case Choice():
            choices = tuple(mark.options)
            options |= {"control_after_generate": True} if mark.control_after_generate else {}
        case File():
            groups, extra = tuple(mark.groups), tuple(mark.extra)
            files = FileChoice(kind=mark.kind, media=mark.media or mark.upload, groups=groups, extra=extra)
            options |= {f"{mark.upload}_upload": True} if mark.upload else {}
    if given and default is not None and (right := _DEFAULTS.get(type(mark))) and not _is(default, right[0]):
        raise DeclarationError(f"{class_type}.{name}: the default {default!r} is no {right[1]}. Write one.")
    low, high, start = options.get("min"), options.get("max"), options.get("default")
    if low is not None and high is not None and not low <= start <= high:
        raise DeclarationError(
            f"{class_type}.{name}: the default {start} is not between {low} and {high}. Change one of them."
        )
    if choices is not None and given and default is not None and default not in choices:
        options_shown = ", ".join(repr(choice) for choice in choices[:10]) or "none"
        raise DeclarationError(
            f"{class_type}.{name}: the default {default!r} is none of the options. They are {options_shown}."
        )
    if mark.optional and not given:
        raise DeclarationError(
            f"{class_type}.{name} is optional, so its parameter needs a default. Write `= None` after it."
        )
    options |= {"tooltip": mark.tooltip} if mark.tooltip else {}
    options |= {"advanced": True} if mark.advanced else {}
    options |= {"forceInput": True} if mark.force_input else {}
    options |= {"rawLink": True} if mark.raw_link else {}
    options |= {"widgetType": mark.element} if mark.element else {}
    return InputSpec(name=name, type=kind, optional=mark.optional, options=options, choices=choices, files=files)
