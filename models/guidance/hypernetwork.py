"""Hypernetworks (NovelAI, 2022): small networks that change what keys and values are made of, by their width.

k = to_k(c + m * H_k(c)), v = to_v(c + m * H_v(c)), for self- and cross-attention; m is the strength.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .. import pickles
from ..errors import CheckpointError
from ..networks.hooks import Where

if TYPE_CHECKING:
    from ..model import Model

ACTIVATIONS: Mapping[str, type[nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "leakyrelu": nn.LeakyReLU,
    "elu": nn.ELU,
    "swish": nn.Hardswish,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softsign": nn.Softsign,
    "mish": nn.Mish,
}


@dataclass(frozen=True, eq=False)
class Hypernetwork:
    """By the width that it changes: a network for keys and one for values."""

    by_width: Mapping[int, tuple[nn.Module, nn.Module]] = field(repr=False)

    def hook(self, strength: float):  # type: ignore[no-untyped-def]  # an AttentionIn
        def change(q: Tensor, k: Tensor, v: Tensor, where: Where) -> tuple[Tensor, Tensor, Tensor]:
            pair = self.by_width.get(k.shape[-1])
            if pair is None:
                return q, k, v
            to_k, to_v = (network.to(k.device, k.dtype) for network in pair)
            return q, k + to_k(k) * strength, v + to_v(v) * strength

        return change


def with_hypernetwork(model: Model, hypernetwork: Hypernetwork, strength: float) -> Model:
    hook = hypernetwork.hook(strength)
    return model.with_hooks(attn1_in=hook, attn2_in=hook)


def read_hypernetwork(path: Path) -> Hypernetwork:
    """From a .pt file of whole numbers (widths) to two sets of linear layers. CheckpointError where it is none."""
    content = pickles.content(path)
    activation = content.get("activation_func") or "linear"
    if activation not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise CheckpointError(path, f"its layers end in {activation}, and those known here are {known}")
    by_width: dict[int, tuple[nn.Module, nn.Module]] = {}
    for width, pair in content.items():
        if str(width).isdigit() and isinstance(pair, (tuple, list)) and len(pair) == 2:
            keys, values = (_network(path, tensors, activation, content) for tensors in pair)
            by_width[int(width)] = keys, values
    if not by_width:
        raise CheckpointError(path, "no hypernetwork is in it: no layers for any width of attention")
    return Hypernetwork(by_width)


def _network(path: Path, tensors: Mapping[str, Tensor], activation: str, content: Mapping[Any, Any]) -> nn.Module:
    names = [name.removesuffix(".weight") for name in tensors if name.endswith(".weight")]
    normed = bool(content.get("is_layer_norm", False))
    layers: list[nn.Module] = []
    for number, name in enumerate(names):
        weight, bias = tensors[f"{name}.weight"], tensors.get(f"{name}.bias")
        if weight.dim() != (1 if normed and number % 2 else 2) or bias is None or len(bias) != len(weight):
            raise CheckpointError(path, f"{name} is no layer of a hypernetwork", "Fetch the file again.")
        if weight.dim() == 1:
            layers.append(_filled(nn.LayerNorm(len(weight)), weight, bias))
            continue
        layers.append(_filled(nn.Linear(weight.shape[1], weight.shape[0]), weight, bias))
        last = number == len(names) - 1  # where layers are normalised, the last linear one is not the last of all
        if activation != "linear" and (not last or content.get("activate_output", False)):
            layers.append(ACTIVATIONS[activation]())
    return nn.Sequential(*layers).requires_grad_(False).eval()


def _filled(layer: nn.Module, weight: Tensor, bias: Tensor) -> nn.Module:
    with torch.no_grad():
        layer.load_state_dict({"weight": weight.float(), "bias": bias.float()})
    return layer
