"""The process that takes a torch file apart: `child.py` reads it from its standard input, already opened for reading,
and writes descriptions and bytes to its standard output. Nothing of ours or of the file's is imported but this folder.
"""

from __future__ import annotations

import json
import mmap
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))  # the interpreter is told of no folder (-I)

from api.weights.collect import check_sizes, collect, numbers_of
from api.weights.inert import DTYPES, CannotConvert
from api.weights.shut import shut
from api.weights.torch_file import open_torch_file

MEMORY = 2 << 30
"""Bytes for descriptions; the file itself is mapped, and comes on top."""


def main() -> int:
    file = os.fdopen(os.dup(0), "rb")
    out = sys.stdout.buffer
    size = os.fstat(file.fileno()).st_size
    whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")
    "".encode("cp437")  # names in zips: the module of these letters cannot be read later
    missing = shut(MEMORY + 2 * size, 60 + size // (20 << 20))
    _say(out, {"missing": missing})
    try:
        _convert(file, whole, out)
    except CannotConvert as error:
        _say(out, {"error": str(error)})
        return 1
    except (MemoryError, RecursionError):
        _say(out, {"error": "It is nested, or as large, as no file of weights is."})
        return 1
    except Exception as error:  # a damaged pickle or zip may raise nearly anything
        _say(out, {"error": f"It is damaged ({type(error).__name__}: {error})."[:300]})
        return 1
    return 0


def _convert(file: BinaryIO, whole: memoryview, out: BinaryIO) -> None:
    if not whole:
        raise CannotConvert("It is empty.")
    opened = open_torch_file(file, whole)
    found = collect(opened.root)
    if not found.tensors:
        raise CannotConvert("No weights are in it.")
    check_sizes(found, len(whole))
    for tensor in found.tensors.values():  # before anything is written: a file that is cut short gives nothing
        next(numbers_of(tensor, opened), None)
    told = [[name, DTYPES[tensor.dtype][0], list(tensor.shape)] for name, tensor in found.tensors.items()]
    _say(out, {"tensors": told, "left_out": found.left_out, "asked": list(opened.asked)})
    for tensor in found.tensors.values():
        for part in numbers_of(tensor, opened):
            out.write(part)
    out.flush()


def _say(out: BinaryIO, message: dict[str, Any]) -> None:
    """Four bytes of length, then JSON."""
    data = json.dumps(message).encode()
    out.write(len(data).to_bytes(4, "big") + data)
    out.flush()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)
