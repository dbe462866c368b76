"""Memory that is given back is the system's again."""

from __future__ import annotations

import subprocess
import sys

import pytest

FRAGMENTS = """
import os
from graph.given_back import give_back

def mb():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

blocks = [bytearray(60_000) for _ in range(2000)]  # 120 MB, each too small to be given back by itself
kept = blocks[::100]
kept.append(bytearray(1000))  # the last block stays in use: what lies before it is not at the end
del blocks
before = mb()
give_back()
print(before - mb())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="another C library")
def test_what_lies_between_things_in_use_is_given_back() -> None:
    told = subprocess.run([sys.executable, "-c", FRAGMENTS], capture_output=True, text=True, check=True)
    assert float(told.stdout) > 50
