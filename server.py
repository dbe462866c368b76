"""Easel's control process: `python3 server.py` starts it, `python3 server.py run GRAPH.json` runs one graph."""

from __future__ import annotations

import sys

from api.flags import RunFlags, parse


def main() -> int:
    """Read the flags, then serve or run; returns the exit status."""
    flags = parse(sys.argv[1:])
    if isinstance(flags, RunFlags):
        from api.run_command import run

        return run(flags)
    from api.serve import serve

    return serve(flags)


if __name__ == "__main__":
    sys.exit(main())
