"""What progress costs on the wire: bytes of `progress_state` for a chain of nodes that compute nothing.

    python3 -m bench.wire [--sizes 100 300 500 1000] [--json FILE]

`every event` is what the same run would take in the form that names all nodes so far on every event, which is what the
incumbent sends; it is reckoned from the states of this very run. `old` is a client that asks for nothing, `deltas` one
that set `easel_deltas` among its feature flags.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from tests.server.harness import running
from tests.server.test_server_progress import FLAGS, states_of


def every_event(nodes: dict[str, Any], prompt_id: str) -> int:
    """Bytes of one message at the start and one at the end of each node, each with all nodes so far."""
    total, entries = 0, 0
    around = len(json.dumps({"type": "progress_state", "data": {"prompt_id": prompt_id, "nodes": {}}}))
    for id, node in nodes.items():
        entries += len(json.dumps({id: node}))
        total += 2 * (around + entries)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 300, 500, 1000])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    print(
        f"{'nodes':>6} {'every event':>12} {'old':>10} {'times':>7} {'deltas':>10} {'times':>7} {'a node':>7}  seconds"
    )
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        server.wait_until_ready()
        for size in options.sizes:
            old_states, old, _ = states_of(server, f"old-{size}", size, None)
            _, deltas, seconds = states_of(server, f"deltas-{size}", size, FLAGS)
            floor = every_event(old_states[-1]["nodes"], old_states[-1]["prompt_id"])
            row = {"nodes": size, "every_event": floor, "old": old, "deltas": deltas, "seconds": round(seconds, 3)}
            rows.append(row)
            print(
                f"{size:6} {floor:12,} {old:10,} {floor / old:7.1f} {deltas:10,} {floor / deltas:7.1f}"
                f" {deltas / size:7.0f}  {seconds:.2f}"
            )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
