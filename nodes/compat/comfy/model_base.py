"""`comfy.model_base`: what `MODEL.model` is, by family."""

from nodes.compat.handles.inner import SD3, SD21UNCLIP, SDXL, BaseModel, Flux, ModelType, SDXLRefiner
from nodes.compat.handles.model_sampling import (
    CONST,
    EDM,
    EPS,
    V_PREDICTION,
    X0,
    ModelSamplingContinuousEDM,
    ModelSamplingContinuousV,
    ModelSamplingDiscrete,
    ModelSamplingDiscreteFlow,
    ModelSamplingFlux,
)

__all__ = [
    "CONST",
    "EDM",
    "EPS",
    "SD3",
    "SD21UNCLIP",
    "SDXL",
    "V_PREDICTION",
    "X0",
    "BaseModel",
    "Flux",
    "ModelSamplingContinuousEDM",
    "ModelSamplingContinuousV",
    "ModelSamplingDiscrete",
    "ModelSamplingDiscreteFlow",
    "ModelSamplingFlux",
    "ModelType",
    "SDXLRefiner",
    "model_sampling",
]


def model_sampling(model_config: object, model_type: ModelType) -> object:
    """Levels and meaning of a family's answers, in one object."""
    kinds: dict[ModelType, tuple[type, type]] = {
        ModelType.EPS: (ModelSamplingDiscrete, EPS),
        ModelType.V_PREDICTION: (ModelSamplingDiscrete, V_PREDICTION),
        ModelType.V_PREDICTION_EDM: (ModelSamplingContinuousEDM, V_PREDICTION),
        ModelType.V_PREDICTION_CONTINUOUS: (ModelSamplingContinuousV, V_PREDICTION),
        ModelType.EDM: (ModelSamplingContinuousEDM, EDM),
        ModelType.FLOW: (ModelSamplingDiscreteFlow, CONST),
        ModelType.FLUX: (ModelSamplingFlux, CONST),
    }
    if model_type not in kinds:
        raise NotImplementedError(f"Easel has no models of the type {model_type.name}.")
    return type("ModelSampling", kinds[model_type], {})(model_config)
