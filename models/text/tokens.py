"""Text to CLIP token ids, in chunks of 77, with a weight for every token."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from torch import Tensor

from .prompt import weigh

VOCABULARY = Path(__file__).parents[1] / "tokenizer"
"""Where vocab.json and merges.txt are."""

FindEmbedding = Callable[[str], Tensor | None]
"""A textual inversion by name, (n, width), or None where there is none of that name and width."""

_NAMED = "embedding:"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenRules:
    """How a family's text encoder wants its tokens."""

    pad: int
    """What fills a chunk after its end token: the end token again (SD1) or 0 (SD2)."""
    start: int = 49406
    end: int = 49407
    length: int = 77
    whole: int = 8
    """A piece of fewer tokens than this is never split between two chunks."""


@dataclass(frozen=True)
class Token:
    """A token id, or a row of a textual inversion, (width,), with its weight."""

    id: int | Tensor
    weight: float = 1.0


def tokenize(text: str, rules: TokenRules, find_embedding: FindEmbedding | None = None) -> list[list[Token]]:
    """Chunks of `rules.length` tokens, each between a start and an end token and filled up; at least one."""
    chunks: list[list[Token]] = []
    chunk: list[Token] = []
    room = rules.length - 2

    def close() -> None:
        filling = [Token(rules.pad)] * (room - len(chunk))
        chunks.append([Token(rules.start), *chunk, Token(rules.end), *filling])
        chunk.clear()

    for group in _groups(text, find_embedding):
        if len(group) < rules.whole and len(chunk) + len(group) > room:
            close()
        while len(chunk) + len(group) > room:
            left = room - len(chunk)
            chunk += group[:left]
            group = group[left:]
            close()
        chunk += group
    close()
    return chunks


def _groups(text: str, find_embedding: FindEmbedding | None) -> list[list[Token]]:
    """Tokens of each piece of text that the chunks try to keep together."""
    groups: list[list[Token]] = []
    for piece, weight in weigh(text):
        for part in _split(piece):
            found, rest = _embedding(part, find_embedding)
            if found is not None:
                groups.append([Token(row, weight) for row in found])
            if rest:
                groups.append([Token(id, weight) for id in _ids(rest)])
    return groups


def _split(piece: str) -> list[str]:
    first, *others = re.split(f"[ \n]{_NAMED}", piece)
    return [part for part in (first, *(_NAMED + other for other in others)) if part]


def _embedding(part: str, find: FindEmbedding | None) -> tuple[Tensor | None, str]:
    """The textual inversion that a part begins with, and the text that remains."""
    if find is None or not part.startswith(_NAMED):
        return None, part
    name, _, rest = part.removeprefix(_NAMED).strip("\n").partition(" ")
    found = find(name)
    if found is None and name.strip(",") != name:
        bare = name.strip(",")
        found, rest = find(bare), f"{name[len(bare) :]} {rest}"
    if found is None:
        _log.warning('There is no textual inversion "%s" for this model; it is left out of the prompt.', name)
    return found, rest


def _ids(text: str) -> list[int]:
    return _tokenizer()(text, add_special_tokens=False)["input_ids"]


@lru_cache(maxsize=1)
def _tokenizer() -> Callable[..., dict[str, list[int]]]:
    from ..vision_operators import make_torchvision_importable

    make_torchvision_importable()
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(VOCABULARY, local_files_only=True)
