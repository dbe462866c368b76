"""Noise: of a latent at the start, and what samplers add on the way. Always drawn by CPU generators, so that a seed
means the same picture on every device.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Noise = Callable[[Tensor, Tensor], Tensor]
"""(sigma, sigma_next) -> noise of variance one in the latent's shape, for the way between these two levels."""


def initial(shape: Sequence[int], seed: int, batch_index: Sequence[int] | None = None) -> Tensor:
    """The noise that a run starts from, float32 on the CPU.

    batch_index: for each of the batch, its place in the batch that it was taken from; equal places get equal noise,
    and the noise that they had there.
    """
    generator = torch.Generator().manual_seed(_seed(seed))
    if batch_index is None:
        return torch.randn(tuple(shape), generator=generator)
    drawn = [torch.randn((1, *shape[1:]), generator=generator) for _ in range(max(batch_index) + 1)]
    return torch.cat([drawn[index] for index in batch_index])


def fresh(like: Tensor, seed: int) -> Noise:
    """Independent noise at every call; what ancestral samplers add.

    The seed is the run's own, as in ComfyUI, so the first draw is the very noise that the run began with.
    """
    generator = torch.Generator().manual_seed(_seed(seed))
    return lambda sigma, sigma_next: torch.randn(like.shape, generator=generator).to(like)


def continued(shape: Sequence[int], seed: int) -> Callable[[Tensor], Tensor]:
    """Noise like a given latent of any size, that goes on where `initial` of this shape and seed stopped.

    It is drawn in the order in which the latent lies in memory, as `torch.randn_like` does: bislerp leaves a latent's
    channels side by side, and so ComfyUI's pictures have their noise in that order.
    """
    generator = torch.Generator().manual_seed(_seed(seed))
    torch.randn(tuple(shape), generator=generator)
    return lambda like: torch.empty_like(like, device="cpu", dtype=torch.float32).normal_(generator=generator).to(like)


def brownian(like: Tensor, seed: int, sigmas: Tensor) -> Noise:
    """Noise from one Brownian path over sigma, so that fewer or more steps walk the same path (k-diffusion).

    sigmas: the run's; the path spans from the lowest above 0 to the highest.
    """
    import torchsde

    # It rounds the path's ends and then warns, rightly but to no use, of questions beyond them.
    warnings.filterwarnings("ignore", "Should have t", module="torchsde")
    low, high = sigmas[sigmas > 0].min().cpu(), sigmas.max().cpu()
    start = torch.zeros(like.shape, dtype=like.dtype)
    tree = torchsde.BrownianTree(low, start, high, entropy=_seed(seed))

    def noise(sigma: Tensor, sigma_next: Tensor) -> Tensor:
        a, b = sigma.cpu(), sigma_next.cpu()
        # The path runs upwards in sigma; a step goes down.
        step = tree(torch.minimum(a, b), torch.maximum(a, b)) * (1 if a < b else -1)
        return (step / (b - a).abs().sqrt()).to(like)

    return noise


def _seed(seed: int) -> int:
    return seed % (1 << 64)
