"""`comfy.model_sampling`: mixins for what a network's answer means, and at which levels of noise."""

from nodes.compat.handles.model_sampling import (
    CONST,
    EDM,
    EPS,
    IMG_TO_IMG,
    V_PREDICTION,
    X0,
    ModelSamplingContinuousEDM,
    ModelSamplingContinuousV,
    ModelSamplingDiscrete,
    ModelSamplingDiscreteEDM,
    ModelSamplingDiscreteFlow,
    ModelSamplingFlux,
    flux_time_shift,
    rescale_zero_terminal_snr_sigmas,
    time_snr_shift,
)

__all__ = [
    "CONST",
    "EDM",
    "EPS",
    "IMG_TO_IMG",
    "V_PREDICTION",
    "X0",
    "ModelSamplingContinuousEDM",
    "ModelSamplingContinuousV",
    "ModelSamplingDiscrete",
    "ModelSamplingDiscreteEDM",
    "ModelSamplingDiscreteFlow",
    "ModelSamplingFlux",
    "flux_time_shift",
    "rescale_zero_terminal_snr_sigmas",
    "time_snr_shift",
]
