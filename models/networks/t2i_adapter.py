"""T2I-Adapter (Mou et al., 2023): a small network that looks at the hint alone, once, and adds to the UNet's way down.

Full (conv_in, body of res-blocks; twice as coarse for SDXL) and light (narrow blocks with in_conv and out_conv), named
as Tencent ARC published them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .hooks import NO_PASS, Pass, Residuals
from .layout import Shapes, UnknownLayout, count, understood
from .named import WithOwnNames

RESNETS = 2
"""Res-blocks a level in a full adapter."""

PLACES, XL_PLACES = (2, 5, 8, 11), (3, 5, 8)
"""After which input blocks of the UNet the levels' features are added; SDXL's last one goes to the middle."""


@dataclass(frozen=True)
class T2iAdapter(WithOwnNames):
    """Sizes, read off shapes."""

    channels: int
    """Of the hint: 3, or 1 for a sketch in grey."""
    widths: tuple[int, ...]
    """Channels of each level's features."""
    unshuffle: int
    """Pixels along an edge that become channels of one place: 8; 16 for SDXL."""
    kernel: int = 1
    """Of a full adapter's last convolution in a res-block."""
    convolves: bool = False
    """Whether it halves with a convolution rather than by averages."""
    light: int = 0
    """Res-blocks a level in a light adapter; 0 for a full one."""

    @property
    def xl(self) -> bool:
        return self.unshuffle == 16

    def halves(self, level: int) -> bool:
        return level == 2 if self.xl else level > 0

    def build(self) -> nn.Module:
        return (LightModule(self) if self.light else FullModule(self)).eval()

    def channels_last(self, device: torch.device) -> bool:
        return False


class _Adapter(nn.Module, ABC):
    """What full and light adapters have in common."""

    def __init__(self, sizes: T2iAdapter) -> None:
        super().__init__()
        self.sizes = sizes

    @abstractmethod
    def levels(self, x: Tensor) -> tuple[Tensor, ...]:
        """The folded hint (b, c, h, w) as each level's features."""

    def encode(self, hint: Tensor, kinds: tuple[int, ...] = ()) -> tuple[Tensor, ...]:
        """The hint (b, c, h, w) as each level's features, (b, width, ..., ...)."""
        return self.levels(functional.pixel_unshuffle(hint, self.sizes.unshuffle))

    def forward(
        self,
        x: Tensor,
        timestep: Tensor,
        context: Tensor | None,
        hint: tuple[Tensor, ...],
        y: Tensor | None = None,
        guidance: Tensor | None = None,
        kinds: tuple[int, ...] = (),
        run: Pass = NO_PASS,
    ) -> Residuals:
        """The features where they belong; nothing but the hint is looked at."""
        places = XL_PLACES if self.sizes.xl else PLACES
        added: list[Tensor | None] = [None] * (places[-1] + 1)
        for place, features in zip(places, hint, strict=False):
            added[place] = features
        return Residuals(input=tuple(added), middle=hint[-1] if self.sizes.xl else None)


class FullModule(_Adapter):
    def __init__(self, sizes: T2iAdapter) -> None:
        super().__init__(sizes)
        self.conv_in = nn.Conv2d(sizes.channels * sizes.unshuffle**2, sizes.widths[0], 3, padding=1)
        blocks = []
        for level, width in enumerate(sizes.widths):
            enters = sizes.widths[max(0, level - 1)]
            blocks.append(_Resnet(enters, width, sizes, sizes.halves(level)))
            blocks += [_Resnet(width, width, sizes, False) for _ in range(RESNETS - 1)]
        self.body = nn.ModuleList(blocks)

    def levels(self, x: Tensor) -> tuple[Tensor, ...]:
        x, found = self.conv_in(x), []
        for number, block in enumerate(self.body):
            x = block(x)
            if number % RESNETS == RESNETS - 1:
                found.append(x)
        return tuple(found)


class _Resnet(nn.Module):
    def __init__(self, enters: int, leaves: int, sizes: T2iAdapter, halves: bool) -> None:
        super().__init__()
        padding = sizes.kernel // 2
        self.halves = halves
        if halves and sizes.convolves:
            self.down_opt = nn.Module()
            self.down_opt.op = nn.Conv2d(enters, enters, 3, stride=2, padding=1)
        self.in_conv = nn.Identity() if enters == leaves else nn.Conv2d(enters, leaves, sizes.kernel, padding=padding)
        self.block1 = nn.Conv2d(leaves, leaves, 3, padding=1)
        self.block2 = nn.Conv2d(leaves, leaves, sizes.kernel, padding=padding)

    def forward(self, x: Tensor) -> Tensor:
        if self.halves:
            x = self.down_opt.op(x) if hasattr(self, "down_opt") else _halved(x)
        x = self.in_conv(x)
        return x + self.block2(functional.relu(self.block1(x)))


class LightModule(_Adapter):
    def __init__(self, sizes: T2iAdapter) -> None:
        super().__init__(sizes)
        enters = (sizes.channels * sizes.unshuffle**2, *sizes.widths)
        self.body = nn.ModuleList(_LightBlock(a, b, sizes.light) for a, b in zip(enters, sizes.widths, strict=False))

    def levels(self, x: Tensor) -> tuple[Tensor, ...]:
        found = []
        for level, block in enumerate(self.body):
            x = block(_halved(x) if self.sizes.halves(level) else x)
            found.append(x)
        return tuple(found)


class _LightBlock(nn.Module):
    def __init__(self, enters: int, leaves: int, resnets: int) -> None:
        super().__init__()
        inner = leaves // 4
        self.in_conv = nn.Conv2d(enters, inner, 1)
        self.body = nn.Sequential(*(_LightResnet(inner) for _ in range(resnets)))
        self.out_conv = nn.Conv2d(inner, leaves, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out_conv(self.body(self.in_conv(x)))


class _LightResnet(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.block1, self.block2 = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block2(functional.relu(self.block1(x)))


def _halved(x: Tensor) -> Tensor:
    """Averages of 2 x 2; of an odd size, zeros stand beside both edges."""
    return functional.avg_pool2d(x, 2, 2, padding=(x.shape[2] % 2, x.shape[3] % 2))


@understood
def read_t2i_adapter(shapes: Shapes) -> T2iAdapter:
    """The sizes of the adapter whose tensors these are. UnknownLayout where it is of another make."""
    try:
        if "conv_in.weight" not in shapes:
            widths = tuple(shapes[f"body.{level}.out_conv.weight"][0] for level in range(count(shapes, "body.")))
            return T2iAdapter(shapes["body.0.in_conv.weight"][1] // 64, widths, 8, light=count(shapes, "body.0.body."))
        enters = shapes["conv_in.weight"][1]
        unshuffle = 16 if enters in (256, 768) else 8
        numbers = range(0, count(shapes, "body."), RESNETS)
        return T2iAdapter(
            channels=enters // unshuffle**2,
            widths=tuple(shapes[f"body.{number}.block1.weight"][0] for number in numbers),
            unshuffle=unshuffle,
            kernel=shapes["body.0.block2.weight"][2],
            convolves=any(name.endswith("down_opt.op.weight") for name in shapes),
        )
    except KeyError as error:
        raise UnknownLayout(f"the adapter lacks {error.args[0]}") from None
