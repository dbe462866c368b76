"""Prompts to conditionings: chunks of tokens through a text encoder, weights, textual inversions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import CheckpointError
from ..files import open_weights
from . import Conditioning
from .tokens import FindEmbedding, Token, TokenRules, tokenize


def encode(
    encoder: nn.Module,
    rules: TokenRules,
    layer: int,
    text: str,
    find_file: Callable[[str], Path | None] | None,
) -> Conditioning:
    """Encode a prompt; float32 on the CPU. find_file: a textual inversion's file by the name after "embedding:"."""
    table = encoder.text.embeddings.token_embedding.weight
    find: FindEmbedding | None = None
    if find_file is not None:
        find = lambda name: _read_embedding(find_file(name), width=table.shape[1])  # noqa: E731
    chunks = tokenize(text, rules, find)
    weighted = any(token.weight != 1.0 for chunk in chunks for token in chunk)
    rows = [*chunks, *tokenize("", rules)] if weighted else chunks
    ids, added = _number(rows, vocabulary=table.shape[0])
    ends = (ids == rules.end).int().argmax(1)
    states, pooled = encoder(
        ids.to(table.device), layer, ends.to(table.device), None if added is None else added.to(table.device)
    )
    states, pooled = states.float().cpu(), pooled.float().cpu()
    if weighted:
        states = _weigh(states[:-1], states[-1], chunks)
    return [[states.reshape(1, -1, states.shape[-1]), {"pooled_output": pooled[:1]}]]


def _number(rows: list[list[Token]], vocabulary: int) -> tuple[Tensor, Tensor | None]:
    """Ids (b, 77), in which a textual inversion's rows are numbered after the vocabulary; and these rows."""
    added: list[Tensor] = []
    ids = torch.empty(len(rows), len(rows[0]), dtype=torch.long)
    for i, row in enumerate(rows):
        for j, token in enumerate(row):
            if isinstance(token.id, Tensor):
                ids[i, j] = vocabulary + len(added)
                added.append(token.id.float())
            else:
                ids[i, j] = token.id
    return ids, torch.stack(added) if added else None


def _weigh(states: Tensor, empty: Tensor, chunks: list[list[Token]]) -> Tensor:
    """Move each token's state away from (or towards) what the empty prompt has in its place."""
    weights = torch.tensor([[token.weight for token in chunk] for chunk in chunks])[..., None]
    return torch.where(weights == 1.0, states, (states - empty) * weights + empty)


def _read_embedding(path: Path | None, width: int) -> Tensor | None:
    """A textual inversion (n, width) from a file; None where there is no file, or it is for another width.

    Layouts: `emb_params` and whatever else holds one tensor; `clip_l` and `clip_g`, one for each encoder;
    `string_to_param`, of the first trainer.
    """
    if path is None:
        return None
    file = open_weights(path)
    fitting = [name for name, shape in file.shapes.items() if shape and shape[-1] == width and len(shape) <= 2]
    if not fitting:
        return None
    preferred = [name for name in ("clip_l", "clip_g", "emb_params") if name in fitting]
    _, tensor = next(iter(file.read((preferred or fitting)[:1])))
    if not tensor.isfinite().all():
        raise CheckpointError(path, "this textual inversion holds values that are no numbers", "Use another one.")
    return tensor.reshape(-1, width).clone()
