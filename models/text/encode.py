"""Tokens through a text encoder: chunks in one batch, weights, textual inversions."""

from __future__ import annotations

import re
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
    ids, added = _number([_fitting(row, table.shape[1], rules.tokens.pad) for row in rows], vocabulary=table.shape[0])
    ends = (ids == rules.tokens.end).int().argmax(1)
    to = table.device
    found = encoder(ids.to(to), ends.to(to), layer, rules.normalised, None if added is None else added.to(to))
    states = found.hidden.float().cpu()
    if weighted:
        states = _weigh(states[:-1], states[-1], chunks)
    pooled, projected = (None if v is None else v[:1].float().cpu() for v in (found.pooled, found.projected))
    return Encoded(states.reshape(1, -1, states.shape[-1]), pooled, projected)


def _fitting(row: list[Token], width: int, pad: int) -> list[Token]:
    """The tokens without rows of textual inversions of another width, filled up at the end.

    Weights stay where they were, as in ComfyUI: those of the tokens behind such rows count for what moves up.
    """
    kept = [token for token in row if not isinstance(token.id, Tensor) or token.id.shape[-1] == width]
    return kept + [Token(pad)] * (len(row) - len(kept))


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
    """A textual inversion (n, width) from a file, or (n, another width) where it is for another encoder alone.

    None where there is no file, or nothing in it.

    Layouts: `clip_l`, `clip_g` and `t5xxl`, one for each encoder, of which `key` is taken; `emb_params` and whatever
    else holds one tensor; `string_to_param`, of the first trainer; a list of dictionaries, of which all tensors count;
    `bundle_emb.NAME....`, in a LoRA.
    """
    if path is None:
        return None
    file = open_weights(path)
    names = _names(file, width, key) or _strange_names(file, key)
    if not names:
        return None
    width = file.shapes[names[0]][-1]
    tensor = torch.cat([tensor.reshape(-1, width).clone() for _, tensor in file.read(names)])
    if not tensor.isfinite().all():
        raise CheckpointError(path, "this textual inversion holds values that are no numbers", "Use another one.")
    return tensor


def _names(file: WeightFile, width: int, key: str) -> list[str]:
    fitting = [name for name, shape in file.shapes.items() if shape and shape[-1] == width and len(shape) <= 2]
    if key in fitting:
        return [key]
    if fitting and all(re.match(r"\d+\.", name) for name in file.shapes):  # a list of dictionaries
        return fitting
    bundled = [n for n in fitting if n.startswith("bundle_emb.")]
    for end in (".string_to_param.*", f".{key}"):
        found = [name for name in bundled if name.endswith(end)]
        if found:
            return found
    others = [name for name in fitting if name not in KNOWN_KEYS and name not in bundled]
    preferred = [name for name in others if name == "emb_params"] or others
    return (preferred or [n for n in fitting if n not in bundled])[:1]


def _strange_names(file: WeightFile, key: str) -> list[str]:
    """What stands for the encoder in a file that has nothing of its width."""
    names = [name for name, shape in file.shapes.items() if len(shape) in (1, 2)]
    return [key] if key in names else names[:1]
