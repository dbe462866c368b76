"""What families with a UNet share: which further channels mean what, and signs of v-prediction in their files."""

from __future__ import annotations

from ..files import Shape
from ..load import Component
from ..networks.layout import Network
from ..prediction import Prediction, discrete
from .base import Shapes

_KINDS = {9: "inpainting", 8: "instruct-pix2pix", 5: "depth", 7: "upscaling"}


def attends(shapes: Shapes) -> Shape | None:
    """The shape of the first projection into the UNet's transformers, or None where there is no UNet that attends."""
    if "input_blocks.0.0.weight" not in shapes:
        return None
    return next((shape for name, shape in shapes.items() if name.endswith(".proj_in.weight")), None)


def context(shapes: Shapes) -> int:
    """How wide the texts are that a UNet attends to; 0 where it attends to none."""
    return next((shape[1] for name, shape in shapes.items() if name.endswith("attn2.to_k.weight")), 0)


def vector(shapes: Shapes) -> int:
    """How wide a UNet's vector of further conditions is; 0 where it takes none."""
    return shapes.get("label_emb.0.0.weight", (0, 0))[1]


def kind(network: Network) -> str:
    """What a UNet is for, by how many channels go into it."""
    return _KINDS.get(getattr(network, "in_channels", 4), "")


def marked_prediction(component: Component) -> Prediction | None:
    """v-prediction where the file says so: an empty tensor named v_pred (ztsnr beside it), or its metadata."""
    file = component.file
    said = file.metadata.get("modelspec.prediction_type", "")
    names = {name.removeprefix(component.prefix) for name in ("v_pred", "ztsnr") if name in file.shapes}
    names |= {name for name in ("v_pred", "ztsnr") if component.prefix + name in file.shapes}
    if "v_pred" in names or said in ("v", "v_prediction"):
        return discrete("v", zero_terminal_snr="ztsnr" in names)
    return discrete("eps") if said in ("epsilon", "eps") else None
