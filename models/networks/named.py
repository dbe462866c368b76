"""Networks of ours whose parameters bear the very names that published single files give them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import torch

from .layout import Pick

if TYPE_CHECKING:
    from .layout import Network


MARKS = frozenset({"v_pred", "ztsnr", "edm_mean", "edm_std", "edm_vpred.sigma_max", "edm_vpred.sigma_min"})
"""Tensors that say something about a model and are no weights of it."""


class WithOwnNames:
    """The `picks` of a network whose module and file agree on every name."""

    def ignores(self, name: str) -> bool:
        return name in MARKS

    def picks(self) -> dict[str, Pick]:
        return dict(_picks(self))  # type: ignore[arg-type]


@lru_cache(maxsize=64)
def _picks(network: Network) -> dict[str, Pick]:
    with torch.device("meta"):
        return {name: Pick(name) for name in network.build().state_dict()}
