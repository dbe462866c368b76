"""ControlNets for Stable Diffusion 3 and 3.5, whose hints are latents.

`MmditControl`: a short MMDiT (InstantX, Alimama), named as the model's single file would name it. `DitControl`: blocks
of one stream, without text (Stability AI's for 3.5 Large), which share a part with the model they belong to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .attention import attend, sinusoids
from .hooks import NO_HOOKS, NO_PASS, Pass, Place, Residuals, Where
from .layout import Shapes, UnknownLayout, count, understood
from .mmdit import (
    FREQUENCIES,
    HEAD,
    JointBlock,
    Mmdit,
    MmditModule,
    PatchEmbed,
    StreamBlock,
    VectorEmbedder,
    layer_norm,
    moved,
)
from .named import WithOwnNames


@dataclass(frozen=True)
class MmditControl(WithOwnNames):
    """Sizes, read off shapes."""

    mmdit: Mmdit
    hint_channels: int
    """Those of a latent, and for inpainting one more for the mask."""

    def ignores(self, name: str) -> bool:
        """Trainers leave more in these files than the network has; what it lacks is missed all the same."""
        return True

    def build(self) -> nn.Module:
        return MmditControlModule(self).eval()

    def channels_last(self, device: torch.device) -> bool:
        return False


class MmditControlModule(MmditModule):
    """(b, in, h, w) at a time -> what is added to the picture's tokens after each joint block of the model."""

    def __init__(self, sizes: MmditControl) -> None:
        super().__init__(sizes.mmdit)
        mmdit = sizes.mmdit
        del self.final_layer
        self.joint_blocks = nn.ModuleList(
            JointBlock(mmdit, last=False, dual=i < mmdit.dual) for i in range(mmdit.depth)
        )
        self.controlnet_blocks = nn.ModuleList(nn.Linear(mmdit.width, mmdit.width) for _ in range(mmdit.depth))
        self.pos_embed_input = PatchEmbed(sizes.hint_channels, mmdit.width, mmdit.patch)

    def encode(self, hint: Tensor, kinds: tuple[int, ...] = ()) -> Tensor:
        """The hint, a latent (b, c, h, w), as tokens (b, n, width)."""
        return self.pos_embed_input(hint)[0]

    def forward(  # type: ignore[override]
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor,
        hint: Tensor,
        y: Tensor | None = None,
        guidance: Tensor | None = None,
        kinds: tuple[int, ...] = (),
        run: Pass = NO_PASS,
    ) -> Residuals:
        """x (b, in, h, w), timestep (b,) from 0 to 1000, context (b, tokens, width), hint as `encode` gave it.

        Of the pooled text these ControlNets were trained to see zeros.
        """
        img, size = self.tokens(x)
        img = img + hint
        vec = self.vector(timestep, img.new_zeros(len(x), self.sizes.vector), img)
        txt = self.context_embedder(context)
        results = []
        for number, (block, leave) in enumerate(zip(self.joint_blocks, self.controlnet_blocks, strict=True)):
            run.check()
            where = Where(run, Place("double", number), self.sizes.width // HEAD, HEAD, size)
            img, txt = block(img, txt, vec, where, NO_HOOKS)
            # Models of this make have as many blocks as heads; the last one's text goes nowhere, and gets no hint.
            times = self.sizes.width // HEAD // self.sizes.depth
            results += [leave(img)] * (times - (number == self.sizes.depth - 1))
        return Residuals(output=tuple(results))


@dataclass(frozen=True)
class DitControl(WithOwnNames):
    """Sizes, read off shapes."""

    width: int
    blocks: int
    channels: int
    """Of a latent."""
    vector: int
    """Width of the pooled text embeddings."""
    twice: bool
    """Whether the pooled text goes through the model's own embedder first, as in the smaller ones. The larger ones
    take the model's embedder of latents instead."""
    patch: int = 2

    @property
    def borrowed(self) -> tuple[tuple[str, str], ...]:
        """Parameters that are the model's: their names here, and there."""
        if self.twice:
            names = [f"mlp.{layer}.{kind}" for layer in (0, 2) for kind in ("weight", "bias")]
            return tuple((f"orig_y_embedder.{name}", f"y_embedder.{name}") for name in names)
        return tuple((name, name) for name in ("x_embedder.proj.weight", "x_embedder.proj.bias"))

    def build(self) -> nn.Module:
        return DitControlModule(self).eval()

    def channels_last(self, device: torch.device) -> bool:
        return False

    def ignores(self, name: str) -> bool:
        """control_type says what the hint is (see control.detect); what the model lends may lie in the file as well."""
        return True


class DitControlModule(nn.Module):
    """(b, in, h, w) at a time -> what is added to the picture's tokens after each joint block of the model."""

    def __init__(self, sizes: DitControl) -> None:
        super().__init__()
        self.sizes = sizes
        width = sizes.width
        stream = Mmdit(width, sizes.blocks, sizes.channels, 0, sizes.patch, 0, sizes.vector, 0, normalised=False)
        self.x_embedder = PatchEmbed(sizes.channels, width, sizes.patch)
        self.t_embedder = VectorEmbedder(FREQUENCIES, width)
        if sizes.twice:
            self.orig_y_embedder = VectorEmbedder(sizes.vector, width)
        self.y_embedder = VectorEmbedder(width if sizes.twice else sizes.vector, width)
        self.transformer_blocks = nn.ModuleList(StreamBlock(stream, True, False) for _ in range(sizes.blocks))
        self.controlnet_blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(sizes.blocks))
        self.pos_embed_input = PatchEmbed(sizes.channels, width, sizes.patch)

    def encode(self, hint: Tensor, kinds: tuple[int, ...] = ()) -> Tensor:
        """The hint, a latent (b, c, h, w), as tokens (b, n, width)."""
        return self.pos_embed_input(hint)[0]

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor | None,
        hint: Tensor,
        y: Tensor | None = None,
        guidance: Tensor | None = None,
        kinds: tuple[int, ...] = (),
        run: Pass = NO_PASS,
    ) -> Residuals:
        """x (b, in, h, w), timestep (b,) from 0 to 1000, hint as `encode` gave it, y (b, vector)."""
        sizes = self.sizes
        img, size = self.x_embedder(x)
        if not sizes.twice:
            img = img + _places(sizes.width, size).to(img)
        vec = self.t_embedder(sinusoids(timestep, FREQUENCIES).to(img.dtype))
        if y is not None:
            vec = vec + self.y_embedder(self.orig_y_embedder(y) if sizes.twice else y)
        img = img + hint
        results: list[Tensor] = []
        for block, leave in zip(self.transformer_blocks, self.controlnet_blocks, strict=True):
            run.check()
            found = _through(block, img, vec, sizes.width // HEAD)
            results += [leave(found)] * math.ceil(sizes.width / HEAD / sizes.blocks)
            if not sizes.twice:  # the smaller ones' blocks all look at the same tokens
                img = found
        return Residuals(output=tuple(results))


def _through(block: StreamBlock, x: Tensor, vec: Tensor, heads: int) -> Tensor:
    shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = block.modulation(vec)
    x = x + gate * block.attn.proj(attend(*block.attn(moved(layer_norm(x), shift, scale)), heads))
    return x + mlp_gate * block.mlp(moved(layer_norm(x), mlp_shift, mlp_scale))


def _places(width: int, size: tuple[int, int]) -> Tensor:
    """Sines and cosines of columns, then of rows, (h * w, width); the shorter side goes from 0 to 15."""
    rates = 10000.0 ** -(torch.arange(width // 4, dtype=torch.float32) / (width / 4))
    along = [torch.linspace(7.5 - reach, 7.5 + reach, n) for n in size for reach in [n / min(size) * 7.5]]
    rows, columns = (places[:, None] * rates for places in along)
    rows, columns = (torch.cat([angle.sin(), angle.cos()], -1) for angle in (rows, columns))
    shape = (*size, width // 2)
    return torch.cat([columns[None].expand(shape), rows[:, None].expand(shape)], -1).reshape(-1, width)


@understood
def read_mmdit_control(shapes: Shapes) -> MmditControl:
    """The sizes of the ControlNet whose tensors these are, under native names. UnknownLayout for another make."""
    try:
        width, channels, patch, _ = shapes["x_embedder.proj.weight"]
        depth = count(shapes, "joint_blocks.")
        mmdit = Mmdit(
            width=width,
            depth=depth,
            in_channels=channels,
            out_channels=channels,
            patch=patch,
            context=shapes["context_embedder.weight"][1],
            vector=shapes["y_embedder.mlp.0.weight"][1],
            positions=shapes["pos_embed"][1],
            normalised="joint_blocks.0.x_block.attn.ln_q.weight" in shapes,
            dual=sum(f"joint_blocks.{i}.x_block.attn2.qkv.weight" in shapes for i in range(depth)),
            mlp=shapes["joint_blocks.0.x_block.mlp.fc1.weight"][0] // width,
        )
        return MmditControl(mmdit, shapes["pos_embed_input.proj.weight"][1])
    except KeyError as error:
        raise UnknownLayout(f"its transformer lacks {error.args[0]}") from None


@understood
def read_dit_control(shapes: Shapes) -> DitControl:
    """The sizes of the ControlNet whose tensors these are, under native names. UnknownLayout for another make."""
    try:
        width, vector = shapes["y_embedder.mlp.0.weight"]
        channels = shapes["pos_embed_input.proj.weight"][1]
        return (
            DitControl(width, count(shapes, "transformer_blocks."), channels, 2048, twice=True)
            if (vector == width)
            else DitControl(width, count(shapes, "transformer_blocks."), channels, vector, twice=False)
        )
    except KeyError as error:
        raise UnknownLayout(f"its transformer lacks {error.args[0]}") from None
