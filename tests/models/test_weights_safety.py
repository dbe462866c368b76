"""Files of weights that lie: tables of contents, torch files, and that nothing here unpickles but by one function."""

from __future__ import annotations

import argparse
import ast
import io
import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models import gguf_header
from models.errors import CheckpointError, UnsafeFile
from models.files import open_weights
from models.gguf_header import read_gguf_header
from models.safetensors_table import MOST_TENSORS, Malformed, read_table

ROOT = Path(__file__).resolve().parents[2]


def entry(shape: Any = (2,), places: Any = (0, 8), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": places}


TABLES: dict[str, tuple[Any, str]] = {
    "no table": ([], "no table"),
    "an entry that is none": ({"a": 5}, "does not say dtype"),
    "a part missing": ({"a": {"dtype": "F32", "shape": [2]}}, "does not say dtype"),
    "a kind that is none": ({"a": entry(dtype=4)}, "no kind of number"),
    "a shape below zero": ({"a": entry(shape=[-2, -1])}, "impossible shape"),
    "a shape of truths": ({"a": entry(shape=[True, 2])}, "impossible shape"),
    "a shape of fractions": ({"a": entry(shape=[2.0])}, "impossible shape"),
    "an absurd side": ({"a": entry(shape=[0, 1 << 62], places=[0, 0])}, "impossible shape"),
    "absurdly many sides": ({"a": entry(shape=[1] * 99, places=[0, 4])}, "impossible shape"),
    "a size that overflows": ({"a": entry(shape=[1 << 33, 1 << 33])}, "other than its 8 bytes"),
    "places backwards": ({"a": entry(places=[8, 0])}, "impossible places"),
    "places below zero": ({"a": entry(places=[-8, 0])}, "impossible places"),
    "three places": ({"a": entry(places=[0, 4, 8])}, "impossible places"),
    "more bytes than numbers": ({"a": entry(shape=[1])}, "other than its 8 bytes"),
    "beyond the file": ({"a": entry(shape=[4], places=[0, 16])}, "ends 8 bytes before"),
    "overlapping": ({"a": entry(shape=[1], places=[0, 4]), "b": entry(shape=[1], places=[2, 6])}, "overlaps"),
    "the same twice": ({"a": entry(), "b": entry()}, "overlaps"),
    "a gap": ({"a": entry(shape=[1], places=[4, 8])}, "nobody's"),
    "bytes behind": ({"a": entry(shape=[1], places=[0, 4])}, "4 bytes after its last tensor"),
    "a name without end": ({"a" * 5000: entry()}, "a name that is too long"),
    "half a letter": ({"\ud800": entry()}, "no text"),
    "metadata of numbers": ({"__metadata__": {"a": 1}, "a": entry()}, "metadata"),
    "metadata that are none": ({"__metadata__": [], "a": entry()}, "metadata"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_of_contents_that_lies(kind: str, tmp_path: Path) -> None:
    table, sentence = TABLES[kind]
    header = json.dumps(table).encode()
    with pytest.raises(Malformed, match=sentence):
        read_table(header, 8)
    path = tmp_path / "lies.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(CheckpointError, match=r"^lies\.safetensors: "):
        open_weights(path)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (b'{"a": {}, "a": {}}', "twice"),
        (b'{"a": {"dtype": "F32", "dtype": "F64", "shape": [], "data_offsets": [0, 4]}}', "twice"),
        (b'{"a\xff": 1}', "no UTF-8"),
        (b'{"a": NaN}', "NaN for a number"),
        (b'{"a": ' + b"[" * 200_000, "nested without end"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "no JSON"),
        (b'{"a"', "no JSON"),
    ],
)
def test_a_table_of_contents_that_is_no_table(header: bytes, sentence: str) -> None:
    with pytest.raises(Malformed, match=sentence):
        read_table(header, 8)


def test_more_tensors_than_any_model_has() -> None:
    table = {str(number): None for number in range(MOST_TENSORS + 1)}
    with pytest.raises(Malformed, match="no model has more than"):
        read_table(json.dumps(table).encode(), 8)


def test_a_header_larger_than_any(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.write((40 << 20).to_bytes(8, "little") + b"{\x00")
        file.truncate(48 << 20)
    with pytest.raises(CheckpointError, match="its table of contents alone has 40 MB"):
        open_weights(path)


def test_an_honest_table() -> None:
    table = {"__metadata__": {"k": "v"}, "b": entry(), "none": entry([0, 3], [8, 8]), "a": entry([], [8, 12])}
    entries, metadata = read_table(json.dumps(table).encode() + b"   ", 12)
    assert metadata == {"k": "v"}
    assert {name: (found.shape, found.start, found.end) for name, found in entries.items()} == {
        "b": ((2,), 0, 8),
        "none": ((0, 3), 8, 8),
        "a": ((), 8, 12),
    }


def gguf(*pairs: bytes, count: int | None = None, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(pairs) if count is None else count) + b"".join(pairs)


def text(words: bytes) -> bytes:
    return struct.pack("<Q", len(words)) + words


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"GGML", "does not begin"),
        (gguf(version=9), "version is 9"),
        (gguf(count=1 << 60), "entries"),
        (gguf(count=3), "cut short"),
        (gguf(*[text(b"a") + struct.pack("<Ii", 5, 1)] * 2), "twice"),
        (gguf(text(b"\xff") + struct.pack("<Ii", 5, 1)), "no UTF-8"),
        (gguf(text(b"a" * 70_000) + struct.pack("<Ii", 5, 1)), "a text of 70,000 bytes"),
        (gguf(text(b"a") + struct.pack("<I", 77)), "unknown kind 77"),
        (gguf(text(b"a") + struct.pack("<IIQ", 9, 5, 1 << 40)), "an array of"),
        (gguf(text(b"a") + struct.pack("<IIQ", 9, 9, 1)), "unknown kind 9"),
        (gguf(text(b"a") + struct.pack("<IQ", 8, 1 << 62)), "a text of"),
    ],
)
def test_a_gguf_header_that_lies(data: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_gguf_header(io.BytesIO(data))


def test_gguf_values_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gguf_header, "LARGEST_HEADER", 1000)
    with pytest.raises(ValueError, match="larger than"):
        read_gguf_header(
            io.BytesIO(gguf(*[text(b"%d" % n) + struct.pack("<IQ", 8, 100) + bytes(100) for n in range(9)]))
        )


# Torch files


class Runs:
    def __reduce__(self) -> Any:
        return os.system, ("exit 1",)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_all_that_a_refused_file_asks_for_is_named(legacy: bool, protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "old.ckpt"
    content = {"a": torch.ones(1), "args": argparse.Namespace(), "step": np.float32(1), "x": Runs()}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy, pickle_protocol=protocol)
    with pytest.raises(UnsafeFile) as found:
        open_weights(path)
    assert {"argparse.Namespace", f"{os.system.__module__}.system"} <= set(found.value.names)
    assert not any(name.startswith("torch.") for name in found.value.names), found.value.names
    assert "`python3 server.py convert old.ckpt`" in str(found.value)
    assert "weights_only" not in str(found.value), "torch's own advice is to run it all the same"


def test_a_few_bytes_that_are_read_often(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1).expand(1 << 40)}, tmp_path / "huge.pt")
    with pytest.raises(CheckpointError, match="many times larger than the file"):
        open_weights(tmp_path / "huge.pt")


def test_tied_weights_are_no_bomb(tmp_path: Path) -> None:
    tied = torch.ones(1000, 1000)
    torch.save({"a": tied, "b": tied, "c": tied.t()}, tmp_path / "tied.pt")
    assert len(open_weights(tmp_path / "tied.pt").shapes) == 3


def test_a_zip_that_unpacks_to_much_more(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(1 << 24))
    with pytest.raises(CheckpointError, match="it would unpack to 16,777,216 bytes"):
        open_weights(path)


@pytest.mark.filterwarnings("ignore")
def test_two_parts_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "two.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", b"1")
        archive.writestr("x/data.pkl", b"2")
    with pytest.raises(CheckpointError, match="two of its parts have one name"):
        open_weights(path)


UNPICKLES = {"load", "loads", "Unpickler", "jit", "read_pickle"}
MODULES = {"torch", "pickle", "joblib", "dill", "cloudpickle", "shelve", "torch.serialization"}


def test_only_one_place_reads_torch_files() -> None:
    found: set[str] = set()
    for folder in ("api", "easel_client", "easel_testing", "graph", "in_process", "models", "nodes"):
        for path in (ROOT / folder).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            for item in ast.walk(ast.parse(path.read_bytes())):
                if isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute):
                    whose = ast.unparse(item.func.value)
                    said = {key.arg: ast.unparse(key.value) for key in item.keywords}
                    if whose in MODULES and item.func.attr in UNPICKLES and said.get("weights_only") != "True":
                        found.add(f"{name}: {whose}.{item.func.attr}")
                    if said.get("allow_pickle", "False") != "False":
                        found.add(f"{name}: allow_pickle")
    assert found == set()
