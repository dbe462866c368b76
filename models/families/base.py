"""What a family of models says about itself. One short file each; adding one touches nothing else.

A family owns facts, no code that runs models: how its denoiser is told by its tensors, how a latent is scaled, what
the network predicts, what it is given, and which text encoders it reads prompts with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..files import Shape
from ..inputs import Asked
from ..latents import LatentFormat
from ..load import Component
from ..networks.layout import Network
from ..prediction import Prediction
from ..text.recipe import TextRecipe

Shapes = Mapping[str, Shape]


@dataclass(frozen=True)
class Family:
    """A kind of model file, told by its tensors."""

    name: str
    """Short, for messages and file formats: "sd1"."""
    title: str
    """For people: "Stable Diffusion 1"."""
    matches: Callable[[Shapes], bool]
    """Whether a denoiser with these tensors, named as in published single files and without what stands before those
    names, is of this family; asked in the order of `families.FAMILIES`."""
    read: Callable[[Shapes], Network]
    """The denoiser's sizes. UnknownLayout where they are odd."""
    latent: LatentFormat
    prediction: Callable[[Component], Prediction]
    """What the network predicts; may read a tensor where shapes do not tell."""
    inputs: Callable[[Asked], dict[str, Any]]
    """What the network is given for an entry of a CONDITIONING; see inputs.py."""
    text: TextRecipe
    gpu_precision: str = "fp16"
    """In which precision it usually runs on a GPU."""
    refined_latent: Callable[[Component], LatentFormat] | None = None
    """The latent format, where it depends on the file."""
    kinds: Callable[[Network], str] = lambda network: ""
    """What kind of the family it is, for people: "inpainting", or nothing."""
