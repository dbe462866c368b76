"""A ControlNet at work in one run: when it counts, what it sees, and what it adds to the model's blocks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from ..errors import ModelError
from ..images import scale
from ..networks.controlnet import ControlNet
from ..networks.controlnet_flux import FluxControl
from ..networks.hooks import Pass, Residuals
from ..networks.t2i_adapter import T2iAdapter
from ..prediction import level_at

if TYPE_CHECKING:
    from ..conditions import Ready
    from .handle import Control

FACTOR = 8
"""Pixels of the hint for each latent, where the hint stays a picture."""

METHOD = "nearest-exact"

Features = Tensor | tuple[Tensor, ...]
"""A hint as a network's `encode` gives it, one for each picture of the hint."""


class Running:
    """A ControlNet, and those before it, for one run. What does not depend on the noise is computed once."""

    def __init__(self, control: Control, ready: Ready) -> None:
        """ModelError where it does not belong to the run's model, or lacks what it needs."""
        self.control, self.ready = control, ready
        source, model = control.source, ready.model
        self.component, self.patches = source.for_model(model)
        if source.latent is not None and control.vae is None:
            raise ModelError(
                f"{source.name} takes a latent as its hint, so it needs a VAE: connect one to Apply ControlNet."
            )
        known = _kinds(self.component.network)
        if known and any(kind >= known for kind in control.kinds):
            raise ModelError(f"{source.name} knows {known} kinds of hints, and not the one that was chosen.")
        prediction = model.prediction
        self.start, self.end = level_at(prediction, control.start), level_at(prediction, control.end)
        self.dtype = torch.float32 if isinstance(self.component.network, T2iAdapter) else model.dtype
        self.previous = None if control.previous is None else begin(control.previous, ready)
        self._features: dict[tuple[int, int], Features] = {}

    @torch.no_grad()
    def residuals(self, x: Tensor, sigma: Tensor, inputs: Mapping[str, Any], run: Pass) -> Residuals | None:
        """x (parts * b, c, h, w) at noise level sigma, a scalar; inputs by name, as the model's network gets them."""
        before = None if self.previous is None else self.previous.residuals(x, sigma, inputs, run)
        if sigma > self.start or sigma < self.end:
            return before
        size = (x.shape[2], x.shape[3])
        seen = None if size in self._features else self._seen(*size)
        model, kinds = self.ready.model, self.control.kinds
        context = inputs.get("control_context", inputs.get("context"))
        with model.engine.residency.use(self.component, self.dtype, self.patches) as network:
            if seen is not None:
                self._features[size] = network.encode(seen.to(x.device, self.dtype), kinds)
            found = network(
                model.prediction.into_network(x, sigma).to(self.dtype),
                model.prediction.timestep(sigma).float().expand(len(x)),
                self._given(context, x),
                _spread(self._features[size], len(x), len(run.sides)),
                y=self._given(inputs.get("y"), x),
                guidance=self._given(inputs.get("guidance"), x),
                kinds=kinds,
                run=run,
            )
        return merged(before, weighed(found, self.control.strength, self.control.source.pooled))

    def _given(self, value: Tensor | None, x: Tensor) -> Tensor | None:
        return None if value is None else value.to(x.device, self.dtype)

    def _seen(self, height: int, width: int) -> Tensor:
        """The hint (n, c, h, w) as the network takes it, for a latent of this size."""
        source, hint = self.control.source, self.control.hint
        if source.latent is None:
            return self._pixels(height * FACTOR, width * FACTOR)
        vae = self.control.vae
        picture = source.picture(scale(hint, width * vae.factor, height * vae.factor, METHOD, "center"))
        latent = source.latent.to_model(vae.encode(picture.movedim(1, -1)))
        masks = self.control.masks or ((torch.ones(1, 1, 1, 1),) if source.masked else ())
        scaled = [scale(mask, latent.shape[3], latent.shape[2], METHOD, "center") for mask in masks]
        return torch.cat([latent, *(_repeated(mask.to(latent), len(latent)) for mask in scaled)], 1)

    def _pixels(self, height: int, width: int) -> Tensor:
        network, hint = self.component.network, self.control.hint
        channels = network.hint[0] if isinstance(network, ControlNet) else 3
        if isinstance(network, T2iAdapter):
            height, width = (-(-side // network.unshuffle) * network.unshuffle for side in (height, width))
            channels = max(3, network.channels)
        picture = scale(hint[:, :channels], width, height, METHOD, "center").float()
        if isinstance(network, T2iAdapter) and network.channels == 1:
            return picture.mean(1, keepdim=True)
        return picture


_RUNNING: WeakValueDictionary[tuple[int, int], Running] = WeakValueDictionary()
"""By the identities of a handle and a run, both of which a `Running` keeps alive."""


def begin(control: Control, ready: Ready) -> Running:
    """The handle at work in this run: the same object for all entries that carry the same handle."""
    key = id(control), id(ready)
    found = _RUNNING.get(key)
    if found is None:
        found = _RUNNING[key] = Running(control, ready)
    return found


def _kinds(network: object) -> int:
    """How many kinds of hints a union knows; 0 for others."""
    if isinstance(network, ControlNet):
        return network.union.kinds if network.union else 0
    return network.kinds if isinstance(network, FluxControl) else 0


def weighed(found: Residuals, strength: float, pooled: bool = False) -> Residuals:
    """Each times the strength; pooled: averaged over all places."""
    done: dict[int, Tensor] = {}

    def weigh(value: Tensor | None) -> Tensor | None:
        if value is None:
            return None
        if id(value) not in done:
            flat = value.mean((2, 3), keepdim=True).expand_as(value) if pooled else value
            done[id(value)] = flat * strength
        return done[id(value)]

    return Residuals(tuple(map(weigh, found.input)), weigh(found.middle), tuple(map(weigh, found.output)))


def merged(before: Residuals | None, after: Residuals) -> Residuals:
    """The sum of what two ControlNets add."""
    if before is None:
        return after

    def both(a: Tensor | None, b: Tensor | None) -> Tensor | None:
        return a if b is None else b if a is None else a + b

    return Residuals(
        tuple(both(*pair) for pair in zip_longest(before.input, after.input)),
        both(before.middle, after.middle),
        tuple(both(*pair) for pair in zip_longest(before.output, after.output)),
    )


def _spread(features: Features, count: int, parts: int) -> Features:
    """As many as there are latents, in each of the batch's parts: the first ones, or all over again. One serves all."""
    if isinstance(features, tuple):
        return tuple(_spread(each, count, parts) for each in features)  # type: ignore[misc]
    return features if len(features) == 1 else torch.cat([_repeated(features, count // parts)] * parts)


def _repeated(values: Tensor, count: int) -> Tensor:
    """The first ones, or all over again."""
    return values.repeat(-(-count // len(values)), *[1] * (values.dim() - 1))[:count]
