"""Every parser of bytes from outside as one function of bytes, which fails where the parser breaks its promise.

Shared by property tests (`test_fuzz_parsers.py`) and by the search that follows coverage (`search.py`).
"""

from __future__ import annotations

import io
import json
import pickle
import random
import struct
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

if sys.platform == "linux":
    import resource

from api.weights.collect import check_sizes, collect, numbers_of
from api.weights.inert import CannotConvert, Inert
from api.weights.torch_file import open_torch_file
from graph.errors import FileNameError, GraphError, ParseError, ProtocolError
from graph.expression import ExpressionError, evaluate
from graph.expression import parse as parse_expression
from graph.folders import inside, split_annotation
from graph.json_input import load
from graph.parse import parse, to_prompt
from graph.picture_facts import facts_of
from graph.picture_text import MOST_TOGETHER, exif_texts, png_texts
from graph.plan import plan
from graph.protocol import Decoder, encode
from graph.validate import validate
from graph.workflow import is_workflow, to_api
from graph.workflow_text import fill_pattern, resolve_choices
from models.gguf_header import read_gguf_header
from models.safetensors_table import Malformed, read_table
from models.text.prompt import weigh
from tests.pngs import chunk, head
from tests.server.weightless import registry

CATALOGUE = registry().catalogue()
ROOM = 64
"""Bytes that the tables of contents here speak of."""
DAMAGE = (ValueError, LookupError, TypeError, AttributeError, EOFError, OSError, ArithmeticError, RuntimeError)
DAMAGE += (pickle.UnpicklingError, struct.error, zipfile.BadZipFile)
FOLDER = Path(tempfile.gettempdir()).resolve() / "a folder"


def told(error: Exception) -> None:
    """A refusal says something, in letters that can be written."""
    assert str(error)
    str(error).encode("utf-8", "surrogateescape")


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def json_text(data: bytes) -> Any:
    try:
        value = load(data)
    except ParseError as error:
        told(error)
        json.dumps(error.to_json()).encode()
        return None
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    return value


def prompt(data: bytes) -> None:
    """The API format: parsed, written back, checked, put in order."""
    value = json_text(data)
    try:
        graph = parse(value)
    except ParseError as error:
        json.dumps(error.to_json()).encode()
        return
    assert parse(to_prompt(graph)) == graph
    report = validate(graph, CATALOGUE, None)
    json.dumps([report.error(), report.node_errors()], allow_nan=False).encode()
    try:
        order = plan(graph, list(graph.nodes))
    except GraphError as error:
        told(error)
    else:
        assert sorted(order) == sorted(graph.nodes)


def workflow(data: bytes) -> None:
    """The page's format: converted, then all that the other format promises."""
    value = json_text(data)
    assert is_workflow(value) in (True, False)
    try:
        found = to_api(value, CATALOGUE, now=datetime(2026, 1, 2), random=random.Random(0).random)
    except ParseError as error:
        told(error)
        return
    prompt(json.dumps(found, allow_nan=False).encode())


def picture(data: bytes) -> None:
    """A PNG's texts, and what they say."""
    found = png_texts(io.BytesIO(data))
    texts = {} if found is None else found.texts
    assert sum(map(len, texts.values())) <= 4 * MOST_TOGETHER
    json.dumps(facts_of(texts).__dict__, default=str).encode("utf-8", "surrogatepass")


def picture_words(data: bytes) -> None:
    """The same by keyword, where no chunk stands in the way: the first line is the keyword."""
    keyword, _, words = text_of(data).partition("\n")
    facts_of({keyword: words})
    facts_of({"parameters": words})
    facts_of({"Comment": words, "Description": words, "Software": "NovelAI"})
    exif_texts({0x9C9C: data, 271: words}, {0x9286: data})


def safetensors(data: bytes) -> None:
    try:
        entries, metadata = read_table(data, ROOM)
    except Malformed as error:
        told(error)
        return
    covered = sorted((entry.start, entry.end) for entry in entries.values() if entry.end > entry.start)
    assert sum(end - start for start, end in covered) == ROOM
    assert all(0 <= entry.start <= entry.end <= ROOM for entry in entries.values())
    assert all(isinstance(value, str) for value in metadata.values())


def gguf(data: bytes) -> None:
    try:
        assert isinstance(read_gguf_header(io.BytesIO(data)), dict)
    except ValueError as error:
        told(error)


@contextmanager
def little_memory() -> Iterator[None]:
    """As the child of `convert` has it: an unpickler takes gigabytes where a pickle says so."""
    if sys.platform != "linux":
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + (512 << 20), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@little_memory()
def torch_file(data: bytes) -> None:
    """As `convert` takes a file apart: nothing but inert things, and no more bytes than are there."""
    try:
        opened = open_torch_file(io.BytesIO(data), memoryview(data))
        found = collect(opened.root)
        check_sizes(found, len(data))
        for tensor in found.tensors.values():
            for part in numbers_of(tensor, opened):
                assert len(part) <= 4 * len(data) + (1 << 20)
    except (CannotConvert, MemoryError, *DAMAGE):
        return
    assert isinstance(opened.root, (Inert, dict, list, tuple, str, bytes, int, float, type(None), object))


def link(data: bytes) -> None:
    """Frames between processes, also where they come in pieces."""
    results: list[Any] = []
    for size in (len(data) or 1, 1, 7):
        decoder, frames = Decoder(max_header=1 << 16, max_blob=1 << 16), []
        try:
            for start in range(0, len(data), size):
                frames += decoder.feed(data[start : start + size])
        except ProtocolError as error:
            told(error)
            frames.append("broken")
        results.append(frames)
    assert results[0] == results[1] == results[2] or "broken" in results[0]


def prompt_text(data: bytes) -> None:
    """Weights, choices and patterns of file names."""
    words = text_of(data)
    pieces = weigh(words)
    assert all(piece and isinstance(weight, float) for piece, weight in pieces)
    assert len(resolve_choices(words, random.Random(1).random)) <= len(words)
    fill_pattern(words, datetime(2026, 1, 2), lambda title, widget: None)


def expression(data: bytes) -> None:
    try:
        assert isinstance(evaluate(parse_expression(text_of(data)), lambda reference: 2.0), float)
    except ExpressionError as error:
        told(error)


def file_name(data: bytes) -> None:
    """A name never leads out of its folder."""
    name = data.decode("utf-8", "surrogateescape")
    bare, kind = split_annotation(name)
    assert kind in ("input", "output", "temp")
    for each in (name, bare):
        try:
            path = inside(FOLDER, each)
        except FileNameError as error:
            told(error)
        else:
            assert path.is_relative_to(FOLDER)
            assert ".." not in path.parts


def png(*chunks: bytes) -> bytes:
    return head(4, 4) + b"".join(chunks) + chunk(b"IEND")


def zipped(pickled: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("x/data.pkl", pickled)
        archive.writestr("x/data/0", bytes(16))
    return made.getvalue()


A_TENSOR = (
    b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQK\x01K\x03\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs."
)
A_PROMPT = {
    "1": {"class_type": "Say", "inputs": {"text": "a"}},
    "2": {"class_type": "Join", "inputs": {"a": ["1", 0], "b": ["1", 0]}, "_meta": {"title": "t"}},
    "3": {"class_type": "Show", "inputs": {"text": ["2", 0]}},
}
A_WORKFLOW = {
    "nodes": [
        {"id": 1, "type": "Say", "widgets_values": ["{a|b} %date:yyyy%"], "outputs": [{"links": [1]}], "mode": 0},
        {"id": 2, "type": "Reroute", "inputs": [{"name": "", "link": 1}], "outputs": [{"links": [2]}]},
        {"id": 3, "type": "Show", "inputs": [{"name": "text", "type": "STRING", "link": 2}], "mode": 4},
        {"id": 4, "type": "g", "inputs": [{"name": "in", "link": 1}], "properties": {"proxyWidgets": [["7", "text"]]}},
    ],
    "links": [[1, 1, 0, 2, 0, "STRING"], {"id": 2, "origin_id": 2, "origin_slot": 0, "target_id": 3, "target_slot": 0}],
    "definitions": {
        "subgraphs": [
            {
                "id": "g",
                "nodes": [{"id": 7, "type": "Say", "widgets_values": ["x"]}],
                "links": [{"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 7, "target_slot": 0}],
                "inputs": [{"name": "in", "linkIds": [1]}],
                "outputs": [],
            }
        ]
    },
    "extra": {"groupNodes": {"p": {"nodes": [{"index": 0, "type": "Say"}], "links": [], "external": []}}},
}
A1111 = (
    b"parameters\na (cat:1.2) <lora:x:0.5>\nNegative prompt: dog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, "
    b'Size: 512x768, Model hash: abc, Model: m, Lora hashes: "x: 1, y: 2", Version: 1'
)
A_TABLE = {
    "__metadata__": {"format": "pt"},
    "a": {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]},
    "b": {"dtype": "F16", "shape": [16], "data_offsets": [32, 64]},
}
A_GGUF = (
    b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + struct.pack("<Q", 1) + b"a" + struct.pack("<II", 4, 7)
    + struct.pack("<Q", 1) + b"b" + struct.pack("<IIQ", 9, 8, 1) + struct.pack("<Q", 2) + b"hi"
)  # fmt: skip

PARSERS: dict[str, tuple[Callable[[bytes], Any], list[bytes]]] = {
    "json": (json_text, [json.dumps(A_PROMPT).encode(), b'[1e999, NaN, "\\ud800"]', b"\xef\xbb\xbf{}"]),
    "prompt": (prompt, [json.dumps(A_PROMPT).encode()]),
    "workflow": (workflow, [json.dumps(A_WORKFLOW).encode(), json.dumps({"nodes": [], "links": []}).encode()]),
    "picture": (
        picture,
        [
            png(chunk(b"tEXt", b"prompt\0" + json.dumps(A_PROMPT).encode())),
            png(chunk(b"zTXt", b"workflow\0\0" + zlib.compress(json.dumps(A_WORKFLOW).encode()))),
            png(chunk(b"iTXt", b"parameters\0\x01\0en\0\0" + zlib.compress(A1111)), chunk(b"tEXt", A1111)),
        ],
    ),
    "words of pictures": (picture_words, [A1111, b'invokeai_metadata\n{"positive_prompt": "a", "model": {"name": 1}}']),
    "safetensors": (safetensors, [json.dumps(A_TABLE).encode()]),
    "gguf": (gguf, [A_GGUF]),
    "torch file": (torch_file, [zipped(A_TENSOR), zipped(b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.")]),
    "link": (link, [encode({"type": "a", "n": [1, 2]}, b"xy", b""), encode({}) + encode({"b": "c"}, b"1")]),
    "prompt text": (
        prompt_text,
        [b"a (red:1.3) ((car)) \\( embedding:x:1.2", b"{a|{b|c}} /* x */ // y\n\\{", b"%date:yyyy% %A.b%"],
    ),
    "expression": (expression, [b"#3.width * 2 + round(min(1, Title.x), 8)", b"-(1 - .5e3) % 2"]),
    "file name": (file_name, [b"a/b.png [output]", b"../x", b"C:\\x", b"con.txt", b"a\\..\\..\\b", b"/etc/passwd"]),
}
