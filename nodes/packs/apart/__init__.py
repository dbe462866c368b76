"""Packs in an environment of their own: their nodes run in a child process with its own installed packages.

For packs whose sockets are tensors and JSON, and which say so in their pyproject.toml:

    [tool.easel]
    environment = "own"

`values.py` says what may pass and how; `process.py` is the worker's side, `child.py` the pack's.
"""
