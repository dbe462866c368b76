"""What a lazy input would bring is made only where it is asked for."""

from __future__ import annotations

import pytest

GRAPH = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
    "2": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0xFFFFFF}},
    "3": {"class_type": "OwnMix", "inputs": {"first": ["1", 0], "second": ["2", 0], "share": 0.25}},
}


@pytest.mark.parametrize(("share", "made", "level"), [(0.0, ["1"], 0.0), (1.0, ["2"], 1.0), (0.25, ["1", "2"], 0.25)])
def test_only_what_is_needed_is_made(share: float, made: list[str], level: float, run_graph) -> None:
    ran = run_graph(GRAPH, {"3.share": share})
    assert sorted(set(ran.executed) - {"3"}) == made
    assert ran.value("3").mean().item() == pytest.approx(level)
