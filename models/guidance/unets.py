"""What only UNets have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ModelError
from ..networks.unet import Unet

if TYPE_CHECKING:
    from ..model import Model


def width_of(model: Model, title: str) -> int:
    """Channels of the UNet's first level. ModelError where the model is no UNet; title: of what asks for one."""
    network = model.component.network
    if not isinstance(network, Unet):
        raise ModelError(
            f"{title} works on UNets, as in Stable Diffusion 1, 2 and XL, and {model.component.title} is none. "
            "Leave the node out for this model."
        )
    return network.width
