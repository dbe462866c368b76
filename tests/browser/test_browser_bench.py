"""The bench of the editor still runs, and tells figures that can be."""

from __future__ import annotations

import pytest

from bench.editor.__main__ import run
from bench.editor.browser import GESTURES, PACKAGE
from tests.browser.conftest import CHROMIUM


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed.")
@pytest.mark.skipif(not PACKAGE.is_dir(), reason="npm install has not been run in web/.")
def test_the_bench_measures_both_editors_on_a_hundred_nodes(browser):
    told: list[str] = []
    found = run([100], 150, 1, tell=told.append, browser=browser)
    for name in ("easel", "litegraph"):
        (costs,) = found[name]
        assert costs["open"] > 0, name
        assert costs["gestures"].keys() == GESTURES.keys(), name
        assert all(gesture["cpu"] > 0 for gesture in costs["gestures"].values()), name
        assert costs["undo"]["all"]["undo"] >= 0, name
    assert found["load"]["requests"] > 3
    assert "100 nodes" in told[1]
