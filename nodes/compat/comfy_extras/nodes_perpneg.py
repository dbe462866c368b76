# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy_extras.nodes_perpneg`: what is no node there."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from models.guiders import perpendicular
from nodes.compat.handles.guider import CFGGuider, calc_cond_batch


class Guider_PerpNeg(CFGGuider):  # noqa: N801 (its name)
    """Away from what of the negative prompt is perpendicular to the positive one."""

    def set_conds(self, positive: Any, negative: Any, empty_negative_prompt: Any) -> None:  # type: ignore[override]
        given = {"positive": positive, "empty_negative_prompt": empty_negative_prompt, "negative": negative}
        self.inner_set_conds(given)

    def set_cfg(self, cfg: float, neg_scale: float) -> None:  # type: ignore[override]
        self.cfg, self.neg_scale = cfg, neg_scale

    def predict_noise(
        self, x: Tensor, timestep: Tensor, model_options: dict[str, Any] | None = None, seed: Any = None
    ) -> Tensor:
        sides = [self.conds.get(name) for name in ("positive", "negative", "empty_negative_prompt")]
        positive, negative, empty = calc_cond_batch(self.inner_model, sides, x, timestep, model_options)
        return perpendicular(positive, negative, empty, self.neg_scale, self.cfg)
