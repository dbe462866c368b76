"""Hundreds of jobs of every kind leave nothing behind: in neither process does memory grow from the hundredth on."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.soak import slope, small_server, soak

JOBS = 400
NOISE = 20.0
"""MB: what a process may differ by from one hundred jobs to another for other reasons."""


@pytest.mark.long
def test_memory_is_flat_over_hundreds_of_jobs(tmp_path: Path) -> None:
    with small_server(tmp_path) as server:
        samples, ends = soak(server, JOBS)
    assert ends == {"success": JOBS * 18 // 20, "error": JOBS // 20, "interrupted": JOBS // 20}
    for of in ("control", "device"):
        grown, _ = slope(samples, of)
        assert grown * JOBS / 2 / 1000 < NOISE, (of, samples)
    half = len(samples) // 2
    assert max(sample.files for sample in samples[half:]) <= max(sample.files for sample in samples[:half]) + 3
