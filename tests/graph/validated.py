"""Small nodes and a graph of them, for the tests of validation."""

from __future__ import annotations

import json
from typing import Annotated, Any

from graph.node import Choice, File, Int, Memory, Results, Slider, Socket, Text, Toggle, node
from graph.parse import parse
from graph.registry import Registry
from graph.validate import Report, validate

Image = Annotated[object, Socket("IMAGE")]
Latent = Annotated[object, Socket("LATENT")]


@node("Empty", memory=Memory(4 * 4 / 64, ("width", "height", "batch_size")))
def empty(
    width: Annotated[int, Int(16, 16384, 8)] = 512,
    height: Annotated[int, Int(16, 16384, 8)] = 512,
    batch_size: Annotated[int, Int(1, 4096)] = 1,
) -> Latent: ...


@node("Decode")
def decode(samples: Latent) -> Image: ...


@node("Scale")
def scale(
    image: Image,
    method: Annotated[str, Choice(options=("lanczos", "area"))] = "area",
    by: Annotated[float, Slider(0.01, 8.0)] = 1.0,
    mask: Annotated[object, Socket("MASK", optional=True)] = None,
    flip: Annotated[bool, Toggle()] = False,
) -> Image: ...


@node("Save", output=True)
def save(images: Image, prefix: Annotated[str, Text()] = "x") -> Results: ...


@node("Load")
def load(name: Annotated[str, File(kind="checkpoints")]) -> Latent: ...


@node("LoadImage")
def load_image(image: Annotated[str, File(kind="input", upload="image")]) -> Image: ...


@node("Long")
def long(choice: Annotated[str, Choice(options=tuple(f"option {i}" for i in range(30)))] = "option 1") -> Image: ...


def check_even(a: int) -> bool | str:
    if a == 13:
        raise RuntimeError("unlucky")
    return True if a % 2 == 0 else "must be even"


@node("Even", validate_inputs=check_even)
def even(a: Annotated[int, Int(0, 10)] = 0) -> Image: ...


@node("Refuse", validate_inputs=lambda **inputs: False)
def refuse(a: Annotated[int, Int(0, 10)] = 0, b: Annotated[int, Int(0, 10)] = 0) -> Image: ...


@node("AnyLink", validate_inputs=lambda input_types: True if input_types == {"a": "LATENT"} else str(input_types))
def any_link(a: Image) -> Image: ...


async def check_later(a: int) -> bool:
    return a == 1


@node("Later", validate_inputs=check_later)
def later(a: Annotated[int, Int(0, 10)] = 0) -> Image: ...


REGISTRY = Registry(empty, decode, scale, save, load, load_image, long, even, refuse, any_link, later)
CATALOGUE = REGISTRY.catalogue()

GOOD: dict[str, Any] = {
    "1": {"class_type": "Empty", "inputs": {"width": 512, "height": 512, "batch_size": 1}},
    "2": {"class_type": "Decode", "inputs": {"samples": ["1", 0]}},
    "3": {"class_type": "Scale", "inputs": {"image": ["2", 0], "method": "area", "by": 1.0, "flip": True}},
    "9": {"class_type": "Save", "inputs": {"images": ["3", 0], "prefix": "x"}, "_meta": {"title": "final"}},
}


def with_inputs(id: str, prompt: dict[str, Any] = GOOD, **inputs: Any) -> dict[str, Any]:
    changed = json.loads(json.dumps(prompt))
    changed[id]["inputs"].update(inputs)
    return {**changed, id: {**changed[id], "inputs": {k: v for k, v in changed[id]["inputs"].items() if v is not ...}}}


def look(prompt: dict[str, Any], **options: Any) -> Report:
    report = validate(parse(prompt), CATALOGUE, **options)
    json.dumps([report.error(), report.node_errors()], allow_nan=False)
    return report
