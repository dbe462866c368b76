"""Image encoders: CLIP's (Radford et al. 2021; ViT-L, -H and -G) and SigLIP's (Zhai et al. 2023).

CLIP's come in transformers' layout and in OpenCLIP's. Values flow in float32 whatever the weights are kept in. All
norms add 1e-5 to the variance, as ComfyUI's do; SigLIP was trained with 1e-6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .clip_layers import ClipLayers, Linear, Norm, layer_picks
from .layout import Pick, Shapes, UnknownLayout, count, transposed, understood

_CLIP_MEAN, _CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
_HALF = (0.5, 0.5, 0.5)
_TEXT_HALF = ("text_model.", "text_projection", "logit_", "vision_model.head.", "multi_modal_projector.")
_OPEN_TEXT_HALF = ("transformer.", "token_embedding.", "positional_embedding", "ln_final.")


class ImageStates(NamedTuple):
    """What an image encoder makes of pictures."""

    hidden: tuple[Tensor, ...]
    """(b, n, width) each: after every layer."""
    last: Tensor
    """(b, n, width): the last of them, which SigLIP normalises."""
    embeds: Tensor
    """CLIP: (b, projection), the class token's; SigLIP: `last`, as it has no projection."""


class _Patches(nn.Module):
    def __init__(self, network: ClipVision) -> None:
        super().__init__()
        width, patch = network.width, network.patch
        self.patch_embedding = nn.Conv2d(3, width, patch, patch, bias=network.siglip)
        self.position_embedding = nn.Embedding(network.positions, width)
        self.class_embedding = None if network.siglip else nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.patch_embedding.weight, self.patch_embedding.bias
        bias = None if bias is None else bias.to(x.dtype)
        tokens = functional.conv2d(x, weight.to(x.dtype), bias, self.patch_embedding.stride).flatten(2).transpose(1, 2)
        if self.class_embedding is not None:
            first = self.class_embedding.to(x.dtype).expand(len(x), 1, -1)
            tokens = torch.cat([first, tokens], 1)
        return tokens + self.position_embedding.weight.to(x.dtype)


class ClipVisionEncoder(nn.Module):
    """Pictures to hidden states. Parameters have transformers' names."""

    def __init__(self, network: ClipVision) -> None:
        super().__init__()
        width = network.width
        parts: dict[str, nn.Module] = {
            "embeddings": _Patches(network),
            "encoder": ClipLayers(
                network.layers, width, network.inner, network.heads, network.activation, causal=False
            ),
            "post_layernorm": Norm(width),
        }
        if not network.siglip:
            parts["pre_layrnorm"] = Norm(width)  # the published names spell it so
        self.vision_model = nn.ModuleDict(parts)
        self.visual_projection = Linear(width, network.projection, bias=False) if network.projection else None
        self.siglip = network.siglip

    @torch.no_grad()
    def forward(self, x: Tensor) -> ImageStates:
        """x: (b, 3, size, size), float32, brought to the mean and spread that the encoder was trained with."""
        parts = self.vision_model
        x = parts["embeddings"](x)
        if not self.siglip:
            x = parts["pre_layrnorm"](x)
        states = tuple(parts["encoder"](x)[1:])
        if self.siglip:
            last = parts["post_layernorm"](states[-1])
            return ImageStates(states, last, last)
        pooled = parts["post_layernorm"](states[-1][:, 0])
        embeds = pooled if self.visual_projection is None else self.visual_projection(pooled)
        return ImageStates(states, states[-1], embeds)


@dataclass(frozen=True)
class ClipVision:
    """Sizes of an image encoder, and which layout its file has."""

    width: int
    layers: int
    inner: int
    heads: int
    patch: int
    """Pixels along an edge of a patch."""
    positions: int
    """Patches, and CLIP's class token."""
    activation: str
    siglip: bool = False
    open_clip: bool = False
    projection: int | None = None

    @property
    def size(self) -> int:
        """Pixels along an edge of the square pictures that it takes."""
        edge = round((self.positions - (not self.siglip)) ** 0.5)
        # So400m's patches of 14 pixels do not fill its 384: the last 6 go unseen.
        return 384 if self.siglip and (edge, self.patch) == (27, 14) else edge * self.patch

    @property
    def mean(self) -> tuple[float, ...]:
        return _HALF if self.siglip else _CLIP_MEAN

    @property
    def std(self) -> tuple[float, ...]:
        return _HALF if self.siglip else _CLIP_STD

    def build(self) -> nn.Module:
        return ClipVisionEncoder(self).eval()

    def picks(self) -> dict[str, Pick]:
        return dict(self._open_names() if self.open_clip else self._names())

    def channels_last(self, device: torch.device) -> bool:
        return False

    def ignores(self, name: str) -> bool:
        if name.endswith("position_ids") or name.startswith(_TEXT_HALF):
            return True
        return self.open_clip and name.startswith(_OPEN_TEXT_HALF)

    def _names(self) -> Iterator[tuple[str, Pick]]:
        names = [f"embeddings.{part}" for part in ("patch_embedding.weight", "position_embedding.weight")]
        names += ["embeddings.patch_embedding.bias" if self.siglip else "embeddings.class_embedding"]
        norms = ["post_layernorm"] if self.siglip else ["post_layernorm", "pre_layrnorm"]
        names += [f"{norm}.{kind}" for norm in norms for kind in ("weight", "bias")]
        yield from ((f"vision_model.{name}", Pick(f"vision_model.{name}")) for name in names)
        layers = "vision_model.encoder.layers."
        yield from layer_picks(layers, layers, self.layers, open_clip=False)
        if self.projection:
            yield "visual_projection.weight", Pick("visual_projection.weight")

    def _open_names(self) -> Iterator[tuple[str, Pick]]:
        ours = "vision_model.embeddings."
        yield f"{ours}class_embedding", Pick("class_embedding")
        yield f"{ours}patch_embedding.weight", Pick("conv1.weight")
        yield f"{ours}position_embedding.weight", Pick("positional_embedding")
        for norm, theirs in (("pre_layrnorm", "ln_pre"), ("post_layernorm", "ln_post")):
            for kind in ("weight", "bias"):
                yield f"vision_model.{norm}.{kind}", Pick(f"{theirs}.{kind}")
        yield from layer_picks("vision_model.encoder.layers.", "transformer.resblocks.", self.layers, open_clip=True)
        if self.projection:
            yield "visual_projection.weight", Pick("proj", transposed)


@understood
def read_clip_vision(shapes: Shapes) -> ClipVision:
    """The sizes of the image encoder whose tensors these are. UnknownLayout where it is neither CLIP's nor SigLIP's.

    Wide encoders (1,024 channels and more) have 16 heads, whatever their width; small ones have heads of 64.
    """
    open_clip = "conv1.weight" in shapes
    start = "" if open_clip else "vision_model."
    patches = "conv1.weight" if open_clip else "vision_model.embeddings.patch_embedding.weight"
    positions = "positional_embedding" if open_clip else "vision_model.embeddings.position_embedding.weight"
    layers = f"{start}transformer.resblocks." if open_clip else f"{start}encoder.layers."
    inner = f"{layers}0.mlp.{'c_fc' if open_clip else 'fc1'}.weight"
    lacks = [name for name in (patches, positions, inner) if name not in shapes]
    if lacks:
        raise UnknownLayout(f"it is no image encoder of CLIP's or SigLIP's kind: it lacks {', '.join(lacks)}")
    width, _, patch, _ = shapes[patches]
    siglip = not open_clip and "vision_model.embeddings.class_embedding" not in shapes
    projection = shapes["proj"][1] if "proj" in shapes else shapes.get("visual_projection.weight", (None,))[0]
    large = width > 1024  # H and G were trained by OpenCLIP, with the plain GELU
    return ClipVision(
        width=width,
        layers=count(shapes, layers),
        inner=shapes[inner][0],
        heads=16 if width >= 1024 else max(1, width // 64),
        patch=patch,
        positions=shapes[positions][0],
        activation="gelu_tanh" if siglip else "gelu" if large else "quick_gelu",
        siglip=siglip,
        open_clip=open_clip,
        projection=projection,
    )
