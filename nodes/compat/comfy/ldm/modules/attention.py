# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.ldm.modules.attention`: attention as a function."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

__all__ = [
    "attention_basic",
    "attention_pytorch",
    "attention_split",
    "attention_sub_quad",
    "attention_xformers",
    "default",
    "exists",
    "get_attention_function",
    "optimized_attention",
    "optimized_attention_for_device",
    "optimized_attention_masked",
    "register_attention_function",
    "wrap_attn",
]

REGISTERED_ATTENTION_FUNCTIONS: dict[str, Callable[..., Tensor]] = {}


def wrap_attn(func: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """A function of attention, for which a call may name another one in `transformer_options`."""

    @wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Tensor:
        other = (kwargs.get("transformer_options") or {}).get("optimized_attention_override")
        return func(*args, **kwargs) if other is None else other(func, *args, **kwargs)

    return wrapped


@wrap_attn
def attention_pytorch(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: int,
    mask: Tensor | None = None,
    attn_precision: Any = None,
    skip_reshape: bool = False,
    skip_output_reshape: bool = False,
    **_: Any,
) -> Tensor:
    """softmax(q kᵀ / √d) v. q, k, v: (b, n, heads * d), or with skip_reshape (b, heads, n, d).

    mask: what is added to the logits, or where to look, of 2 to 4 axes.
    """
    if not skip_reshape:
        q, k, v = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in (q, k, v))
    if mask is not None:
        mask = mask[None] if mask.dim() == 2 else mask
        mask = mask[:, None] if mask.dim() == 3 else mask
        mask = mask if mask.dtype == torch.bool else mask.to(q.dtype)
    out = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return out if skip_output_reshape else out.transpose(1, 2).flatten(2)


attention_basic = attention_sub_quad = attention_split = attention_xformers = attention_pytorch
optimized_attention = optimized_attention_masked = attention_pytorch


def optimized_attention_for_device(device: Any, mask: bool = False, small_input: bool = False) -> Any:
    return attention_pytorch


def register_attention_function(name: str, func: Callable[..., Tensor]) -> None:
    """For packs that look it up; the engine's networks attend in their own way."""
    REGISTERED_ATTENTION_FUNCTIONS.setdefault(name, func)


def get_attention_function(name: str, default: Any = ...) -> Any:
    """A function of attention by name. KeyError where there is none, and no default."""
    if name == "optimized":
        return optimized_attention
    if name in REGISTERED_ATTENTION_FUNCTIONS or default is ...:
        return REGISTERED_ATTENTION_FUNCTIONS[name]
    return default


def exists(val: Any) -> bool:
    return val is not None


def default(val: Any, d: Any) -> Any:
    return val if val is not None else d


register_attention_function("pytorch", attention_pytorch)
