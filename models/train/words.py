"""Captions to token numbers, with a small vocabulary while training and CLIP's whole one in the file.

Only about 700 of CLIP's 49,408 tokens occur in the captions, so training keeps a table of those rows alone (fast),
and one row more that stands for every other word. It is put among the captions' words at random, so that the model
learns to pass over words it does not know; `full_table` then gives that row to all of them.
"""

import random
from pathlib import Path

import torch
from architecture import END, START, TOKENS, VOCABULARY
from transformers import CLIPTokenizer

TOKENIZER = Path(__file__).parent.parent / "tokenizer"
STRANGE = 0.08  # share of captions that get words the model does not know


class Words:
    """The tokens in use: number in CLIP's vocabulary <-> row of the small table (START first, END last)."""

    def __init__(self, captions: list[str]):
        tokenizer = CLIPTokenizer.from_pretrained(TOKENIZER)
        self.tokens = {text: tokenizer(text)["input_ids"][1:-1] for text in captions}
        used = sorted({token for tokens in self.tokens.values() for token in tokens})
        self.row = {token: index + 1 for index, token in enumerate(used)}
        self.unknown = len(used) + 1
        self.rows = len(used) + 3

    def encode(self, texts: list[str], rng: random.Random | None = None) -> torch.Tensor:
        """Rows of the small table (b, 77), as START, words, END, END...; `rng` adds unknown words."""
        lines = []
        for text in texts:
            rows = [self.row[token] for token in self.tokens[text]]
            if rng and rng.random() < (STRANGE if text else 0.5):
                for _ in range(rng.randint(1, 4)):
                    rows.insert(rng.randint(0, len(rows)), self.unknown)
            lines.append([0, *rows, *[self.rows - 1] * (TOKENS - 1 - len(rows))])
        return torch.tensor(lines)

    def full_table(self, small: torch.Tensor) -> torch.Tensor:
        """The (49408, width) table of CLIP's vocabulary from the (rows, width) one of training."""
        table = small[self.unknown].repeat(VOCABULARY, 1)
        for token, row in self.row.items():
            table[token] = small[row]
        table[START], table[END] = small[0], small[self.rows - 1]
        return table
