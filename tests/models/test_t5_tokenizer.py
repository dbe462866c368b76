"""T5's tokenizer from every kind of file, all of which have to give the same tokens."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from models.errors import CheckpointError
from models.text.pieces import read_gguf, read_sentencepiece
from models.text.t5_tokenizer import find_tokenizer, read_tokenizer
from models.text.tokens import TokenRules, tokenize
from tests.models.text_models import write_t5_tokenizer

TEXTS = ["a photo of a cat", "  red   rain\nat night", "dog,boat! ﬁ", "</s> a", "", "日本 sea"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_t5_tokenizer(tmp_path_factory.mktemp("t5") / "tokenizer.json")


def vocabulary(path: Path) -> list[tuple[str, float]]:
    return [(piece, score) for piece, score in json.loads(path.read_text())["model"]["vocab"]]


def kind(piece: str) -> int:
    return {"<unk>": 2, "<pad>": 3, "</s>": 3}.get(piece, 1)


def write_sentencepiece(path: Path, pieces: list[tuple[str, float]]) -> Path:
    """A ModelProto with these pieces and no table of characters."""

    def field(number: int, content: bytes) -> bytes:
        assert len(content) < 128
        return bytes([number << 3 | 2, len(content)]) + content

    data = b""
    for piece, score in pieces:
        inner = field(1, piece.encode()) + b"\x15" + struct.pack("<f", score) + bytes([3 << 3, kind(piece)])
        data += field(1, inner)
    path.write_bytes(data + field(3, field(1, b"nmt_nfkc") + bytes([3 << 3, 1])))
    return path


def write_gguf(path: Path, pieces: list[tuple[str, float]] | None) -> Path:
    """A GGUF file's header, with these pieces among other things."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    pairs = [text("general.architecture") + struct.pack("<I", 8) + text("t5encoder")]
    pairs.append(text("t5encoder.block_count") + struct.pack("<II", 4, 24))
    if pieces is not None:
        names = b"".join(text(piece) for piece, _ in pieces)
        scores = struct.pack(f"<{len(pieces)}f", *(score for _, score in pieces))
        kinds = struct.pack(f"<{len(pieces)}i", *(kind(piece) for piece, _ in pieces))
        for name, inner, data in (("tokens", 8, names), ("scores", 6, scores), ("token_type", 5, kinds)):
            pairs.append(text(f"tokenizer.ggml.{name}") + struct.pack("<IIQ", 9, inner, len(pieces)) + data)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(pairs) + bytes(64))
    return path


@pytest.mark.parametrize("text", TEXTS)
def test_every_kind_of_file_gives_the_same_tokens(text: str, made: Path, tmp_path: Path) -> None:
    expected = Tokenizer.from_file(str(made)).encode(text, add_special_tokens=False).ids
    pieces = vocabulary(made)
    assert read_tokenizer(made)(text) == expected
    assert read_tokenizer(write_sentencepiece(tmp_path / "spiece.model", pieces))(text) == expected
    assert read_tokenizer(write_gguf(tmp_path / "t5.gguf", pieces))(text) == expected


def test_chunks_end_with_the_end_token_and_are_filled_up_with_zeros(made: Path) -> None:
    rules = TokenRules(pad=0, start=None, end=1, length=None, least=20)
    (chunk,) = tokenize("a (red:1.2) cat", rules, words=read_tokenizer(made))
    ids = [token.id for token in chunk]
    plain = [id for part in ("a ", "red", " cat") for id in read_tokenizer(made)(part)]
    assert ids == [*plain, 1, *[0] * (19 - len(plain))]
    assert sorted({token.weight for token in chunk}) == [1.0, 1.2]


@pytest.mark.parametrize(
    "place",
    [
        "models/text_encoders/tokenizer.json",
        "models/clip/t5_tokenizer/tokenizer.json",
        "models/text_encoders/tokenizer_2/spiece.model",
        "models/diffusers/flux/tokenizer_2/tokenizer.json",
        "models/diffusers/sd3/tokenizer_3/spiece.model",
        "models/text_encoders/t5-v1_1-xxl-encoder-Q8_0.gguf",
        "comfy/text_encoders/t5_tokenizer/tokenizer.json",
    ],
)
def test_it_is_found_wherever_it_usually_is(place: str, made: Path, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    write = {".json": lambda p: p.write_bytes(made.read_bytes()), ".model": lambda p: write_sentencepiece(p, known)}
    known = vocabulary(made)
    write.get(path.suffix, lambda p: write_gguf(p, known))(path)
    models = tmp_path / "models"
    folders = [models / "text_encoders", models / "clip"]
    assert find_tokenizer(folders, [models / "diffusers"], [models / "checkpoints"]) == path


@pytest.mark.parametrize("text", ["", "[]", "{", '{"model": {"type": "Unigram", "vocab": 3}}', "\x00"])
def test_a_damaged_tokenizer_json_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"tokenizer\.json"):
        read_tokenizer(tmp_path / "tokenizer.json")
    assert find_tokenizer([tmp_path]) is None


def test_another_models_tokenizer_is_passed_over(made: Path, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"type": "BPE"}}))
    (tmp_path / "spiece.model").write_bytes(b"\xff not one")
    write_gguf(tmp_path / "a_denoiser.gguf", None)
    assert find_tokenizer([tmp_path]) is None
    own = tmp_path / "tokenizer_3" / "tokenizer.json"
    own.parent.mkdir()
    own.write_bytes(made.read_bytes())
    assert find_tokenizer([tmp_path]) == own


@pytest.mark.parametrize("data", [b"", b"GGUF", b"GGUF" + struct.pack("<IQQ", 3, 0, 9), b"GGUF" + bytes(20)])
def test_a_damaged_gguf_header_is_told(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.gguf").write_bytes(data)
    with pytest.raises(CheckpointError, match="GGUF"):
        read_gguf(tmp_path / "x.gguf")


@pytest.mark.parametrize("data", [b"", b"\x0a", b"\x0a\x7fshort", b"\x0a\x03\x0a\x01a", b"\x00\x00\x00", b"\x0d\x01"])
def test_a_damaged_sentencepiece_model_is_told(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "spiece.model").write_bytes(data)
    with pytest.raises(CheckpointError, match="SentencePiece"):
        read_sentencepiece(tmp_path / "spiece.model")
