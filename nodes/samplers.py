"""Samplers as values, with their settings, for the sampler nodes that take one."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from graph.node import Choice, Int, Slider, Toggle, node
from models.sampler_table import SAMPLERS, SamplerChoice, choose
from models.samplers import lcm_upscale
from models.samplers_cfg_pp import euler_pp
from models.samplers_stochastic import er_noise, reverse_time_noise
from nodes.context import present
from nodes.values import Model, Sampler

CATEGORY = "sampling/custom_sampling/samplers"
UPSCALE_METHODS = ("bislerp", "nearest-exact", "bilinear", "area", "bicubic")

Eta = Annotated[
    float,
    Slider(
        min=0.0,
        max=100.0,
        step=0.01,
        round=False,
        tooltip="How much of the noise that a step takes away comes back as fresh noise. 0: none.",
    ),
]
SNoise = Annotated[
    float, Slider(min=0.0, max=100.0, step=0.01, round=False, tooltip="The strength of that fresh noise; 1 is right.")
]
NoiseDevice = Annotated[
    str,
    Choice(
        options=("gpu", "cpu"), tooltip="Both draw noise on the CPU, so that a seed means one picture on all devices."
    ),
]


def _real(high: float, tooltip: str) -> Slider:
    return Slider(min=0.0, max=high, step=0.01, round=False, tooltip=tooltip)


@node("KSamplerSelect", category=CATEGORY)
def ksampler_select(*, sampler_name: Annotated[str, Choice(options=tuple(SAMPLERS))]) -> Sampler:
    """Choose a sampler by name, with its usual settings."""
    return choose(sampler_name)


@node("SamplerDPMPP_3M_SDE", category=CATEGORY)
def sampler_dpmpp_3m_sde(*, eta: Eta = 1.0, s_noise: SNoise = 1.0, noise_device: NoiseDevice) -> Sampler:
    """DPM-Solver++ of the third order with noise, from the last three looks at the model."""
    return choose("dpmpp_3m_sde", eta=eta, s_noise=s_noise)


@node("SamplerDPMPP_2M_SDE", category=CATEGORY)
def sampler_dpmpp_2m_sde(
    *,
    solver_type: Annotated[
        str, Choice(options=("midpoint", "heun"), tooltip="How the last look at the model is taken into account.")
    ],
    eta: Eta = 1.0,
    s_noise: SNoise = 1.0,
    noise_device: NoiseDevice,
) -> Sampler:
    """DPM-Solver++ of the second order with noise, from the last two looks at the model."""
    return choose("dpmpp_2m_sde", solver=solver_type, eta=eta, s_noise=s_noise)


@node("SamplerDPMPP_SDE", category=CATEGORY)
def sampler_dpmpp_sde(
    *,
    eta: Eta = 1.0,
    s_noise: SNoise = 1.0,
    r: Annotated[float, _real(100.0, "Where in a step the second look is taken, as a part of it.")] = 0.5,
    noise_device: NoiseDevice,
) -> Sampler:
    """DPM-Solver++ with noise and two looks at the model in each step."""
    if r == 0:
        raise ValueError("r is 0: the second look would be the first again. Set it above 0; 0.5 is usual")
    return choose("dpmpp_sde", eta=eta, s_noise=s_noise, r=r)


@node("SamplerDPMPP_2S_Ancestral", category=CATEGORY)
def sampler_dpmpp_2s_ancestral(eta: Eta = 1.0, s_noise: SNoise = 1.0) -> Sampler:
    """DPM-Solver++ with two looks in each step, and fresh noise after it."""
    return choose("dpmpp_2s_ancestral", eta=eta, s_noise=s_noise)


@node("SamplerEulerAncestral", category=CATEGORY)
def sampler_euler_ancestral(eta: Eta = 1.0, s_noise: SNoise = 1.0) -> Sampler:
    """Euler steps, with fresh noise after each."""
    return choose("euler_ancestral", eta=eta, s_noise=s_noise)


@node("SamplerEulerAncestralCFGPP", category=CATEGORY, title="SamplerEulerAncestralCFG++")
def sampler_euler_ancestral_cfg_pp(
    eta: Annotated[float, _real(1.0, "How much of the noise comes back as fresh noise. 0: none.")] = 1.0,
    s_noise: Annotated[float, _real(10.0, "The strength of that fresh noise; 1 is right.")] = 1.0,
) -> Sampler:
    """Euler steps with fresh noise, guided as CFG++ does: set cfg to between 0 and 1 or a little above."""
    return choose("euler_ancestral_cfg_pp", eta=eta, s_noise=s_noise)


@node("SamplerLMS", category=CATEGORY)
def sampler_lms(
    order: Annotated[int, Int(min=1, max=100, tooltip="How many past steps are looked at.")] = 4,
) -> Sampler:
    """Linear multistep: each step draws on the slopes of the last ones."""
    return choose("lms", order=order)


@node("SamplerDPMAdaptative", category=CATEGORY)
def sampler_dpm_adaptive(
    order: Annotated[int, Int(min=2, max=3, tooltip="Of the better of the two answers that are compared.")] = 3,
    rtol: Annotated[float, _real(100.0, "How far they may differ, as a part of the latent.")] = 0.05,
    atol: Annotated[float, _real(100.0, "How far they may differ where the latent is small.")] = 0.0078,
    h_init: Annotated[float, _real(100.0, "The length of the first step, in the logarithm of the noise.")] = 0.05,
    pcoeff: Annotated[float, _real(100.0, "How the step's length follows the error: in proportion.")] = 0.0,
    icoeff: Annotated[float, _real(100.0, "How it follows the errors so far.")] = 1.0,
    dcoeff: Annotated[float, _real(100.0, "How it follows the error's change.")] = 0.0,
    accept_safety: Annotated[float, _real(100.0, "A step is kept if the next may be this many times as long.")] = 0.81,
    eta: Eta = 0.0,
    s_noise: SNoise = 1.0,
) -> Sampler:
    """DPM-Solver in steps as long as its error allows, whatever the number of steps that was set."""
    return choose(
        "dpm_adaptive",
        order=order,
        rtol=rtol,
        atol=atol,
        h_init=h_init,
        pcoeff=pcoeff,
        icoeff=icoeff,
        dcoeff=dcoeff,
        accept_safety=accept_safety,
        eta=eta,
        s_noise=s_noise,
    )


@node("SamplerER_SDE", category=CATEGORY)
def sampler_er_sde(
    *,
    solver_type: Annotated[
        str,
        Choice(options=("ER-SDE", "Reverse-time SDE", "ODE"), tooltip="How fast noise is added; ODE adds none."),
    ],
    max_stage: Annotated[int, Int(min=1, max=3, tooltip="The order; more uses more past steps.")] = 3,
    eta: Annotated[float, _real(100.0, "The noise of Reverse-time SDE: 0 is none. ER-SDE has its own.")] = 1.0,
    s_noise: SNoise = 1.0,
) -> Sampler:
    """The extended reverse-time SDE solver."""
    if solver_type == "ODE" or (solver_type == "Reverse-time SDE" and eta == 0):
        eta = s_noise = 0.0
    scaler = er_noise if solver_type == "ER-SDE" else partial(reverse_time_noise, eta=eta)
    return choose("er_sde", s_noise=s_noise, noise_scaler=scaler, max_stage=max_stage)


@node("SamplerSASolver", category=CATEGORY)
def sampler_sa_solver(
    model: Model,
    eta: Annotated[float, _real(10.0, "How much noise is added in the part of the way chosen here.")] = 1.0,
    sde_start_percent: Annotated[
        float, Slider(min=0.0, max=1.0, step=0.001, tooltip="From where on noise is added.")
    ] = 0.2,
    sde_end_percent: Annotated[
        float, Slider(min=0.0, max=1.0, step=0.001, tooltip="Until where noise is added.")
    ] = 0.8,
    s_noise: SNoise = 1.0,
    predictor_order: Annotated[int, Int(min=1, max=6, tooltip="How many looks each prediction draws on.")] = 3,
    corrector_order: Annotated[int, Int(min=0, max=6, tooltip="How many looks each correction draws on. 0: none.")] = 4,
    use_pece: Annotated[bool, Toggle(tooltip="Look at the model once more after each correction.")] = False,
    simple_order_2: Annotated[bool, Toggle(tooltip="The paper's shorter formulas where the order is 2.")] = False,
) -> Sampler:
    """The stochastic Adams solver: steps that are predicted, looked at and corrected."""
    prediction = present(model, "MODEL").prediction
    return choose(
        "sa_solver",
        eta=eta,
        noisy=(prediction.at_percent(sde_start_percent), prediction.at_percent(sde_end_percent)),
        s_noise=s_noise,
        predictor_order=predictor_order,
        corrector_order=corrector_order,
        use_pece=use_pece,
        simple_order_2=simple_order_2,
    )


@node("SamplerLCMUpscale", category=CATEGORY)
def sampler_lcm_upscale(
    *,
    scale_ratio: Annotated[float, Slider(min=0.1, max=20.0, step=0.01, tooltip="How much larger in the end.")] = 1.0,
    scale_steps: Annotated[
        int, Int(min=-1, max=1000, tooltip="In how many steps it grows, from the first on. -1: half of them.")
    ] = -1,
    upscale_method: Annotated[str, Choice(options=UPSCALE_METHODS, tooltip="How latents are enlarged.")],
) -> Sampler:
    """The sampler of latent consistency models, which enlarges the picture while it draws."""
    steps = None if scale_steps < 0 else scale_steps
    options = {"scale": scale_ratio, "scale_steps": steps, "method": upscale_method}
    return SamplerChoice("lcm_upscale", lcm_upscale, options)


@node("SamplerEulerCFGpp", category="_for_testing", title="SamplerEulerCFG++", experimental=True)
def sampler_euler_cfg_pp(
    *,
    version: Annotated[
        str, Choice(options=("regular", "alternative"), tooltip="alternative: guidance counts twice in the slope.")
    ],
) -> Sampler:
    """Euler steps guided as CFG++ does: set cfg to between 0 and 1 or a little above."""
    if version == "alternative":
        return SamplerChoice("euler_pp", euler_pp)
    return choose("euler_cfg_pp")
