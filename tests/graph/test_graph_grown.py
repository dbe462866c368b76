"""Inputs that grow, where a declaration that somebody wrote by hand asks for what makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

from graph.grown import LONGEST_ROW, ROW, grown
from graph.spec import InputSpec, NodeSpec


@pytest.mark.parametrize(
    ("most", "count"), [(3, 3), (2.0, 2), (10**9, LONGEST_ROW), ("many", 0), (None, 0), (float("inf"), 0), (-1, 0)]
)
def test_a_row_has_a_number_of_inputs_that_can_be_held(most: Any, count: int) -> None:
    template = {"input": {"required": {"item": ["INT", {}]}}, "prefix": "i", "min": most, "max": most}
    spec = NodeSpec(class_type="N", inputs=(InputSpec(name="row", type=ROW, options={"template": template}),))
    assert len(grown(spec, {}).inputs) == count
