"""How node classes of ComfyUI's third kind are called, and what they may give."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graph.context import Context
from graph.node import Blocked, Expansion, Results
from tests.nodes.v3_packs import awaited, body, host, node

__all__ = ["host"]


def test_an_artist_is_told_of_changed_inputs_and_odd_outputs() -> None:
    source = body("(a.clear(), io.NodeOutput('text'))[1]")
    told: list[str] = []
    node(source).call(Context(warn=told.append), {"a": {"x": 1}})
    assert len(told) == 2
    assert "changed the value of its input a" in told[0]
    assert "gave" in told[1]


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        ("io.NodeOutput(a)", Results((7,))),
        ("(a,)", Results((7,))),
        ("None", Results(())),
        ("io.NodeOutput()", Results(())),
        ("{'result': (a,), 'ui': {'text': ['x']}}", Results((7,), {"text": ["x"]})),
        ("io.NodeOutput(a, ui=ui.PreviewText('x'))", Results((7,), {"text": ["x"]})),
        ("io.NodeOutput(ui={'text': ('x',)})", Results((), {"text": ["x"]})),
        ("io.NodeOutput(block_execution='no')", Results((Blocked("no"),))),
        ("ExecutionBlocker('no')", Blocked("no")),
        ("ExecutionBlocker(None)", Blocked(None)),
        ("io.NodeOutput(a).from_dict({'result': (a,)})", Results((7,))),
        ("(cls.hidden.unique_id,)", Results(("5",))),
        ("(cls.hidden.prompt['x'],)", Results(("y",))),
        ("(cls.hidden.extra_pnginfo,)", Results((None,))),
    ],
)
def test_what_execute_may_return(returns: str, expected: Any) -> None:
    values = {"a": 7, "unique_id": "5", "prompt": {"x": "y"}}
    assert node(body(returns)).call(Context(), values) == expected
    waited = node(body(returns, head="async def"))
    assert waited.spec.is_async
    assert asyncio.run(awaited(waited.call(Context(), values))) == expected


def test_a_graph_in_its_place() -> None:
    returns = "io.NodeOutput(['x', 0], expand={'x': {'class_type': 'Y', 'inputs': {}}})"
    expansion = node(body(returns, more=", enable_expand=True")).call(Context(), {"a": 1})
    assert expansion == Expansion((["x", 0],), {"x": {"class_type": "Y", "inputs": {}}})
    with pytest.raises(TypeError, match="enable_expand"):
        node(body(returns)).call(Context(), {"a": 1})


def test_too_few_outputs_are_told() -> None:
    told: list[str] = []
    context = Context(node_id="1", warn=told.append)
    node(body("io.NodeOutput(1)", outputs="io.Int.Output(), io.Int.Output('second')")).call(context, {"a": 1})
    assert "gave 1 of its 2 outputs" in told[0]


def test_the_class_cannot_be_changed_while_it_runs() -> None:
    with pytest.raises(AttributeError, match="cannot be set"):
        node(body("setattr(cls, 'kept', a)")).call(Context(), {"a": 1})


def test_checks_fingerprints_and_lazy_inputs() -> None:
    own = """
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="N", inputs=[io.Int.Input("a"), io.Int.Input("b", lazy=True)], outputs=[])
        @classmethod
        def validate_inputs(cls, a):
            return True if a < 5 else "too much"
        @classmethod
        def fingerprint_inputs(cls, a, b):
            return (a, cls.hidden.unique_id)
        @classmethod
        def check_lazy_status(cls, a, b):
            return ["b"] if a and b is None else []
        @classmethod
        def execute(cls, a, b):
            return None
    """
    made = node(own)
    assert made.spec.validates == ("a",)
    assert made.validate_inputs is not None
    assert made.validate_inputs({"a": 7}) == "too much"
    assert made.is_changed is not None
    assert made.is_changed(Context(node_id="3"), {"a": 1, "b": None}) == (1, "3")
    assert made.check_lazy is not None
    assert made.check_lazy(Context(), {"a": 1, "b": None}) == ["b"]
    plain = node(body("None"))
    assert (plain.spec.validates, plain.is_changed, plain.check_lazy) == (None, None, None)
