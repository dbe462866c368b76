"""Inputs that grow, and those that a choice brings, of node classes of ComfyUI's third kind."""

from __future__ import annotations

from typing import Any

from graph.context import Context
from graph.node import Results
from graph.validate import validate
from tests.nodes.v3_packs import EVERYTHING, host, node

__all__ = ["host"]


GROWING = """
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(
                node_id="Grows",
                inputs=[
                    io.Autogrow.Input("images", template=io.Autogrow.TemplatePrefix(io.Image.Input("image"),
                                      prefix="image", min=1, max=3)),
                    io.DynamicCombo.Input("mode", options=[
                        io.DynamicCombo.Option("plain", []),
                        io.DynamicCombo.Option("strong", [io.Int.Input("strength", min=1, max=5),
                                                          io.Mask.Input("mask", optional=True)]),
                    ]),
                ],
                outputs=[io.String.Output()], is_output_node=True)
        @classmethod
        def execute(cls, images, mode):
            return io.NodeOutput([images, mode])
"""


def test_inputs_that_grow_are_checked() -> None:
    made = node(GROWING)
    picture = {"class_type": "Pic", "inputs": {}}
    source = node(EVERYTHING, class_type="Pic")

    def problems(**inputs: Any) -> list[tuple[str, str | None]]:
        from graph.parse import parse

        prompt = {"1": picture, "2": {"class_type": "Grows", "inputs": inputs}}
        specs = {"Pic": source.spec, "Grows": made.spec}
        report = validate(parse(prompt), specs)
        return [(problem.type, problem.input) for problem in report.problems if problem.node == "2"]

    assert problems(**{"images.image0": ["1", 0], "mode": "plain"}) == []
    assert problems(**{"images.image0": ["1", 0], "mode": "strong", "mode.strength": 2}) == []
    assert problems(mode="plain") == [("required_input_missing", "images.image0")]
    assert problems(**{"images.image0": ["1", 2], "mode": "plain"}) == [("return_type_mismatch", "images.image0")]
    strong = {"images.image0": ["1", 0], "mode": "strong"}
    assert problems(**strong) == [("required_input_missing", "mode.strength")]
    assert problems(**strong, **{"mode.strength": 9}) == [("value_bigger_than_max", "mode.strength")]
    assert problems(**{"images.image0": ["1", 0], "mode": "weak"}) == [("value_not_in_list", "mode")]


MATCHING = """
    kind = io.MatchType.Template("t", [io.Image, io.Mask])
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            row = io.Autogrow.TemplatePrefix(io.MatchType.Input("item", template=kind), prefix="item", min=1, max=3)
            return io.Schema(node_id="Match", inputs=[io.Autogrow.Input("items", template=row)],
                             outputs=[io.MatchType.Output(template=kind)], is_output_node=True)
        @classmethod
        def execute(cls, items):
            return io.NodeOutput(items["item0"])
"""


def test_inputs_that_grow_may_be_of_several_types() -> None:
    from graph.parse import parse

    specs = {"Pic": node(EVERYTHING, class_type="Pic").spec, "Match": node(MATCHING).spec}
    for slot, problems in ((0, []), (1, ["return_type_mismatch"])):
        match = {"class_type": "Match", "inputs": {"items.item0": ["1", slot]}}
        report = validate(parse({"1": {"class_type": "Pic", "inputs": {}}, "2": match}), specs)
        assert [problem.type for problem in report.problems if problem.node == "2"] == problems


def test_inputs_that_grow_reach_execute_in_dicts() -> None:
    made = node(GROWING)
    prompt = {"prompt": {}, "extra_pnginfo": None}
    values = {
        "images.image0": "P",
        "images.image1": "Q",
        "mode": "strong",
        "mode.strength": 2,
        "mode.other": 5,
        "unknown": 5,
    }
    outcome = made.call(Context(), {**values, **prompt})
    assert isinstance(outcome, Results)
    strong = {"mode": "strong", "strength": 2, "mask": None}
    assert outcome.values[0] == [{"image0": "P", "image1": "Q"}, strong]
    outcome = made.call(Context(), {"mode": "plain", **prompt})
    assert isinstance(outcome, Results)
    assert outcome.values[0] == [{}, {"mode": "plain"}]
