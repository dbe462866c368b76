"""ControlNets for Flux.1: short Flux transformers whose blocks' results are added to the model's.

InstantX's, Shakker's and Alimama's take a latent as hint, and some ("union") are told its kind; XLabs' and MistoLine's
take a picture and bring it to the latent's size with convolutions of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from .flux import PATCH, Flux, FluxModule, rotations, tokens_of
from .hooks import NO_HOOKS, NO_PASS, Pass, Place, Residuals, Where
from .layout import Shapes, UnknownLayout, count, understood
from .named import WithOwnNames

Make = Literal["instantx", "xlabs", "mistoline"]

DOUBLE, SINGLE = 19, 38
"""Blocks of Flux.1, over which fewer results are spread."""

HINT_WIDTH = 16


@dataclass(frozen=True)
class FluxControl(WithOwnNames):
    """Sizes, read off shapes."""

    flux: Flux
    make: Make
    hint_channels: int
    """Those of a latent, and for inpainting one more for the mask; after the convolutions, where it has such."""
    kinds: int = 0
    """How many kinds of hints a union knows."""

    def ignores(self, name: str) -> bool:
        """Trainers leave more in these files than the network has; what it lacks is missed all the same."""
        return True

    def build(self) -> nn.Module:
        return FluxControlModule(self).eval()

    def channels_last(self, device: torch.device) -> bool:
        return False


class FluxControlModule(FluxModule):
    """(b, in, h, w) at a time from 0 to 1 -> what is added to the picture's tokens after the model's blocks."""

    def __init__(self, sizes: FluxControl) -> None:
        super().__init__(sizes.flux)
        flux = sizes.flux
        del self.final_layer
        self.control = sizes
        leave = _Activated if sizes.make == "mistoline" else nn.Linear
        self.controlnet_blocks = nn.ModuleList(leave(flux.width, flux.width) for _ in range(flux.double))
        self.controlnet_single_blocks = nn.ModuleList(leave(flux.width, flux.width) for _ in range(flux.single))
        if sizes.kinds:
            self.controlnet_mode_embedder = nn.Embedding(sizes.kinds, flux.width)
        self.pos_embed_input = nn.Linear(sizes.hint_channels * PATCH**2, flux.width)
        if sizes.make == "xlabs":
            self.input_hint_block = _hint_block((3, 1), (3, 1), (3, 2), (3, 1), (3, 2), (3, 1), (3, 2), (3, 1))
        elif sizes.make == "mistoline":
            self.input_cond_block = nn.Module()
            self.input_cond_block.encoder = _hint_block(
                *((3, 1), (1, 1), (3, 1), (3, 2), (3, 1), (3, 2), (3, 1), (3, 2), (1, 1), (3, 1))
            )

    def encode(self, hint: Tensor, kinds: tuple[int, ...] = ()) -> Tensor:
        """The hint, a latent (b, c, h, w) or a picture (b, 3, 8h, 8w) in [0, 1], as tokens (b, n, width)."""
        if self.control.make == "xlabs":
            hint = self.input_hint_block(hint * 2 - 1)
        elif self.control.make == "mistoline":
            hint = self.input_cond_block.encoder(hint * 2 - 1)
        return self.pos_embed_input(tokens_of(hint)[0])

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
        """x (b, in, h, w), timestep (b,), context (b, tokens, width), hint as `encode` gave it, y (b, vector)."""
        sizes = self.sizes
        img, places = tokens_of(x)
        size = tuple(-(-side // PATCH) for side in x.shape[-2:])
        img = self.img_in(img) + hint
        vec = self.vector(timestep, y, guidance, img)
        txt = self.txt_in(context)
        if self.control.kinds and kinds:
            told = self.controlnet_mode_embedder(torch.tensor(kinds, device=txt.device)).to(txt.dtype)
            txt = torch.cat([told.expand(len(txt), -1, -1), txt], 1)
        length = txt.shape[1]
        rope = rotations(torch.cat([places.new_zeros(length, 3), places]), sizes.axes).to(img.device)
        double, single = [], []
        for number, block in enumerate(self.double_blocks):
            run.check()
            where = Where(run, Place("double", number), sizes.heads, sizes.head, size)
            img, txt = block(img, txt, vec, rope, where, NO_HOOKS)
            double.append(self.controlnet_blocks[number](img))
        joint = torch.cat([txt, img], 1)
        for number, block in enumerate(self.single_blocks):
            run.check()
            where = Where(run, Place("single", number), sizes.heads, sizes.head, size)
            joint = block(joint, vec, rope, where, NO_HOOKS)
            single.append(self.controlnet_single_blocks[number](joint[:, length:]))
        return Residuals(input=self._spread(double, DOUBLE), output=self._spread(single, SINGLE))

    def _spread(self, results: list[Tensor], over: int) -> tuple[Tensor, ...]:
        """As many as the model has blocks: each several times in its place or, where the hint is a picture, all over
        and over again."""
        if not results:
            return ()
        times = math.ceil(over / len(results))
        if self.control.make == "instantx":
            return tuple(result for result in results for _ in range(times))[:over]
        return tuple(results * times)[:over]


class _Activated(nn.Module):
    def __init__(self, enters: int, leaves: int) -> None:
        super().__init__()
        self.linear = nn.Linear(enters, leaves)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.silu(self.linear(x))


def _hint_block(*kernels: tuple[int, int]) -> nn.Sequential:
    """Convolutions of these sizes and strides with SiLU between."""
    parts: list[nn.Module] = []
    for number, (kernel, stride) in enumerate(kernels):
        enters = HINT_WIDTH if number else 3
        parts += [nn.Conv2d(enters, HINT_WIDTH, kernel, stride=stride, padding=kernel // 2), nn.SiLU()]
    return nn.Sequential(*parts[:-1])


@understood
def read_flux_control(shapes: Shapes) -> FluxControl:
    """The sizes of the ControlNet whose tensors these are, under native names. UnknownLayout for another make."""
    try:
        width, enters = shapes["img_in.weight"]
        (head,) = shapes["double_blocks.0.img_attn.norm.query_norm.scale"]
        flux = Flux(
            width=width,
            heads=width // head,
            double=count(shapes, "double_blocks."),
            single=count(shapes, "single_blocks."),
            in_channels=enters // PATCH**2,
            out_channels=enters // PATCH**2,
            context=shapes["txt_in.weight"][1],
            vector=shapes["vector_in.in_layer.weight"][1],
            guided="guidance_in.in_layer.weight" in shapes,
            mlp=shapes["double_blocks.0.img_mlp.0.weight"][0],
        )
        hint = shapes["pos_embed_input.weight"][1] // PATCH**2
        kinds = shapes.get("controlnet_mode_embedder.weight", (0,))[0]
    except KeyError as error:
        raise UnknownLayout(f"its transformer lacks {error.args[0]}") from None
    make: Make = "instantx"
    if "input_hint_block.0.weight" in shapes:
        make = "xlabs"
    elif "input_cond_block.encoder.0.weight" in shapes:
        make = "mistoline"
    return FluxControl(flux, make, hint, kinds)
