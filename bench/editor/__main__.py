"""What the editor costs in a browser, beside @comfyorg/litegraph on the same graphs in the same run.

    python3 -m bench.editor [--sizes 100 1000 2000 5000] [--ms 2000] [--rounds 3]
                            [--only easel|litegraph|load] [--json FILE]

Headless Chromium with software rendering, a window of 1600 by 900. Ours is the whole page of a real server, panels and
all; theirs is the bare canvas. Times are in ms.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.editor.browser import Costs, chromium, measure
from bench.editor.cold_load import ColdLoad, cold_load
from bench.editor.table import cold_table, table
from tests.server.harness import running

REGISTRY = "bench.editor.nodes:registry"
SIZES = [100, 1000, 2000, 5000]


def run(
    sizes: list[int],
    ms: int,
    rounds: int,
    only: str | None = None,
    tell: Callable[[str], None] = print,
    browser: Any = None,
) -> dict[str, Any]:
    """All measures, printed as they come, and once more as plain values."""
    found: dict[str, Any] = {"easel": [], "litegraph": [], "load": None}
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), registry=REGISTRY) as server,
        chromium() if browser is None else nullcontext(browser) as browser,
    ):
        server.wait_until_ready()
        address = f"http://127.0.0.1:{server.port}/"
        if only in (None, "load"):
            load: ColdLoad = cold_load(browser, address)
            found["load"] = asdict(load)
            tell(cold_table(load))
        for size in sizes:
            costs: dict[str, Costs | None] = {"easel": None, "litegraph": None}
            for name, where in (("easel", address), ("litegraph", None)):
                if only in (None, name):
                    costs[name] = measured = measure(browser, where, size, ms, rounds)
                    found[name].append(asdict(measured))
            if any(costs.values()):
                tell(table(size, costs["easel"], costs["litegraph"]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--ms", type=int, default=2000, help="how long each gesture lasts")
    parser.add_argument("--rounds", type=int, default=3, help="how often each graph is opened; the best is told")
    parser.add_argument("--only", choices=["easel", "litegraph", "load"])
    parser.add_argument("--json", type=Path, help="where the figures go as JSON, besides")
    given = parser.parse_args()
    found = run(given.sizes, given.ms, given.rounds, given.only)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
