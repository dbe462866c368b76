"""T5's tokenizer: a unigram model over pieces of words (Kudo 2018), read from whichever file of it there is.

No licensed package carries its vocabulary, so it comes from the user's folders: `tokenizer.json` (tokenizers'),
`spiece.model` (SentencePiece's), or a GGUF file of the encoder, which has it in its header.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import CheckpointError, ModelError
from ..files import Stamp, stamp
from .pieces import Pieces, read_gguf, read_sentencepiece
from .tokens import Words

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_NAMES = ("tokenizer.json", "spiece.model")
_FOLDERS = ("", "t5_tokenizer", "t5xxl", "tokenizer", "tokenizer_2", "tokenizer_3")
_OTHER_TOOL = Path("comfy", "text_encoders", "t5_tokenizer")
"""Where a ComfyUI folder has the tokenizer."""


def t5_words(encoder: Path, find: Callable[[], Path | None] | None = None) -> Words:
    """The tokenizer for an encoder's file or diffusers folder: found by `find`, or beside the file or in the folder.

    ModelError where there is none.
    """
    beside = encoder if encoder.is_dir() else encoder.parent
    path = (find() if find is not None else None) or find_tokenizer([beside])
    if path is None:
        raise ModelError(
            f"{encoder.name} needs T5's tokenizer, which is not there. Put the file tokenizer.json or spiece.model of "
            "T5 v1.1 (the folder tokenizer_2 of Flux, or tokenizer_3 of Stable Diffusion 3, has it) into the folder "
            "text_encoders/t5_tokenizer of your models, or name a ComfyUI folder in extra_model_paths.yaml: it has "
            f"{_OTHER_TOOL.as_posix()}/tokenizer.json."
        )
    return read_tokenizer(path)


def find_tokenizer(
    text_encoders: Iterable[Path], diffusers: Iterable[Path] = (), others: Iterable[Path] = ()
) -> Path | None:
    """The first file with T5's tokenizer in these folders, or None.

    text_encoders: looked into with their usual subfolders, and for GGUF files. diffusers: folders of models of many
    files, each of which may have one. others: any model folders; a ComfyUI folder is found by those inside it.
    """
    roots = list(dict.fromkeys(text_encoders))
    return next((path for path in _candidates(roots, diffusers, [*roots, *others]) if _is_t5(path)), None)


def read_tokenizer(path: Path) -> Words:
    """The tokenizer in a tokenizer.json, spiece.model or GGUF file. CheckpointError where it is none of T5's."""
    tokenizer = _open(path, stamp(path))
    if tokenizer is None:
        raise CheckpointError(path, "T5's tokenizer is not in it")
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def _candidates(roots: Iterable[Path], diffusers: Iterable[Path], models: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        for folder in _FOLDERS:
            for name in _NAMES:
                yield root / folder / name
    for root in diffusers:
        for folder in sorted(root.glob("*/tokenizer_[23]")):
            for name in _NAMES:
                yield folder / name
    for root in roots:
        yield from sorted(root.glob("*.gguf"))
    for root in dict.fromkeys(models):
        for parent in (root.parent, root.parent.parent):
            for name in _NAMES:
                yield parent / _OTHER_TOOL / name


def _is_t5(path: Path) -> bool:
    try:
        return path.is_file() and _open(path, stamp(path)) is not None
    except (CheckpointError, OSError):
        return False


@lru_cache(maxsize=32)
def _open(path: Path, found: Stamp) -> Tokenizer | None:
    """The tokenizer of a file, or None where it is another model's. CheckpointError where the file is damaged."""
    from tokenizers import Tokenizer

    try:
        if path.suffix == ".json":
            text = path.read_text("utf-8")
            kind = json.loads(text).get("model", {}).get("type")
            tokenizer = Tokenizer.from_str(text) if kind in ("Unigram", None) else None
        else:
            pieces = read_gguf(path) if path.suffix == ".gguf" else read_sentencepiece(path)
            tokenizer = None if pieces is None else _built(pieces)
    except CheckpointError:
        raise
    except Exception as error:  # tokenizers raises plain Exception
        raise CheckpointError(path, f"no tokenizer can be read from it ({error})", "Fetch it again.") from None
    known = tokenizer is not None and (tokenizer.token_to_id("<pad>"), tokenizer.token_to_id("</s>")) == (0, 1)
    return tokenizer if known else None


def _built(pieces: Pieces) -> Tokenizer:
    """As transformers builds it: text normalised, cut at white space, each word's pieces by the unigram model."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.Unigram(list(zip(pieces.texts, pieces.scores, strict=True)), pieces.unknown, False))
    charsmap = pieces.charsmap
    tokenizer.normalizer = normalizers.Precompiled(charsmap) if charsmap else normalizers.NFKC()
    mark = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), mark])
    tokenizer.add_special_tokens([pieces.texts[index] for index in pieces.marks])
    return tokenizer
