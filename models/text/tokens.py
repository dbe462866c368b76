"""Text to token ids, in the chunks that a text encoder takes, with a weight for every token."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from .clip_tokenizer import clip_ids
from .prompt import weigh

FindEmbedding = Callable[[str], Tensor | None]
"""A textual inversion by name, (n, width), or None where there is none of that name."""

Words = Callable[[str], list[int]]
"""Token ids of a piece of text, without what begins and ends a prompt."""

_NAMED = "embedding:"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TokenRules:
    """How a family's text encoder wants its tokens."""

    pad: int
    """What fills a chunk after its end token: the end token again (CLIP-L) or 0."""
    start: int | None = 49406
    """None where a chunk begins with the prompt itself (T5)."""
    end: int = 49407
    length: int | None = 77
    """Of a chunk; None for one chunk of any length (T5)."""
    whole: int = 8
    """A piece of fewer tokens than this is never split between two chunks."""
    least: int = 0
    """A chunk is filled up to this many tokens, where it has no set length."""
    padding: int = 0
    """How many filling tokens follow the end token at least, where a chunk has no set length."""

    def empty(self, tokens: int) -> list[Token]:
        """The empty prompt, filled up to so many tokens; at least what begins and ends a chunk."""
        return self._filled([], tokens)

    def chunk(self, content: list[Token]) -> list[Token]:
        """A chunk with this content, between its start and its end, filled up."""
        if self.length is not None:
            return self._filled(content, self.length)
        own = len(content) + 1 + (self.start is not None) + self.padding
        return self._filled(content, max(own, self.least))

    def _filled(self, content: list[Token], tokens: int) -> list[Token]:
        start = [] if self.start is None else [Token(self.start)]
        whole = [*start, *content, Token(self.end)]
        return whole + [Token(self.pad)] * (tokens - len(whole))


@dataclass(frozen=True)
class Token:
    """A token id, or a row of a textual inversion, (width,), with its weight."""

    id: int | Tensor
    weight: float = 1.0


def tokenize(
    text: str, rules: TokenRules, find_embedding: FindEmbedding | None = None, words: Words | None = None
) -> list[list[Token]]:
    """Chunks of `rules.length` tokens, each between a start and an end token and filled up; at least one.

    words: the tokenizer, for text without marks of any kind; CLIP's where none is given.
    """
    chunks: list[list[Token]] = []
    chunk: list[Token] = []
    room = math.inf if rules.length is None else rules.length - 1 - (rules.start is not None)

    def close() -> None:
        chunks.append(rules.chunk(chunk))
        chunk.clear()

    for group in _groups(text, find_embedding, words or clip_ids):
        if len(group) < rules.whole and len(chunk) + len(group) > room:
            close()
        while len(chunk) + len(group) > room:
            left = int(room) - len(chunk)
            chunk += group[:left]
            group = group[left:]
            close()
        chunk += group
    close()
    return chunks


def _groups(text: str, find_embedding: FindEmbedding | None, words: Words) -> list[list[Token]]:
    """Tokens of each piece of text that the chunks try to keep together."""
    groups: list[list[Token]] = []
    for piece, weight in weigh(text):
        for part in _split(piece):
            found, rest = _embedding(part, find_embedding)
            if found is not None:
                groups.append([Token(row, weight) for row in found])
            if rest:
                groups.append([Token(id, weight) for id in words(rest)])
    return groups


def _split(piece: str) -> list[str]:
    first, *others = re.split(f"[ \n]{_NAMED}", piece)
    return [part for part in (first, *(_NAMED + other for other in others)) if part]


def _embedding(part: str, find: FindEmbedding | None) -> tuple[Tensor | None, str]:
    """The textual inversion that a part begins with, and the text that remains."""
    if find is None or not part.startswith(_NAMED):
        return None, part
    name, *others = part.removeprefix(_NAMED).split() or [""]
    rest = " ".join(others)
    found = find(name)
    if found is None and name.strip(",") != name:
        bare = name.strip(",")
        found, rest = find(bare), f"{name[len(bare) :]} {rest}"
    if found is None:
        _log.warning('There is no textual inversion "%s" for this model; it is left out of the prompt.', name)
    return found, rest
