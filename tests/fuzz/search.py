"""A search that follows coverage: `python -m tests.fuzz.search NAME [options of libFuzzer]`, of one parser or all.

Atheris tells which branches of our code an input reaches and keeps those that reach new ones. It ends with the input
that broke a promise, written where `-artifact_prefix` says.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["graph", "api.weights", "models.safetensors_table", "models.gguf_header"]):
    from tests.fuzz.parsers import PARSERS

from tests.fuzz.soon import soon

NAMES = list(PARSERS)
HANG = 2.0
"""Seconds: a parser that is watched takes several times as long."""


def one(data: bytes) -> None:
    """The first byte says which parser gets the others."""
    if data:
        only(NAMES[data[0] % len(NAMES)], data[1:])


def only(name: str, data: bytes) -> None:
    parser, _ = PARSERS[name]
    soon(lambda: parser(data), HANG)


def main() -> None:
    name, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        for number, (parser, (_, seeds)) in enumerate(PARSERS.items()):
            for index, seed in enumerate(seeds):
                if name in ("all", parser):
                    data = seed if name == parser else bytes([number]) + seed
                    Path(folder, f"{number}-{index}").write_bytes(data)
        target = one if name == "all" else partial(only, name)
        atheris.Setup([sys.argv[0], *options, folder], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
