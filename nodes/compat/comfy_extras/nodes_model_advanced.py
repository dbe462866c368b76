# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy_extras.nodes_model_advanced`: what is no node there."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from models.prediction import discrete
from nodes.compat.handles.model_sampling import (
    EPS,
    ModelSamplingDiscrete,
    rescale_zero_terminal_snr_sigmas,
    shaped,
)

__all__ = ["LCM", "X0", "ModelSamplingDiscreteDistilled", "rescale_zero_terminal_snr_sigmas"]


class LCM(EPS):
    """eps, read as latent consistency models do."""

    kind = "consistency"

    def calculate_denoised(self, sigma: Any, model_output: Tensor, model_input: Tensor) -> Tensor:
        return self.reading().denoised(model_input, model_output, shaped(sigma, model_output))


class X0(EPS):
    kind = "x0"


class ModelSamplingDiscreteDistilled(ModelSamplingDiscrete):
    """A training in steps of which only every twentieth was kept."""

    original_timesteps = 50

    def __init__(self, model_config: Any = None, zsnr: bool | None = None) -> None:
        super().__init__(model_config, zsnr)
        self.skip_steps = self.num_timesteps // self.original_timesteps
        self._hold(discrete("eps", self.zsnr, self.num_timesteps, stride=self.skip_steps).levels)
