"""How a model is guided by its prompts."""

from __future__ import annotations

from typing import Annotated

from graph.node import Int, Slider, Text, node
from models.guidance import masks, mixing, perturbed
from nodes.context import present
from nodes.values import Conditioning, LatentOperation, Model

Percent = Slider(min=0.0, max=1.0, step=0.001, tooltip="How far along in the run, 0 to 1.")
Layers = Text(tooltip="Numbers of blocks, counted from 0.")
MinCfg = Annotated[float, Slider(min=0.0, max=100.0, step=0.5, round=0.01)]


@node("RescaleCFG", category="advanced/model")
def rescale_cfg(
    model: Model,
    multiplier: Annotated[float, Slider(min=0.0, max=1.0, step=0.01, tooltip="0 is plain guidance.")] = 0.7,
) -> Model:
    """Keep strong guidance from washing out or burning the picture, for v-prediction models above all."""
    return mixing.rescale_cfg(present(model, "MODEL"), multiplier)


@node("PerturbedAttentionGuidance", category="model_patches/unet")
def perturbed_attention_guidance(
    model: Model, scale: Annotated[float, Slider(min=0.0, max=100.0, step=0.01, round=0.01)] = 3.0
) -> Model:
    """Guide away from what the model draws with its self-attention switched off, for clearer structure."""
    return perturbed.perturbed_attention(present(model, "MODEL"), scale)


@node("SelfAttentionGuidance", category="_for_testing", title="Self-Attention Guidance", experimental=True)
def self_attention_guidance(
    model: Model,
    scale: Annotated[float, Slider(min=-2.0, max=5.0, step=0.01)] = 0.5,
    blur_sigma: Annotated[float, Slider(min=0.0, max=10.0, step=0.1)] = 2.0,
) -> Model:
    """Guide away from what the model draws where what it looks at is blurred, for sharper detail."""
    return perturbed.self_attention(present(model, "MODEL"), scale, blur_sigma)


@node("SkipLayerGuidanceDiT", category="advanced/guidance", experimental=True)
def skip_layer_guidance_dit(
    model: Model,
    double_layers: Annotated[str, Layers] = "7, 8, 9",
    single_layers: Annotated[str, Layers] = "7, 8, 9",
    scale: Annotated[float, Slider(min=0.0, max=10.0, step=0.1)] = 3.0,
    start_percent: Annotated[float, Percent] = 0.01,
    end_percent: Annotated[float, Percent] = 0.15,
    rescaling_scale: Annotated[float, Slider(min=0.0, max=10.0, step=0.01)] = 0.0,
) -> Model:
    """Guide away from what a transformer draws without some of its blocks, for better structure."""
    layers = perturbed.numbers(double_layers), perturbed.numbers(single_layers)
    return perturbed.skip_layers(present(model, "MODEL"), *layers, scale, start_percent, end_percent, rescaling_scale)


@node("SkipLayerGuidanceDiTSimple", category="advanced/guidance", experimental=True)
def skip_layer_guidance_dit_simple(
    model: Model,
    double_layers: Annotated[str, Layers] = "7, 8, 9",
    single_layers: Annotated[str, Layers] = "7, 8, 9",
    start_percent: Annotated[float, Percent] = 0.0,
    end_percent: Annotated[float, Percent] = 1.0,
) -> Model:
    """Let a transformer answer the negative prompt without some of its blocks."""
    layers = perturbed.numbers(double_layers), perturbed.numbers(single_layers)
    return perturbed.skip_layers_of_negative(present(model, "MODEL"), *layers, start_percent, end_percent)


@node("SkipLayerGuidanceSD3", category="advanced/guidance", experimental=True)
def skip_layer_guidance_sd3(
    model: Model,
    layers: Annotated[str, Layers] = "7, 8, 9",
    scale: Annotated[float, Slider(min=0.0, max=10.0, step=0.1)] = 3.0,
    start_percent: Annotated[float, Percent] = 0.01,
    end_percent: Annotated[float, Percent] = 0.15,
) -> Model:
    """Guide away from what Stable Diffusion 3.5 draws without some of its blocks, for better structure."""
    numbers = perturbed.numbers(layers)
    return perturbed.skip_layers(present(model, "MODEL"), numbers, (), scale, start_percent, end_percent)


@node("TCFG", category="advanced/guidance", title="Tangential Damping CFG", outputs=("patched_model",))
def tcfg(model: Model) -> Model:
    """Take from the negative prompt's answer what only disturbs the positive one."""
    return mixing.tangential_damping(present(model, "MODEL"))


@node("CFGZeroStar", category="advanced/guidance", outputs=("patched_model",))
def cfg_zero_star(model: Model) -> Model:
    """Scale the negative prompt's answer to fit the positive one before guidance, for flow models above all."""
    return mixing.cfg_zero_star(present(model, "MODEL"))


@node("CFGNorm", category="advanced/guidance", outputs=("patched_model",), experimental=True)
def cfg_norm(model: Model, strength: Annotated[float, Slider(min=0.0, max=100.0, step=0.01)] = 1.0) -> Model:
    """Keep guidance from making the result stronger than the positive prompt's answer."""
    return mixing.cfg_norm(present(model, "MODEL"), strength)


@node("APG", category="sampling/custom_sampling", title="Adaptive Projected Guidance")
def apg(
    model: Model,
    eta: Annotated[
        float, Slider(min=-10.0, max=10.0, step=0.01, tooltip="How much counts what makes colours harsh; 1 is usual.")
    ] = 1.0,
    norm_threshold: Annotated[
        float, Slider(min=0.0, max=50.0, step=0.1, tooltip="The most that guidance may add; 0 for any amount.")
    ] = 5.0,
    momentum: Annotated[
        float, Slider(min=-5.0, max=1.0, step=0.01, tooltip="How much of the last step's guidance is added again.")
    ] = 0.0,
) -> Model:
    """Guide strongly without harsh colours: what guidance adds is projected, limited and averaged."""
    return mixing.projected(present(model, "MODEL"), eta, norm_threshold, momentum)


@node("RenormCFG", category="advanced/model")
def renorm_cfg(
    model: Model,
    cfg_trunc: Annotated[
        float, Slider(min=0.0, max=100.0, step=0.01, tooltip="The noise level from which on there is no guidance.")
    ] = 100.0,
    renorm_cfg: Annotated[
        float, Slider(min=0.0, max=100.0, step=0.01, tooltip="The most that guidance may lengthen; 0 for any.")
    ] = 1.0,
) -> Model:
    """Guide at low noise only, and keep the result as strong as the positive prompt's answer (for Lumina 2)."""
    return mixing.renorm_cfg(present(model, "MODEL"), cfg_trunc, renorm_cfg)


@node(
    "Mahiro",
    category="_for_testing",
    title="Mahiro is so cute that she deserves a better guidance function!! (。・ω・。)",
    outputs=("patched_model",),
    experimental=True,
)
def mahiro(model: Model) -> Model:
    """Guide more by the positive prompt itself, the less the result looks like the negative one."""
    return mixing.mahiro(present(model, "MODEL"))


@node("DifferentialDiffusion", category="_for_testing", title="Differential Diffusion", experimental=True)
def differential_diffusion(
    model: Model,
    strength: Annotated[float, Slider(min=0.0, max=1.0, step=0.01, optional=True)] = 1.0,
) -> Model:
    """Let greys in an inpainting mask say how much a place may change."""
    return masks.differential(present(model, "MODEL"), strength)


@node("Epsilon Scaling", category="model_patches/unet")
def epsilon_scaling(
    model: Model, scaling_factor: Annotated[float, Slider(min=0.5, max=1.5, step=0.001)] = 1.005
) -> Model:
    """Take slightly less noise away in each step, against errors that add up; above 1 for less."""
    return mixing.epsilon_scaling(present(model, "MODEL"), scaling_factor)


@node("FreSca", category="_for_testing", experimental=True)
def fresca(
    model: Model,
    scale_low: Annotated[float, Slider(min=0.0, max=10.0, step=0.01, tooltip="For broad shapes.")] = 1.0,
    scale_high: Annotated[float, Slider(min=0.0, max=10.0, step=0.01, tooltip="For fine detail.")] = 1.25,
    freq_cutoff: Annotated[
        int, Int(min=1, max=10000, tooltip="Waves across the picture from which on it is detail.")
    ] = 20,
) -> Model:
    """Scale what guidance adds to broad shapes and to fine detail apart."""
    return mixing.frequency_scaled(present(model, "MODEL"), scale_low, scale_high, freq_cutoff)


@node("LatentApplyOperationCFG", category="latent/advanced/operations", experimental=True)
def latent_apply_operation_cfg(model: Model, operation: LatentOperation) -> Model:
    """Do a latent operation on what guidance adds, in every step."""
    return mixing.operation_on_guidance(present(model, "MODEL"), operation)


@node(
    "PerpNeg",
    category="_for_testing",
    title="Perp-Neg (DEPRECATED by PerpNegGuider)",
    experimental=True,
    deprecated=True,
)
def perp_neg(
    model: Model,
    empty_conditioning: Conditioning,
    neg_scale: Annotated[float, Slider(min=0.0, max=100.0, step=0.01)] = 1.0,
) -> Model:
    """Let of the negative prompt only count what does not contradict the positive one."""
    return mixing.perp_neg(present(model, "MODEL"), empty_conditioning, neg_scale)


@node("VideoLinearCFGGuidance", category="sampling/video_models")
def video_linear_cfg(model: Model, min_cfg: MinCfg = 1.0) -> Model:
    """Guide the first frame by min_cfg and the last by the sampler's cfg, those between in even steps."""
    return mixing.linear_over_frames(present(model, "MODEL"), min_cfg)


@node("VideoTriangleCFGGuidance", category="sampling/video_models")
def video_triangle_cfg(model: Model, min_cfg: MinCfg = 1.0) -> Model:
    """Guide the first and the last frame by min_cfg and the middle one by the sampler's cfg."""
    return mixing.triangle_over_frames(present(model, "MODEL"), min_cfg)
