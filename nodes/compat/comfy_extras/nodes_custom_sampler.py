# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy_extras.nodes_custom_sampler`: what is no node there; the nodes are answered by the finder."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from models.sampling import NoNoise, SeededNoise
from nodes.compat.handles.guider import CFGGuider


class Noise_EmptyNoise:  # noqa: N801 (its name)
    """No noise."""

    def __init__(self) -> None:
        self.seed = 0

    def generate_noise(self, input_latent: dict[str, Any]) -> Tensor:
        return NoNoise().generate_noise(input_latent)


class Noise_RandomNoise:  # noqa: N801
    """Noise of a seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def generate_noise(self, input_latent: dict[str, Any]) -> Tensor:
        return SeededNoise(self.seed).generate_noise(input_latent)


class Guider_Basic(CFGGuider):  # noqa: N801
    """One prompt, no guidance."""

    def set_conds(self, positive: Any) -> None:  # type: ignore[override]
        self.inner_set_conds({"positive": positive})


class Guider_DualCFG(CFGGuider):  # noqa: N801
    """Two prompts, one guided from the other."""

    def set_cfg(self, cfg1: float, cfg2: float, nested: bool = False) -> None:  # type: ignore[override]
        self.cfg1, self.cfg2, self.nested = cfg1, cfg2, nested

    def set_conds(self, positive: Any, middle: Any, negative: Any) -> None:  # type: ignore[override]
        self.inner_set_conds({"positive": positive, "middle": middle, "negative": negative})

    def predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: dict[str, Any] | None = None, seed: Any = None
    ) -> Tensor:
        from nodes.compat.handles.guider import calc_cond_batch, cfg_function

        sides = [self.conds.get(name) for name in ("negative", "middle", "positive")]
        negative, middle, positive = calc_cond_batch(self.inner_model, sides, x, timestep, model_options)
        options = (x, timestep, model_options)
        if self.nested:
            mixed = cfg_function(self.inner_model, positive, middle, self.cfg1, *options, sides[2], sides[1])
            return negative + self.cfg2 * (mixed - negative)
        mixed = cfg_function(self.inner_model, middle, negative, self.cfg2, *options, sides[1], sides[0])
        return mixed + (positive - middle) * self.cfg1
