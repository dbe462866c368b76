"""Steps are told one by one, and each is a chance to stop."""

from __future__ import annotations

import pytest

from easel_testing.golden import sample
from graph.context import Context
from graph.errors import Cancelled

from . import soften


def test_steps_and_previews_are_told(bench, run_node, picture, golden) -> None:
    softened = run_node("OwnSoften", image=picture, steps=4)
    assert [done for _, done, _ in bench.last.progress] == [1, 2, 3, 4]
    assert len(bench.last.previews) == 4
    assert all(preview.startswith(b"\xff\xd8") for preview in bench.last.previews)
    golden(softened, "softened")


def test_a_run_that_is_stopped_ends_at_the_next_step() -> None:
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        soften(sample(), Context(cancelled=stopped), steps=100)
    assert len(asked) == 3


def test_it_says_what_is_too_much(bench, run_node) -> None:
    run_node("OwnSoften", image=sample(8, 8), steps=101)
    assert bench.last.warnings == ["More than 100 steps are hardly seen."]
