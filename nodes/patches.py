"""What is changed inside a model's network: blocks, attention, precision, and answers that are used again."""

from __future__ import annotations

from typing import Annotated

import torch

from graph.context import Context
from graph.node import Choice, File, Int, Slider, Toggle, node
from models.guidance import caches, compiled, deep_shrink, freeu, tokens
from models.guidance.hypernetwork import read_hypernetwork, with_hypernetwork
from nodes.context import present
from nodes.values import Model

METHODS = ("bicubic", "nearest-exact", "bilinear", "area", "bislerp")
DTYPES = {"default": None, "fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}

Backbone = Slider(min=0.0, max=10.0, step=0.01, tooltip="More brings shapes out; 1 leaves them.")
Skip = Slider(min=0.0, max=10.0, step=0.01, tooltip="Less takes broad shapes from what skips over; 1 leaves them.")
Threshold = Annotated[
    float, Slider(min=0.0, max=3.0, step=0.01, tooltip="More skips more steps and strays further; 0 skips none.")
]
Percent = Slider(min=0.0, max=1.0, step=0.001, tooltip="How far along in the run, 0 to 1.")
CachePercent = Slider(min=0.0, max=1.0, step=0.01, tooltip="How far along in the run, 0 to 1.")
Verbose = Annotated[bool, Toggle(tooltip="Write in the log which steps are skipped.")]


@node("FreeU", category="model_patches/unet")
def free_u(
    model: Model,
    b1: Annotated[float, Backbone] = 1.1,
    b2: Annotated[float, Backbone] = 1.2,
    s1: Annotated[float, Skip] = 0.9,
    s2: Annotated[float, Skip] = 0.2,
) -> Model:
    """Strengthen what a UNet makes of the picture against what skips over, for clearer shapes at no cost."""
    return freeu.freeu(present(model, "MODEL"), b1, b2, s1, s2)


@node("FreeU_V2", category="model_patches/unet")
def free_u_v2(
    model: Model,
    b1: Annotated[float, Backbone] = 1.3,
    b2: Annotated[float, Backbone] = 1.4,
    s1: Annotated[float, Skip] = 0.9,
    s2: Annotated[float, Skip] = 0.2,
) -> Model:
    """As FreeU; shapes are strengthened where there are some."""
    return freeu.freeu_v2(present(model, "MODEL"), b1, b2, s1, s2)


@node("HyperTile", category="model_patches/unet")
def hyper_tile(
    model: Model,
    tile_size: Annotated[int, Int(min=1, max=2048, tooltip="Pixels along a tile's edge, at least.")] = 256,
    swap_size: Annotated[int, Int(min=1, max=128, tooltip="Among how many numbers of tiles is drawn.")] = 2,
    max_depth: Annotated[int, Int(min=0, max=10, tooltip="How many halvings of the picture are tiled too.")] = 0,
    scale_depth: Annotated[bool, Toggle(tooltip="Larger tiles in halved pictures.")] = False,
) -> Model:
    """Attend in tiles, which makes large pictures faster."""
    return tokens.hypertile(present(model, "MODEL"), tile_size, swap_size, max_depth, scale_depth)


@node("TomePatchModel", category="model_patches/unet")
def tome_patch_model(
    model: Model,
    ratio: Annotated[float, Slider(min=0.0, max=1.0, step=0.01, tooltip="How much of the picture is merged.")] = 0.3,
) -> Model:
    """Merge places that are alike before attention, which makes large pictures faster."""
    return tokens.merge_tokens(present(model, "MODEL"), ratio)


@node("PatchModelAddDownscale", category="model_patches/unet", title="PatchModelAddDownscale (Kohya Deep Shrink)")
def patch_model_add_downscale(
    model: Model,
    block_number: Annotated[int, Int(min=1, max=32, tooltip="After which input block the picture shrinks.")] = 3,
    downscale_factor: Annotated[float, Slider(min=0.1, max=9.0, step=0.001)] = 2.0,
    start_percent: Annotated[float, Percent] = 0.0,
    end_percent: Annotated[float, Percent] = 0.35,
    downscale_after_skip: Annotated[bool, Toggle(tooltip="Keep what skips over large.")] = True,
    *,
    downscale_method: Annotated[str, Choice(options=METHODS)],
    upscale_method: Annotated[str, Choice(options=METHODS)],
) -> Model:
    """Shrink the picture inside the UNet while outlines form, so that large pictures show a subject once."""
    return deep_shrink.deep_shrink(
        present(model, "MODEL"),
        block_number,
        downscale_factor,
        start_percent,
        end_percent,
        downscale_after_skip,
        downscale_method,
        upscale_method,
    )


@node("EasyCache", category="advanced/debug/model", experimental=True)
def easy_cache(
    model: Model,
    reuse_threshold: Threshold = 0.2,
    start_percent: Annotated[float, CachePercent] = 0.15,
    end_percent: Annotated[float, CachePercent] = 0.95,
    verbose: Verbose = False,
) -> Model:
    """Skip the network in steps in which its answer would change little."""
    return caches.easy_cache(present(model, "MODEL"), reuse_threshold, start_percent, end_percent, verbose)


@node("LazyCache", category="advanced/debug/model", experimental=True)
def lazy_cache(
    model: Model,
    reuse_threshold: Threshold = 0.2,
    start_percent: Annotated[float, CachePercent] = 0.15,
    end_percent: Annotated[float, CachePercent] = 0.95,
    verbose: Verbose = False,
) -> Model:
    """Skip whole steps whose result would change little; simpler than EasyCache, for any model."""
    return caches.lazy_cache(present(model, "MODEL"), reuse_threshold, start_percent, end_percent, verbose)


@node("TorchCompileModel", category="_for_testing", experimental=True)
def torch_compile_model(
    model: Model,
    backend: Annotated[str, Choice(options=("inductor", "cudagraphs"))],
) -> Model:
    """Compile a model's blocks: the first step takes minutes, those after it are faster."""
    return compiled.compiled(present(model, "MODEL"), backend)


@node("ModelComputeDtype", category="advanced/debug/model")
def model_compute_dtype(
    model: Model,
    dtype: Annotated[str, Choice(options=tuple(DTYPES), tooltip="default: as the server was started.")],
) -> Model:
    """Run a model in another precision."""
    model = present(model, "MODEL")
    return model if DTYPES[dtype] is None else model.with_options(dtype=DTYPES[dtype])


@node("HypernetworkLoader", category="loaders")
def hypernetwork_loader(
    model: Model,
    hypernetwork_name: Annotated[str, File(kind="hypernetworks", tooltip="A file in the hypernetworks folder.")],
    context: Context,
    strength: Annotated[float, Slider(min=-10.0, max=10.0, step=0.01)] = 1.0,
) -> Model:
    """Patch a model with a hypernetwork: small networks on what its attention looks at, which teach a style."""
    path = context.folders.resolve("hypernetworks", hypernetwork_name)
    return with_hypernetwork(present(model, "MODEL"), read_hypernetwork(path), strength)
