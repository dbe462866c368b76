"""Arithmetic on latents: added, mixed, joined, cut, regrouped, and operations that samplers can apply too."""

from __future__ import annotations

from typing import Annotated, Any

from graph.node import MAX_RESOLUTION, Choice, Int, Slider, node
from models import latent_operations as operations
from nodes.values import Latent, LatentDict, LatentOperation


def _with_samples(latent: LatentDict, samples: Any) -> LatentDict:
    return {**latent, "samples": samples}


@node("LatentAdd", category="latent/advanced")
def add(samples1: Latent, samples2: Latent) -> Latent:
    """Add two latents; the second is scaled to the size of the first."""
    first = samples1["samples"]
    return _with_samples(samples1, first + operations.matched(first, samples2["samples"]))


@node("LatentSubtract", category="latent/advanced")
def subtract(samples1: Latent, samples2: Latent) -> Latent:
    """Take the second latent from the first; it is scaled to the size of the first."""
    first = samples1["samples"]
    return _with_samples(samples1, first - operations.matched(first, samples2["samples"]))


@node("LatentMultiply", category="latent/advanced")
def multiply(samples: Latent, multiplier: Annotated[float, Slider(min=-10.0, max=10.0, step=0.01)] = 1.0) -> Latent:
    """Make latents stronger or weaker."""
    return _with_samples(samples, samples["samples"] * multiplier)


@node("LatentInterpolate", category="latent/advanced")
def interpolate(
    samples1: Latent,
    samples2: Latent,
    ratio: Annotated[float, Slider(min=0.0, max=1.0, step=0.01, tooltip="1 is all of the first.")] = 1.0,
) -> Latent:
    """Mix two latents without the loss of contrast that their mean has."""
    first = samples1["samples"]
    second = operations.matched(first, samples2["samples"])
    return _with_samples(samples1, operations.interpolate(first, second, ratio))


@node("LatentConcat", category="latent/advanced")
def concat(
    samples1: Latent,
    samples2: Latent,
    dim: Annotated[str, Choice(options=("x", "-x", "y", "-y", "t", "-t"), tooltip="With -, the second comes first.")],
) -> Latent:
    """Join two latents side by side (x), one below the other (y) or one after the other (t, of videos)."""
    return _with_samples(samples1, operations.join(samples1["samples"], samples2["samples"], dim))


@node("LatentCut", category="latent/advanced")
def cut(
    samples: Latent,
    dim: Annotated[str, Choice(options=tuple(operations.AXES))],
    index: Annotated[
        int, Int(min=-MAX_RESOLUTION, max=MAX_RESOLUTION, tooltip="In latents; below 0 it counts from the end.")
    ] = 0,
    amount: Annotated[int, Int(min=1, max=MAX_RESOLUTION, tooltip="In latents.")] = 1,
) -> Latent:
    """Take some columns (x), rows (y) or frames (t, of videos) out of latents."""
    return _with_samples(samples, operations.cut(samples["samples"], dim, index, amount))


@node("LatentBatchSeedBehavior", category="latent/advanced", search_aliases=("same noise",))
def seed_behavior(
    samples: Latent, seed_behavior: Annotated[str, Choice(options=("random", "fixed"))] = "fixed"
) -> Latent:
    """Give every latent of a batch noise of its own (random), or all the noise of the first (fixed)."""
    result: LatentDict = {**samples}
    if seed_behavior == "fixed":
        result["batch_index"] = [samples.get("batch_index", [0])[0]] * len(samples["samples"])
    else:
        result.pop("batch_index", None)
    return result


@node("RebatchLatents", category="latent/batch", title="Rebatch Latents", input_is_list=True, output_is_list=(True,))
def rebatch(latents: Latent, batch_size: Annotated[int, Int(min=1, max=4096)] = 1) -> list[Latent]:
    """Regroup all latents of a list into batches of so many, which are then worked on one after the other."""
    size = batch_size[0] if isinstance(batch_size, list) else batch_size
    return operations.regrouped(latents if isinstance(latents, list) else [latents], size)


@node("LatentApplyOperation", category="latent/advanced/operations", experimental=True)
def apply_operation(samples: Latent, operation: LatentOperation) -> Latent:
    """Apply an operation to latents."""
    return _with_samples(samples, operation(latent=samples["samples"]))


@node("LatentOperationTonemapReinhard", category="latent/advanced/operations", experimental=True)
def tonemap_reinhard(
    multiplier: Annotated[float, Slider(min=0.0, max=100.0, step=0.01, tooltip="Less takes away more.")] = 1.0,
) -> LatentOperation:
    """An operation that takes the glare out of latents, as of a high guidance scale."""
    return operations.tonemapper(multiplier)


@node("LatentOperationSharpen", category="latent/advanced/operations", experimental=True)
def sharpen(
    sharpen_radius: Annotated[int, Int(min=1, max=31, tooltip="In latents.")] = 9,
    sigma: Annotated[float, Slider(min=0.1, max=10.0, step=0.1, tooltip="In radii.")] = 1.0,
    alpha: Annotated[float, Slider(min=0.0, max=5.0, step=0.01, tooltip="How strongly; 0 changes nothing.")] = 0.1,
) -> LatentOperation:
    """An operation that sharpens latents."""
    return operations.sharpener(sharpen_radius, sigma, alpha)
