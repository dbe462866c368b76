"""What MODEL is at sockets: a denoiser's file, what is changed about its weights, and how it is used. Immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .errors import ModelError
from .families import Family
from .latents import LatentFormat
from .load import Component
from .networks.hooks import NO_HOOKS, NO_PASS, Pass, Residuals
from .options import NO_OPTIONS, AroundForward, Forward, Options, replay_key
from .patches import Lora, Patch, fits, refuse_stranger
from .prediction import Prediction

if TYPE_CHECKING:
    from .engine import Engine
    from .text import Conditioning


@dataclass(frozen=True)
class Model:
    """A denoiser with its family's facts."""

    engine: Engine = field(repr=False)
    component: Component
    family: Family
    prediction: Prediction = field(repr=False)
    latent_format: LatentFormat
    patches: tuple[Patch, ...] = ()
    options: Options = field(default=NO_OPTIONS, repr=False)

    @property
    def device(self) -> torch.device:
        return self.engine.device

    @property
    def dtype(self) -> torch.dtype:
        """The precision that the network runs in."""
        return self.options.dtype or self.engine.dtype_of(self.family)

    def with_lora(self, lora: Lora, strength: float) -> Model:
        """Strength 0 gives an equal handle. PatchError where the LoRA is for another kind of model."""
        if strength == 0:
            return self
        if not fits(self.component, lora) and lora.has_unet():
            refuse_stranger(self.component, lora)
        return self.with_patches(Patch(lora, strength))

    def with_patches(self, *patches: Patch) -> Model:
        """With more changes of its weights."""
        return replace(self, patches=(*self.patches, *patches))

    def with_prediction(self, prediction: Prediction, latent_format: LatentFormat | None = None) -> Model:
        """With its answers read in another way, or at other noise levels."""
        return replace(self, prediction=prediction, latent_format=latent_format or self.latent_format)

    def with_options(self, options: Options | None = None, **more: Any) -> Model:
        """With more functions of guidance and hooks: `with_options(post_cfg=(f,))`."""
        added = Options(**more) if options is None else options
        return replace(self, options=self.options.plus(added))

    def with_hooks(self, **hooks: Any) -> Model:
        """With one more hook a kind: `with_hooks(attn1_in=f)`, `with_hooks(attn1={("middle", 0): f})`."""
        return replace(self, options=replace(self.options, hooks=self.options.hooks.with_added(**hooks)))

    def check_inputs(self, latent: Tensor, conditioning: Conditioning) -> None:
        """ModelError where a latent (b, c, h, w) or a prompt was made for another kind of model."""
        if latent.shape[1] != self.latent_format.channels:
            raise ModelError(
                f"The latent has {latent.shape[1]} channels, and {self.component.title} works on "
                f"{self.latent_format.channels}. Make it with a VAE or an empty latent for this kind of model."
            )
        width = getattr(self.component.network, "context", None)
        for cross, _ in conditioning:
            if width is not None and cross.shape[-1] != width:
                raise ModelError(
                    f"The prompt was encoded {cross.shape[-1]:,} wide, and {self.component.title} attends to "
                    f"{width:,}. Encode it with the text encoder that belongs to this model."
                )

    def denoise(
        self,
        x: Tensor,
        sigma: Tensor,
        inputs: Mapping[str, Any],
        run: Pass = NO_PASS,
        control: Residuals | None = None,
        patches: tuple[Patch, ...] = (),
    ) -> Tensor:
        """x (b, c, h, w) at noise level sigma, a scalar -> what the network takes for the picture, float32.

        inputs: what the network is given by name, such as context (b, tokens, width); see inputs.py. patches: changes
        of weights that hold for this pass alone.
        """

        def apply(x: Tensor, sigma: Tensor, inputs: dict[str, Any], run: Pass) -> Tensor:
            return self._apply(x, sigma, inputs, run, control, patches)

        around = reduce(lambda inner, wrap: lambda *args: wrap(inner, *args), self.options.around_network, apply)
        return around(x, sigma, dict(inputs), run)

    def _apply(
        self,
        x: Tensor,
        sigma: Tensor,
        inputs: dict[str, Any],
        run: Pass,
        control: Residuals | None,
        patches: tuple[Patch, ...],
    ) -> Tensor:
        dtype = self.dtype
        inputs = dict(inputs)
        scaled = self.prediction.into_network(x, sigma)
        beside = inputs.pop("concat", None)
        inputs.pop("control_context", None)  # that was for the ControlNet
        if beside is not None:
            scaled = torch.cat([scaled, beside.to(scaled)], 1)
        given = {name: _cast(value, x.device, dtype) for name, value in inputs.items()}
        timestep = self.prediction.timestep(sigma).float().expand(len(x))
        given["timestep"] = timestep.to(x.device)
        patches, residency = (*self.patches, *patches), self.engine.residency
        entering = scaled.to(dtype)
        if x.device.type == "cuda" and control is None and self._can_be_replayed(given):
            run.check()
            given["x"] = entering
            keys = tuple(replay_key(wrap) for wrap in self.options.around_forward)
            answer = residency.replay(self.component, dtype, patches, self._through, keys, given)
        else:
            with residency.use(self.component, dtype, patches) as network:
                answer = self._through(network, entering, control=control, hooks=self.options.hooks, run=run, **given)
        return self.prediction.denoised(x, answer.float(), sigma)

    def _through(self, network: nn.Module, x: Tensor, *, run: Pass = NO_PASS, **given: Any) -> Tensor:
        """The network, with what the options put round it."""

        def forward(x: Tensor) -> Tensor:
            return network(x, run=run, **given)

        def around(inner: Forward, wrap: AroundForward) -> Forward:
            return lambda x: wrap(inner, x, run, network)

        return reduce(around, self.options.around_forward, forward)(x)

    def _can_be_replayed(self, given: Mapping[str, Any]) -> bool:
        """Whether a pass is the same each time but for its tensors: no hooks, nothing that Python has a part in."""
        options = self.options
        return (
            options.hooks == NO_HOOKS
            and all(replay_key(wrap) is not None for wrap in options.around_forward)
            and all(isinstance(value, Tensor) for value in given.values())
        )


def _cast(value: Any, device: torch.device, dtype: torch.dtype) -> Any:
    if isinstance(value, Tensor):
        return value.to(device, dtype if value.is_floating_point() else None)
    if isinstance(value, tuple):
        return tuple(_cast(item, device, dtype) for item in value)
    return value
