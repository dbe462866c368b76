"""Averaged weights (EMA) in checkpoints of latent diffusion's training: there under names without dots.

Most checkpoints have the plain weights, with or without these, and those are used. A few were cut down to the averages
alone: then the averages go under the plain names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

PLAIN, AVERAGED = "model.diffusion_model.", "model_ema.diffusion_model"

_PLACE = re.compile(
    r"(?:(?P<blocks>input_blocks|output_blocks)(?P<block>\d{1,2})(?P<part>\d)"
    r"|(?P<middle>middle_block)(?P<layer>\d)"
    r"|(?P<embedding>label_emb)(?P<zero>0)(?P<third>[02])"
    r"|(?P<rest>time_embed|out)(?P<fourth>[02]))"
)
_INSIDE = re.compile(
    r"(?:(?P<layers>in_layers|out_layers|emb_layers)(?P<number>\d)"
    r"|(?P<plain>skip_connection|proj_in|proj_out|norm|conv|op)"
    r"|(?P<transformer>transformer_blocks)(?P<depth>\d{1,2})"
    r"(?:(?P<norm>norm\d)|(?P<attention>attn\d)(?P<projection>to_[qkv])|(?P<attention2>attn\d)(?P<out>to_out)(?P<zero>0)"
    r"|(?P<ff>ff)(?P<net>net)(?:(?P<first>0)(?P<proj>proj)|(?P<last>2))))?"
)


def averaged_names(names: Iterable[str]) -> dict[str, str]:
    """Averages' names -> the plain names that they stand for; empty where plain weights are there too."""
    names = list(names)
    if any(name.startswith(PLAIN) for name in names):
        return {}
    found = ((name, _dotted(name[len(AVERAGED) :])) for name in names if name.startswith(AVERAGED))
    return {name: PLAIN + dotted for name, dotted in found if dotted is not None}


def _dotted(name: str) -> str | None:
    """`input_blocks110in_layers2weight` -> `input_blocks.11.0.in_layers.2.weight`; None for what no UNet has."""
    kind = next((kind for kind in ("weight", "bias") if name.endswith(kind)), None)
    place = _PLACE.match(name)
    if kind is None or place is None:
        return None
    inside = _INSIDE.fullmatch(name[place.end() : len(name) - len(kind)])
    if inside is None:
        return None
    return ".".join([part for match in (place, inside) for part in match.groups() if part is not None] + [kind])
