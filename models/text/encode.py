"""Tokens through a text encoder: chunks in one batch, weights, textual inversions."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import CheckpointError
from ..files import WeightFile, open_weights
from .recipe import Encoded, EncoderRules
from .tokens import Token

KNOWN_KEYS = ("clip_l", "clip_g", "clip_h", "t5xxl")
"""Names that textual inversions for several encoders give to their parts."""


def encode_chunks(encoder: nn.Module, rules: EncoderRules, layer: int | None, chunks: list[list[Token]]) -> Encoded:
    """The chunks' states one after another, float32 on the CPU; of no chunks, the end token's alone.

    encoder: a ClipTextEncoder or T5Encoder. layer: as its `forward` takes it.
    """
    table = encoder.vocabulary.weight
    weighted = any(token.weight != 1.0 for chunk in chunks for token in chunk)
    rows = [*chunks]
    if weighted or not chunks:
        rows.append(rules.tokens.empty(max(map(len, chunks), default=0)))
    ids, added = _number(rows, vocabulary=table.shape[0])
    ends = (ids == rules.tokens.end).int().argmax(1)
    to = table.device
    found = encoder(ids.to(to), ends.to(to), layer, rules.normalised, None if added is None else added.to(to))
    states = found.hidden.float().cpu()
    if weighted:
        states = _weigh(states[:-1], states[-1], chunks)
    pooled, projected = (None if v is None else v[:1].float().cpu() for v in (found.pooled, found.projected))
    return Encoded(states.reshape(1, -1, states.shape[-1]), pooled, projected)


def _number(rows: list[list[Token]], vocabulary: int) -> tuple[Tensor, Tensor | None]:
    """Ids (b, n), in which a textual inversion's rows are numbered after the vocabulary; and these rows."""
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


def read_embedding(path: Path | None, width: int, key: str) -> Tensor | None:
    """A textual inversion (n, width) from a file; None where there is no file, or it is for another width.

    Layouts: `clip_l`, `clip_g` and `t5xxl`, one for each encoder, of which `key` is taken; `emb_params` and whatever
    else holds one tensor; `string_to_param`, of the first trainer; `bundle_emb.NAME....`, in a LoRA.
    """
    if path is None:
        return None
    file = open_weights(path)
    names = _names(file, width, key)
    if not names:
        return None
    tensor = torch.cat([tensor.reshape(-1, width).clone() for _, tensor in file.read(names)])
    if not tensor.isfinite().all():
        raise CheckpointError(path, "this textual inversion holds values that are no numbers", "Use another one.")
    return tensor


def _names(file: WeightFile, width: int, key: str) -> list[str]:
    fitting = [name for name, shape in file.shapes.items() if shape and shape[-1] == width and len(shape) <= 2]
    if key in fitting:
        return [key]
    bundled = [n for n in fitting if n.startswith("bundle_emb.")]
    for end in (".string_to_param.*", f".{key}"):
        found = [name for name in bundled if name.endswith(end)]
        if found:
            return found
    others = [name for name in fitting if name not in KNOWN_KEYS and name not in bundled]
    preferred = [name for name in others if name == "emb_params"] or others
    return (preferred or [n for n in fitting if n not in bundled])[:1]
