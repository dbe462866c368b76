"""The words in which node types without code are declared: data, from which `NodeSpec`s are built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from graph.annotations import MAX_RESOLUTION
from graph.spec import FileChoice, InputSpec, NodeSpec, OutputSpec


def waiting_for(what: str, *specs: NodeSpec) -> tuple[NodeSpec, ...]:
    """Types that need `what`, which reads well after "needs support for"."""
    return tuple(replace(spec, later=what) for spec in specs)


def declare(
    class_type: str,
    category: str,
    inputs: Sequence[InputSpec],
    outputs: str,
    about: str,
    *,
    title: str = "",
    output: bool = False,
    experimental: bool = False,
) -> NodeSpec:
    """A type as `graph.node.node` would declare it. outputs: `LATENT`, or `images: IMAGE, fps: FLOAT`."""
    return NodeSpec(
        class_type=class_type,
        title=title,
        category=category,
        description=about,
        inputs=tuple(inputs),
        outputs=tuple(OutputSpec(type=type, name=name) for name, type in _pairs(outputs)),
        is_output=output,
        experimental=experimental,
    )


def sockets(*lines: str) -> list[InputSpec]:
    """`vae: VAE, mask?: MASK`: inputs that only links feed; those with `?` are optional."""
    return [
        InputSpec(name=name.removesuffix("?"), type=type, optional=name.endswith("?"))
        for line in lines
        for name, type in _pairs(line)
    ]


def integer(
    name: str,
    default: int,
    low: int | None = None,
    high: int | None = None,
    step: int | None = None,
    *,
    optional: bool = False,
) -> InputSpec:
    return _widget(name, "INT", optional, default=default, min=low, max=high, step=step)


def real(
    name: str,
    default: float,
    low: float | None = None,
    high: float | None = None,
    step: float | None = None,
    *,
    rounded: float | bool | None = None,
    optional: bool = False,
) -> InputSpec:
    return _widget(name, "FLOAT", optional, default=default, min=low, max=high, step=step, round=rounded)


def text(name: str, default: str | None = None, *, multiline: bool = False) -> InputSpec:
    return _widget(name, "STRING", default=default, multiline=multiline or None)


def prompt(name: str, default: str | None = None) -> InputSpec:
    """Several lines, in which `{a|b}` is a choice that the page makes."""
    return _widget(name, "STRING", default=default, multiline=True, dynamicPrompts=True)


def toggle(name: str, default: bool) -> InputSpec:
    return _widget(name, "BOOLEAN", default=default)


def choice(name: str, *values: str, default: str | None = None, optional: bool = False) -> InputSpec:
    return replace(_widget(name, "COMBO", optional, default=default), choices=values)


def file(name: str, kind: str, *, upload: str | None = None) -> InputSpec:
    """A file of a kind; with `upload` (`audio`, `file`) the page offers to bring one."""
    spec = _widget(name, "COMBO", **({f"{upload}_upload": True} if upload else {}))
    return replace(spec, files=FileChoice(kind=kind, media=upload))


def canvas(width: int, height: int, *, low: int = 16, step: int = 16) -> list[InputSpec]:
    """Width and height in pixels."""
    return [
        integer("width", width, low, MAX_RESOLUTION, step),
        integer("height", height, low, MAX_RESOLUTION, step),
    ]


def length(frames: int, *, low: int = 1, step: int = 4) -> InputSpec:
    """Of a video, in frames."""
    return integer("length", frames, low, MAX_RESOLUTION, step)


def _widget(name: str, type: str, optional: bool = False, **options: Any) -> InputSpec:
    given = {key: value for key, value in options.items() if value is not None}
    return InputSpec(name=name, type=type, optional=optional, options=given)


def _pairs(text: str) -> list[tuple[str, str]]:
    """Name and type of each item; the type is its name where it has none."""
    items = [item.strip() for item in text.split(",") if item.strip()]
    return [(name.strip(), (type or name).strip()) for name, _, type in (item.partition(":") for item in items)]


BATCH = integer("batch_size", 1, 1, 4096)
