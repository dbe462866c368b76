"""Expressions of widgets, against the table that the page reads too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graph.expression import ExpressionError, Reference, evaluate, parse
from tests.graph.conversion_tables import TABLES

TABLE: dict[str, Any] = json.loads((TABLES / "expressions.json").read_text("utf-8"))


def read(reference: Reference) -> float:
    value = TABLE["reads"].get(f"{reference.node}.{reference.widget}")
    if value is None:
        raise ExpressionError(f"No node is called “{reference.node}”.", reference.at)
    return float(value)


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["source"][:40])
def test_an_expression_has_its_value_or_its_error(case: dict[str, Any]) -> None:
    if "error" not in case:
        assert evaluate(parse(case["source"]), read) == case["value"]
        return
    with pytest.raises(ExpressionError) as caught:
        evaluate(parse(case["source"]), read)
    assert (str(caught.value), caught.value.at) == (case["error"], case["at"])
