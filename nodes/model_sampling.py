"""How a model's answers are read, and at which noise levels it is asked."""

from __future__ import annotations

from typing import Annotated

from graph.node import MAX_RESOLUTION, Choice, Int, Slider, Toggle, node
from models import latents
from models.prediction import Angle, LogSigma, Prediction, discrete, flow, flux, flux_shift
from nodes.context import present
from nodes.values import Model

KINDS = {"eps": "eps", "v_prediction": "v", "lcm": "consistency", "x0": "x0", "img_to_img": "image"}
LCM_STRIDE = 20
"""A consistency model was distilled at 50 of the 1000 steps."""
CONTINUOUS = {"v_prediction": ("v", 1.0), "edm": ("edm", 0.5), "edm_playground_v2.5": ("edm", 0.5), "eps": ("eps", 1.0)}
"""The kind of answer, and the spread of the data."""

Shift = Slider(min=0.0, max=100.0, step=0.01, tooltip="More spends more of the steps at much noise.")
Sigma = Slider(min=0.0, max=1000.0, step=0.001, round=False)


@node("ModelSamplingDiscrete", category="advanced/model")
def model_sampling_discrete(
    model: Model,
    sampling: Annotated[str, Choice(options=tuple(KINDS), tooltip="What the model was trained to answer.")],
    zsnr: Annotated[bool, Toggle(tooltip="For a model whose training ended in pure noise.")] = False,
) -> Model:
    """Read a model's answers in another way, at the noise levels of Stable Diffusion's training."""
    stride = LCM_STRIDE if sampling == "lcm" else 1
    prediction = discrete(KINDS[sampling], zero_terminal_snr=zsnr, stride=stride)  # type: ignore[arg-type]
    return present(model, "MODEL").with_prediction(prediction)


@node("ModelSamplingContinuousEDM", category="advanced/model")
def model_sampling_continuous_edm(
    model: Model,
    sampling: Annotated[str, Choice(options=(*CONTINUOUS, "cosmos_rflow"))],
    sigma_max: Annotated[float, Sigma] = 120.0,
    sigma_min: Annotated[float, Sigma] = 0.002,
) -> Model:
    """Ask a model at any noise level between two ends, as EDM's training did."""
    if sampling not in CONTINUOUS:
        raise ValueError(
            f"{sampling} is how Cosmos models are asked, and this version has none of them. Choose another sampling."
        )
    kind, spread = CONTINUOUS[sampling]
    _check_ends(sigma_max, sigma_min)
    prediction = Prediction(kind, LogSigma(sigma_min, sigma_max), sigma_data=spread)  # type: ignore[arg-type]
    scale = latents.PLAYGROUND if sampling == "edm_playground_v2.5" else None
    return present(model, "MODEL").with_prediction(prediction, scale)


@node("ModelSamplingContinuousV", category="advanced/model")
def model_sampling_continuous_v(
    model: Model,
    sampling: Annotated[str, Choice(options=("v_prediction",))],
    sigma_max: Annotated[float, Sigma] = 500.0,
    sigma_min: Annotated[float, Sigma] = 0.03,
) -> Model:
    """Ask a v-prediction model at any noise level between two ends, its time being an angle."""
    _check_ends(sigma_max, sigma_min)
    return present(model, "MODEL").with_prediction(Prediction("v", Angle(sigma_min, sigma_max)))


@node("ModelSamplingSD3", category="advanced/model")
def model_sampling_sd3(model: Model, shift: Annotated[float, Shift] = 3.0) -> Model:
    """Move the noise levels of a flow model such as Stable Diffusion 3's."""
    return present(model, "MODEL").with_prediction(flow(shift))


@node("ModelSamplingAuraFlow", category="advanced/model")
def model_sampling_aura_flow(model: Model, shift: Annotated[float, Shift] = 1.73) -> Model:
    """Move the noise levels of a flow model whose time goes from 0 to 1, such as AuraFlow's."""
    return present(model, "MODEL").with_prediction(flow(shift, multiplier=1.0))


@node("ModelSamplingFlux", category="advanced/model")
def model_sampling_flux(
    model: Model,
    max_shift: Annotated[float, Shift] = 1.15,
    base_shift: Annotated[float, Shift] = 0.5,
    width: Annotated[int, Int(min=16, max=MAX_RESOLUTION, step=8)] = 1024,
    height: Annotated[int, Int(min=16, max=MAX_RESOLUTION, step=8)] = 1024,
) -> Model:
    """Move Flux's noise levels by the size of the picture: base_shift at 256 x 256, max_shift at 1024 x 1024."""
    return present(model, "MODEL").with_prediction(flux(flux_shift(width, height, base_shift, max_shift)))


def _check_ends(high: float, low: float) -> None:
    if not 0 < low < high:
        raise ValueError(f"Noise levels from {low} to {high} are none: sigma_min must be above 0 and below sigma_max.")
