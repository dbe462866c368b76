"""What Stable Diffusion 1 and 2 share: the names of CompVis's single files, and signs of v-prediction in them."""

from __future__ import annotations

from ..files import Shape, WeightFile
from ..networks.vae import read_vae
from ..prediction import discrete
from .base import Part, Prediction, Shapes

MODEL = "model.diffusion_model."
VAE = Part(("first_stage_model.",), read_vae)


def attends(shapes: Shapes) -> Shape | None:
    """The shape of the first projection into the UNet's transformers, or None where there is no such UNet."""
    if f"{MODEL}input_blocks.0.0.weight" not in shapes or f"{MODEL}label_emb.0.0.weight" in shapes:
        return None
    return next((s for n, s in shapes.items() if n.startswith(MODEL) and n.endswith(".proj_in.weight")), None)


def marked_prediction(file: WeightFile) -> Prediction | None:
    """v-prediction where the file says so: an empty tensor named v_pred (ztsnr beside it), or its metadata."""
    said = file.metadata.get("modelspec.prediction_type", "")
    if "v_pred" in file.shapes or said in ("v", "v_prediction"):
        return discrete("v", zero_terminal_snr="ztsnr" in file.shapes)
    return discrete("eps") if said in ("epsilon", "eps") else None
