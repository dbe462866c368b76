"""Easel's control process: `python3 server.py` starts it, `python3 server.py run GRAPH.json` runs one graph,
`python3 server.py new-node NAME` makes a pack of nodes, `python3 server.py convert FILE` a safe file of weights,
`python3 server.py account add NAME` an account, `python3 server.py backup FILE` a backup of all that is yours."""

from __future__ import annotations

import sys

from api.setup import ensure_environment, ensure_python


def main() -> int:
    """Read the flags, set up what is missing, then serve or run; returns the exit status."""
    ensure_python()  # before anything that an older Python could not even parse
    from api.flags import PacksFlags, RunFlags, parse

    if sys.argv[1:2] == ["new-node"]:
        ensure_environment()
        from api.new_node import main as new_node

        return new_node(sys.argv[2:])
    if sys.argv[1:2] == ["convert"]:
        from api.weights.command import main as convert

        return convert(sys.argv[2:])
    if sys.argv[1:2] == ["account"]:
        ensure_environment()
        from api.accounts.command import main as account

        return account(sys.argv[2:])
    if sys.argv[1:2] in (["backup"], ["restore"]):
        ensure_environment()
        from api.backup.command import main as keep

        return keep(sys.argv[1], sys.argv[2:])
    flags = parse(sys.argv[1:])
    ensure_environment()
    if isinstance(flags, RunFlags):
        from api.run_command import run

        return run(flags)
    if isinstance(flags, PacksFlags):
        from api.packs.terminal import command

        return command(flags)
    from api.serve import serve

    return serve(flags)


if __name__ == "__main__":
    sys.exit(main())
