"""Prompts blended and joined."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nodes import conditioning


def prompt(tokens: int, value: float, **options: Any) -> list[Any]:
    return [[torch.full((1, tokens, 2), value), options]]


@pytest.mark.parametrize(("tokens", "tail"), [(2, 0.75), (3, 1.5), (5, 1.5)])
def test_blending_fills_a_shorter_prompt_with_zeros_and_cuts_a_longer_one(tokens: int, tail: float) -> None:
    [[blended, _]] = conditioning.average(prompt(3, 1.0), prompt(tokens, 3.0), 0.75)
    assert blended[0, :, 0].tolist() == [1.5, 1.5, tail]


@pytest.mark.parametrize(
    ("to", "source", "pooled"), [(1.0, 3.0, 1.5), ("missing", 3.0, 3.0), (None, 3.0, 3.0), (1.0, None, 1.0)]
)
def test_blending_takes_the_pooled_state_that_there_is(to: Any, source: Any, pooled: float) -> None:
    def options(value: Any) -> dict[str, Any]:
        if value == "missing":
            return {}
        return {"pooled_output": None if value is None else torch.full((1, 4), value)}

    [[_, found]] = conditioning.average(prompt(1, 1.0, **options(to)), prompt(1, 1.0, **options(source)), 0.75)
    assert torch.equal(found["pooled_output"], torch.full((1, 4), pooled))


def test_joining_keeps_the_first_prompts_options() -> None:
    [[joined, options]] = conditioning.concat(prompt(2, 1.0, strength=0.5), prompt(3, 2.0, strength=2.0))
    assert joined[0, :, 0].tolist() == [1, 1, 2, 2, 2]
    assert options == {"strength": 0.5}


def test_zeroing_keeps_all_but_what_a_prompt_encodes_to() -> None:
    [[zeroed, options]] = conditioning.zero_out(prompt(2, 1.0, pooled_output=torch.ones(1, 4), area=(1, 2, 3, 4)))
    assert not zeroed.any()
    assert not options["pooled_output"].any()
    assert options["area"] == (1, 2, 3, 4)


@pytest.mark.parametrize("put_together", [conditioning.average, conditioning.concat])
def test_prompts_for_different_models_do_not_go_together(put_together: Any) -> None:
    with pytest.raises(ValueError, match=r"one prompt was encoded 2 wide and the other 3: .* different kinds of model"):
        put_together(prompt(2, 1.0), [[torch.zeros(1, 2, 3), {}]])
