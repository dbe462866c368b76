"""`server.py convert FILE`: starts the child, believes nothing that it says, and writes the new file."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Sequence
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, cast

from api.files_on_disk import whole_file
from api.flags import ROOT
from api.weights.collect import LONGEST_NAME, MOST_SIDES, MOST_TENSORS, SHARED
from api.weights.inert import DTYPES, CannotConvert

CHILD = Path(__file__).with_name("child.py")
LARGEST_MESSAGE = 512 << 20
CHUNK = 4 << 20
NAMED = 10
"""Names that are listed in one line."""
_SIZES = dict(DTYPES.values())
_SPARE = 64 << 20
"""Bytes that are left on the disk."""


def main(arguments: Sequence[str]) -> int:
    """Convert one file; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="server.py convert",
        description="Make a .safetensors file of the weights in a torch file, beside it. No code of the file is run.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a .ckpt, .pt, .pth or .bin, by its path or its name")
    parser.add_argument("--base-directory", type=Path, metavar="DIR", help="holds models/, where a name is looked for")
    parser.add_argument("--models-directory", type=Path, metavar="DIR", help="replaces DIR/models")
    found = parser.parse_args(arguments)
    base = found.base_directory or ROOT
    try:
        path = _find(found.file, found.models_directory or base / "models")
        made = convert(path)
    except CannotConvert as error:
        print(f"easel: {printable(found.file.name)} is not converted. {printable(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\neasel: stopped; nothing was written.", file=sys.stderr)
        return 130
    print(f"Written: {printable(str(made))}. {printable(path.name)} is as it was; delete it when the new one works.")
    return 0


def _find(named: Path, models: Path) -> Path:
    """A path, or the name of one file below the models' folder, as messages call it."""
    if named.is_file():
        return named.absolute()
    below = [path for path in models.rglob("*") if path.name == named.name and path.is_file()]
    if len(named.parts) > 1 or not below:
        raise CannotConvert("There is no such file.")
    if len(below) > 1:
        raise CannotConvert(f"There are {len(below)} files of this name: say which by its path.")
    return below[0].absolute()


def convert(path: Path) -> Path:
    """Write `path`'s weights beside it, as .safetensors; the path of the new file. Raises CannotConvert.

    A file that is there already is left as it is.
    """
    target = path.with_suffix(".safetensors")
    if target.exists() or target.is_symlink():
        raise CannotConvert(f"{target.name} is there already: move it away first.")
    try:
        with path.open("rb") as file, _child(file) as stream:
            return _receive(stream, path.stat().st_size, target)
    except OSError as error:
        raise CannotConvert(f"{error.strerror or error}.") from None


@contextlib.contextmanager
def _child(file: BinaryIO) -> Generator[BinaryIO]:
    """A fresh interpreter that has the file and a pipe, and no other file, variable or package."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", str(CHILD)],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=kept,
        cwd=Path(sys.executable).anchor,
        close_fds=True,
        start_new_session=os.name == "posix",
    )
    assert process.stdout is not None
    try:
        yield cast("BinaryIO", process.stdout)
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def _receive(stream: BinaryIO, whole: int, target: Path) -> Path:
    missing = _list(_message(stream).get("missing"))
    if missing:
        words = "; ".join(printable(str(wall)) for wall in missing)
        print(f"Not to be had on this system, so the file is read without: {words}.")
    told = _message(stream)
    tensors = _checked(_list(told.get("tensors")), whole)
    _tell(told)
    return _write(stream, tensors, target)


def _message(stream: BinaryIO) -> dict[str, Any]:
    size = int.from_bytes(stream.read(4), "big")
    data = stream.read(size) if size <= LARGEST_MESSAGE else b""
    try:
        if not size or len(data) != size:
            raise ValueError
        said = json.loads(data)
        if not isinstance(said, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise CannotConvert("The process that takes it apart ended: the file is damaged, or made to harm.") from None
    found = cast("dict[str, Any]", said)
    if "error" in found:
        raise CannotConvert(str(found["error"]))
    return found


def _list(said: object) -> list[Any]:
    return cast("list[Any]", said) if isinstance(said, list) else []


def _table(said: object) -> dict[str, Any]:
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}


Described = tuple[str, str, list[int]]
"""A tensor's name, its kind of number as safetensors names it, and its shape."""


def _checked(told: list[Any], whole: int) -> list[Described]:
    """What the child says of the tensors, where it is possible at all."""
    if not 0 < len(told) <= MOST_TENSORS:
        raise CannotConvert("No weights are in it.")
    found: list[Described] = []
    for entry in told:
        match entry:
            case [str(name), str(dtype), sides] if dtype in _SIZES and 0 < len(name) <= LONGEST_NAME:
                shape = _list(sides)
                if len(shape) > MOST_SIDES or not all(type(side) is int and 0 <= side < 1 << 48 for side in shape):
                    raise CannotConvert("A tensor in it has an impossible shape.")
                found.append((name.encode("utf-8", "replace").decode(), dtype, shape))
            case _:
                raise CannotConvert("What was found in it makes no sense.")
    if len({name for name, _, _ in found}) != len(found):
        raise CannotConvert("Two tensors in it have one name.")
    if sum(map(_bytes, found)) > SHARED * whole + (1 << 20):
        raise CannotConvert("Its tensors say that they are many times larger than the file.")
    return found


def _bytes(tensor: Described) -> int:
    return prod(tensor[2]) * _SIZES[tensor[1]]


def _tell(told: dict[str, Any]) -> None:
    asked = [printable(str(name)) for name in _list(told.get("asked"))]
    if asked:
        print(f"It asks for {_few(asked)}. None of it was run.")
    left_out = [f"{printable(name)} ({printable(str(what))})" for name, what in _table(told.get("left_out")).items()]
    if left_out:
        print(f"Left out: {_few(left_out)}.")


def _few(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED:,} more" if len(names) > NAMED else "")


def printable(words: str) -> str:
    """Words of a file's, as a terminal may be shown them."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in words[:300])


def _write(stream: BinaryIO, tensors: list[Described], target: Path) -> Path:
    """Whole or not there, and never over a file that came meanwhile."""
    size = sum(map(_bytes, tensors))
    if shutil.disk_usage(target.parent).free < size + _SPARE:
        raise CannotConvert(f"The new file needs {size / 1e9:.1f} GB, and the disk has less.")
    try:
        with whole_file(target, new=True) as file:
            file.write(_header(tensors))
            left = size
            while left:
                data = stream.read(min(CHUNK, left))
                if not data:
                    raise CannotConvert("The process that takes it apart ended before its work was done.")
                file.write(data)
                left -= len(data)
    except FileExistsError:
        raise CannotConvert(f"{target.name} is there already: move it away first.") from None
    count = f"{len(tensors):,} tensor" + ("s" if len(tensors) != 1 else "")
    print(f"{count}, {size / 1e6:,.1f} MB.")
    return target


def _header(tensors: list[Described]) -> bytes:
    table: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, dtype, shape in tensors:
        begin, end = end, end + _bytes((name, dtype, shape))
        table[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    data = json.dumps(table).encode()
    data += b" " * (-len(data) % 8)
    return len(data).to_bytes(8, "little") + data
