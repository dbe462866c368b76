"""What a family of models says about itself. One short file each; adding one touches nothing else.

A family owns facts, no code that runs models: where its networks are in a file, how a latent is scaled, what the
network predicts, how a prompt becomes token ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..files import Shape, WeightFile
from ..latents import LatentFormat
from ..networks.layout import Network
from ..prediction import Prediction
from ..text.tokens import TokenRules

Shapes = Mapping[str, Shape]


@dataclass(frozen=True)
class Part:
    """One of a family's networks in a file: where its names begin, and how its sizes are read off them."""

    prefixes: tuple[str, ...]
    """The first of these that any tensor starts with counts."""
    read: Callable[[Shapes], Network]


@dataclass(frozen=True)
class Family:
    """A kind of model file, told by its tensors."""

    name: str
    """Short, for messages and file formats: "sd1"."""
    title: str
    """For people: "Stable Diffusion 1"."""
    matches: Callable[[Shapes], bool]
    """Whether a file with these tensors is of this family; asked in the order of `families.FAMILIES`."""
    model: Part
    text: Part
    vae: Part
    latent: LatentFormat
    tokens: TokenRules
    prediction: Callable[[WeightFile], Prediction]
    """What the network predicts; may read a tensor where shapes do not tell."""
    text_layer: Callable[[int], int] = lambda layers: -1
    """Which hidden state (-1 is the last) the model was trained on, of a text encoder with so many layers."""
