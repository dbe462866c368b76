"""`@node`: a signature is the declaration, and a contradiction stops the import."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import pytest

from graph.context import Context
from graph.errors import Cancelled, DeclarationError
from graph.node import (
    Choice,
    File,
    Hidden,
    Int,
    Memory,
    Results,
    Seed,
    Slider,
    Socket,
    Text,
    Toggle,
    as_outcome,
    node,
)
from graph.registry import Catalogue, Registry
from graph.spec import NodeSpec

Image = Annotated[object, Socket("IMAGE")]


@node("Full", category="image", title="Full Node", outputs=("picture", "count"), tooltips={"image": "a picture"})
def full(
    context: Context,
    image: Image,
    seed: Annotated[int, Seed()] = 0,
    steps: Annotated[int, Int(1, 100, tooltip="how many")] = 20,
    cfg: Annotated[float, Slider(0.0, 10.0, step=0.1, round=0.01)] = 8.0,
    method: Annotated[str, Choice(options=("a", "b"))] = "b",
    text: Annotated[str, Text(multiline=True, dynamic_prompts=True)] = "",
    on: Annotated[bool, Toggle(label_on="yes")] = True,
    file: Annotated[str, File(kind="input", upload="image")] = "",
    mask: Annotated[object, Socket("MASK", optional=True)] = None,
    info: Annotated[Any, Hidden("EXTRA_PNGINFO")] = None,
) -> tuple[Image, int]:
    """One paragraph
    of two lines.

    More that is not shown.
    """
    return image, steps


def test_a_declaration_becomes_object_info() -> None:
    assert full.type.spec.object_info(None) == {
        "input": {
            "required": {
                "image": ["IMAGE", {"tooltip": "a picture"}],
                "seed": ["INT", {"default": 0, "min": 0, "max": 2**64 - 1, "control_after_generate": True}],
                "steps": ["INT", {"default": 20, "min": 1, "max": 100, "tooltip": "how many"}],
                "cfg": ["FLOAT", {"default": 8.0, "min": 0.0, "max": 10.0, "step": 0.1, "round": 0.01}],
                "method": [["a", "b"], {"default": "b"}],
                "text": ["STRING", {"default": "", "multiline": True, "dynamicPrompts": True}],
                "on": ["BOOLEAN", {"default": True, "label_on": "yes"}],
                "file": [[], {"default": "", "image_upload": True}],
            },
            "optional": {"mask": ["MASK"]},
            "hidden": {"info": "EXTRA_PNGINFO"},
        },
        "input_order": {
            "required": ["image", "seed", "steps", "cfg", "method", "text", "on", "file"],
            "optional": ["mask"],
            "hidden": ["info"],
        },
        "output": ["IMAGE", "INT"],
        "output_is_list": [False, False],
        "output_name": ["picture", "count"],
        "name": "Full",
        "display_name": "Full Node",
        "description": "One paragraph of two lines.",
        "python_module": "nodes",
        "category": "image",
        "output_node": False,
    }


def test_specs_and_catalogues_survive_json() -> None:
    assert NodeSpec.from_json(json.loads(json.dumps(full.type.spec.to_json()))) == full.type.spec
    catalogue = Registry(full).catalogue()
    again = Catalogue.from_json(json.loads(json.dumps(catalogue.to_json())))
    assert dict(again) == dict(catalogue)
    with pytest.raises(ValueError, match="version"):
        Catalogue.from_json({"version": 0, "nodes": []})


def test_the_function_stays_a_function() -> None:
    assert full(Context(), "picture", steps=3) == ("picture", 3)
    assert full.type.call(Context(), {"image": "p", "steps": 3, "unknown": 1}) == Results(("p", 3))


def test_bare_types_have_widgets() -> None:
    @node("Bare")
    def bare(a: int = 1, b: float = 0.5, c: str = "x", d: bool = False) -> Results:
        return Results()

    assert [spec.type for spec in bare.type.spec.inputs] == ["INT", "FLOAT", "STRING", "BOOLEAN"]
    assert bare.type.spec.outputs == ()


def test_results_with_outputs() -> None:
    @node("Shows", output=True)
    def shows(a: int = 1) -> Annotated[Results, Socket("STRING"), Socket("INT")]:
        return Results(("x", a), {"text": ["x"]})

    assert [output.type for output in shows.type.spec.outputs] == ["STRING", "INT"]
    assert shows.type.call(Context(), {"a": 2}) == Results(("x", 2), {"text": ["x"]})


def test_async_functions() -> None:
    @node("Later")
    async def later(a: int = 1) -> int:
        return a

    assert later.type.spec.is_async
    assert asyncio.run(later.type.call(Context(), {"a": 2})) == Results((2,))


@pytest.mark.parametrize("count", [0, 2])
def test_the_wrong_number_of_values(count: int) -> None:
    with pytest.raises(TypeError, match=f"must return {count} values in a tuple, not int"):
        as_outcome(5, count)
    assert as_outcome(None, 0) == Results()


def test_contradictions_are_refused() -> None:
    def default_out_of_range(a: Annotated[int, Int(1, 5)] = 9) -> Image: ...

    def default_not_an_option(a: Annotated[str, Choice(options=("a",))] = "b") -> Image: ...

    def no_socket(a: object) -> Image: ...

    def no_output() -> object: ...

    def optional_without_default(a: Annotated[int, Int(0, 5, optional=True)]) -> Image: ...

    def good(a: Annotated[int, Int(0, 5)] = 1, b: Annotated[str, Text()] = "") -> Image: ...

    for function in (default_out_of_range, default_not_an_option, no_socket, no_output, optional_without_default):
        with pytest.raises(DeclarationError, match="Bad"):
            node("Bad")(function)
    for words in (
        {"outputs": ("a", "b")},
        {"output_is_list": (True, False)},
        {"lazy": ("nothing",)},
        {"tooltips": {"nothing": "x"}},
        {"memory": Memory(4, ("b",))},
        {"memory": Memory(4, ("nothing",))},
    ):
        with pytest.raises(DeclarationError, match="Bad"):
            node("Bad", **words)(good)
    assert node("Good")(good).type.spec.class_type == "Good"


def test_a_registry_takes_all_or_nothing() -> None:
    registry = Registry(full)
    other = node("Other")(lambda: Results())  # no annotations: no outputs
    with pytest.raises(DeclarationError, match="Full is there already, from nodes"):
        registry.add(other, full)
    assert list(registry) == ["Full"]
    registry.add(other)
    assert list(registry.catalogue()) == ["Full", "Other"]


def test_memory() -> None:
    memory = Memory(0.25, ("width", "height"))
    assert memory.need({"width": 64, "height": 64}) == 1024
    assert memory.need({"width": 64}) is None
    assert memory.need({"width": 64, "height": "64"}) is None
    assert memory.need({"width": 10**400, "height": 10**400}) is not None


def test_a_context_alone_serves_a_test() -> None:
    context = Context(cancelled=lambda: True)
    context.preview(b"")
    context.text("x")
    assert context.prompt == {}
    with pytest.raises(Cancelled):
        context.progress(1, 2)
    with pytest.raises(LookupError, match="no folders"):
        _ = context.folders
    assert context.instance(dict) is context.instance(dict)
