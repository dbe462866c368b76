"""Lazy inputs: what is not needed is not computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from graph.node import Lazy, Slider, node
from nodes.values import Image


def _needed(share: float) -> Sequence[str]:
    """Both pictures where they are mixed, and one at the ends."""
    return ["first"] * (share < 1) + ["second"] * (share > 0)


@node("OwnMix", category="examples", title="Mix Pictures", lazy=Lazy(("first", "second"), _needed))
def mix(
    first: Image | None, second: Image | None, share: Annotated[float, Slider(min=0.0, max=1.0, step=0.01)] = 0.5
) -> Image:
    """Mix two pictures. At 0 and 1 the other one is never made."""
    if first is None or second is None:
        found = second if first is None else first
        assert found is not None
        return found
    return first * (1 - share) + second * share
