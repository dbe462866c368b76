"""CLIP's tokenizer: byte pairs (Sennrich et al. 2016) within words, lower case. Its data is in `models/tokenizer/`."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCABULARY = Path(__file__).parents[1] / "tokenizer"
"""Where vocab.json and merges.txt are."""

_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
"""What is a word: letters, one digit, or other signs in a row; from CLIP's published code."""
_MARKS = ("<|startoftext|>", "<|endoftext|>")


def clip_ids(text: str) -> list[int]:
    """Token ids of a text, without what begins and ends a prompt. The same as transformers' CLIPTokenizer gives."""
    return _tokenizer().encode(text, add_special_tokens=False).ids


@lru_cache(maxsize=1)
def _tokenizer() -> Tokenizer:
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = json.loads((VOCABULARY / "vocab.json").read_text("utf-8"))
    lines = (VOCABULARY / "merges.txt").read_text("utf-8").splitlines()
    merges = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
    pairs = models.BPE(vocabulary, merges, unk_token=_MARKS[1], continuing_subword_prefix="", end_of_word_suffix="</w>")
    tokenizer = Tokenizer(pairs)
    one_space = normalizers.Replace(Regex(r"\s+"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), one_space, normalizers.Lowercase()])
    words = pre_tokenizers.Split(Regex(_WORDS), behavior="removed", invert=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.add_special_tokens(list(_MARKS))
    return tokenizer
