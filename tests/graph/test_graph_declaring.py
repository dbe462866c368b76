"""What a declaration says by objects beside its signature, and how one that does not fit is refused."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from graph.context import Context
from graph.errors import DeclarationError, Problem
from graph.key import fingerprint_of, key
from graph.node import CacheKey, Choice, Int, Lazy, Memory, Needs, Renamed, Results, Slider, Socket, Text, Toggle, node
from graph.parse import parse
from graph.registry import Registry
from graph.revised import Revised
from graph.spec import NodeSpec
from graph.validate import validate

Image = Annotated[object, Socket("IMAGE")]


@node(
    "All",
    lazy=Lazy(("b",), lambda a: ["b"] if a else []),
    cache=CacheKey(part=lambda a, where: (a, where), ignores=("note",)),
    needs=Needs(device="cuda", vram=5),
    renamed=(Renamed("Old", inputs={"x": "a"}, outputs={0: 0}, widgets=("x",)), Renamed(inputs={"y": "a"})),
)
def everything(
    a: list[Annotated[int, Int(0, 9)]], b: Image | None, note: Annotated[str, Text()] = ""
) -> tuple[list[Image], int]:
    """First.

    Second.
    """
    return [b], len(a)


def test_all_of_it_crosses_the_link() -> None:
    spec = everything.type.spec
    assert NodeSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
    assert (spec.input_is_list, [output.is_list for output in spec.outputs]) == (True, [True, False])
    assert (spec.description, spec.help) == ("First.", "First.\n\nSecond.")
    assert spec.needs == Needs(device="cuda", vram=5)
    assert spec.object_info(None)["easel_needs"] == {"device": "cuda", "vram": 5}
    assert [one["node"] for one in spec.object_info(None)["easel_renamed"]] == ["Old", None]


def test_a_list_has_all_values_and_the_others_have_one() -> None:
    assert everything.type.call(Context(), {"a": [1, 2], "b": ["p"], "note": ["n"]}) == Results((["p"], 2))
    assert everything.type.check_lazy is not None
    assert everything.type.check_lazy(Context(), {"a": [1], "b": None}) == ["b"]


def test_a_key_of_its_own() -> None:
    def part(a: int, context: Context) -> tuple[int, str]:
        return a, context.node_id

    @node("Keyed", cache=CacheKey(part=part, ignores=("b",)))
    def keyed(a: Annotated[int, Int(0, 9)] = 1, b: Annotated[int, Int(0, 9)] = 1) -> int:
        return a

    assert keyed.type.is_changed is not None
    assert keyed.type.is_changed(Context(node_id="7"), {"a": 3, "b": 4}) == (3, "7")

    def key_of(**inputs: int) -> str:
        one = parse({"1": {"class_type": "Keyed", "inputs": inputs}}).nodes["1"]  # pyright: ignore
        told = fingerprint_of(one, keyed.type.spec, services="", user="", folders=None, changed=None)
        return key(one, keyed.type.spec, {}, told)

    assert key_of(a=1, b=1) == key_of(a=1, b=2) != key_of(a=2, b=1)

    @node("Never", cache=CacheKey(never=True))
    def never() -> int:
        return 1

    assert never.type.spec.has_is_changed
    assert math.isnan(never.type.is_changed(Context(), {}))  # pyright: ignore


def good(a: Annotated[int, Int(0, 5)] = 1, b: Annotated[str, Text()] = "") -> Image: ...


def two(a: Annotated[int, Int(0, 5)] = 1) -> tuple[Image, Image]: ...


def no_socket(a: object) -> Image: ...


def no_output() -> object: ...


def unknown_name(a: Nowhere) -> Image: ...  # noqa: F821  # pyright: ignore


def out_of_range(a: Annotated[int, Int(1, 5)] = 9) -> Image: ...


def no_option(a: Annotated[str, Choice(options=("x", "y"))] = "z") -> Image: ...


def no_default(a: Annotated[int, Int(0, 5, optional=True)]) -> Image: ...


def half(a: Annotated[int, Int(0, 5)] = 0.5) -> Image: ...  # pyright: ignore


def yes(a: Annotated[float, Slider(0, 5)] = True) -> Image: ...


def number(a: Annotated[bool, Toggle()] = 1) -> Image: ...  # pyright: ignore


def nameless(*a: int) -> Image: ...


@pytest.mark.parametrize(
    ("function", "words", "sentence"),
    [
        (
            no_socket,
            {},
            "Bad.a has no socket or widget in its annotation. Write a type of nodes.values, such as `a: Image`",
        ),
        (no_output, {}, "the result <class 'object'> has no socket in its annotation. Write a type of nodes.values"),
        (unknown_name, {}, "Bad: an annotation names Nowhere, which is not there. Import it, or correct it."),
        (out_of_range, {}, "Bad.a: the default 9 is not between 1 and 5. Change one of them."),
        (no_option, {}, "Bad.a: the default 'z' is none of the options. They are 'x', 'y'."),
        (no_default, {}, "Bad.a is optional, so its parameter needs a default. Write `= None` after it."),
        (half, {}, "Bad.a: the default 0.5 is no whole number. Write one."),
        (yes, {}, "Bad.a: the default True is no number. Write one."),
        (number, {}, "Bad.a: the default 1 is no True or False. Write one."),
        (nameless, {}, "Bad: the parameter a has no name to be called by. Name each input."),
        (two, {"outputs": ("x",)}, "Bad has 2 outputs and 1 names. Give one for each output."),
        (good, {"lazy": Lazy(("c",))}, "Bad: there is no input c. It has a, b."),
        (good, {"tooltips": {"c": "x"}}, "Bad: there is no input c. It has a, b."),
        (good, {"memory": Memory(4, ("b",))}, "Bad: memory names b, which is no INT input. It has a."),
        (good, {"cache": CacheKey(ignores=("c",))}, "Bad: its cache key ignores c, which is no input. It has a, b."),
        (
            good,
            {"renamed": Renamed("Old", inputs={"x": "c"})},
            "Bad: Renamed leads to c, which is no input of now. It has a, b.",
        ),
        (
            good,
            {"renamed": Renamed("Old", outputs={0: 1})},
            "Bad: Renamed leads to output 1, and it has 1, counted from 0.",
        ),
        (good, {"renamed": Renamed("Bad")}, "Bad: Renamed names the node itself."),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place_and_what_to_do(
    function: Callable[..., Any], words: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(DeclarationError) as refused:
        node("Bad", **words)(function)
    assert sentence in str(refused.value)
    assert (refused.value.file, refused.value.line) == (__file__, inspect.getsourcelines(function)[1])


@pytest.mark.parametrize("name", ["", " A", "A "])
def test_a_name_of_spaces(name: str) -> None:
    with pytest.raises(DeclarationError, match="no space before or after"):
        node(name)(good)


def test_a_registry_is_exchanged_in_one_step() -> None:
    before = Registry(node("A")(good), node("B")(good), later=[NodeSpec(class_type="L", later="x")])
    fresh = before.without(["A"])
    fresh.add(node("C")(good), node("A")(two))
    assert list(before) == ["A", "B"]
    before.become(fresh)
    assert list(before) == ["A", "B", "C"]
    assert len(before["A"].spec.outputs) == 2
    assert "L" in before.catalogue()


def said(before: Callable[..., Any], after: Callable[..., Any] | None, input: str | None) -> str:
    old = Registry(node("One")(before)).catalogue()
    new = Registry(*([] if after is None else [node("One")(after)])).catalogue()
    revised = Revised()
    revised.note(old, new)
    graph = parse({"1": {"class_type": "One", "inputs": {}}, "2": {"class_type": "Show", "inputs": {"x": ["1", 0]}}})
    where = "1" if input != "x" else "2"
    problem = Problem(node=where, type="", message="", details="", sentence="", input=input)  # pyright: ignore
    return revised.why(problem, graph, new) if revised.touches(graph) else "(not touched)"


def test_what_changed_is_said() -> None:
    def more(a: Annotated[int, Int(0, 5)] = 1, b: Annotated[str, Text()] = "", c: int = 1) -> Image: ...

    def other(
        a: Annotated[int, Int(0, 4)] = 1, b: Annotated[int, Int(0, 4)] = 1
    ) -> Annotated[object, Socket("MASK")]: ...

    def less(a: Annotated[int, Int(0, 5)] = 1) -> Image: ...

    start = " It was changed after this was queued: "
    assert said(good, good, "a") == "(not touched)"
    assert said(good, more, "c") == f"{start}the input c is new."
    assert said(good, other, "b") == f"{start}the input b was STRING and is INT."
    assert said(good, other, "a") == f"{start}the range of a is another."
    assert said(good, other, "x") == f"{start}One gives MASK and gave IMAGE."
    assert said(good, less, "b") == f"{start}the input b is no more."
    assert said(good, None, None) == f"{start}the node type One is no more."


def test_a_need_that_is_not_met_is_told_before_the_run() -> None:
    @node("Card", needs=Needs(device="cuda"), output=True)
    def card() -> Results:
        return Results()

    graph = parse({"1": {"class_type": "Card", "inputs": {}}})
    catalogue = Registry(card).catalogue()
    assert validate(graph, catalogue, device="cuda:0").targets
    assert validate(graph, catalogue, device=None).targets
    refused = validate(graph, catalogue, device="cpu")
    assert not refused.targets
    assert refused.problems[0].extra_info == {"device": "cpu"}
    assert "needs a CUDA graphics card" in str(refused.node_errors())
