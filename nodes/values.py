"""The values that travel along links: the shape and range of each socket type, said once.

All are ComfyUI's, so that node packs written for it work. A node never changes a value it was given.
"""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

from torch import Tensor

from graph.node import Socket


class LatentDict(TypedDict):
    """A batch of latents with what goes along with it."""

    samples: Tensor
    """(b, c, h/8, w/8) float32; c is 4 for Stable Diffusion, 16 for later families. Unscaled: about unit variance times
    the family's factor, as the VAE's encoder gives them."""
    noise_mask: NotRequired[Tensor]
    """(1 or b, 1, h, w) in [0, 1], in any size; 1 where the sampler draws, 0 where it keeps."""
    batch_index: NotRequired[list[int]]
    """For each latent, which of the noises drawn from one seed is its own."""


Image = Annotated[Tensor, Socket("IMAGE")]
"""(b, h, w, c) float32 in [0, 1]; c is 3, or 4 with alpha (1 is opaque)."""

Mask = Annotated[Tensor, Socket("MASK")]
"""(b, h, w) float32 in [0, 1]; 1 is selected. A loaded picture's mask is 1 where the picture is transparent."""

Latent = Annotated[LatentDict, Socket("LATENT")]

ConditioningList = list[Any]
"""`[[tensor (1, 77n, width), {"pooled_output": (1, width), ...}], ...]`: each pair is one prompt, and the dict says
where, when and how strongly it holds (`area`, `mask`, `strength`, `start_percent`, ...)."""

Conditioning = Annotated[ConditioningList, Socket("CONDITIONING")]

Model = Annotated[Any, Socket("MODEL")]
"""`models.handles.Model`: a denoiser's file and the patches on it; immutable."""

Clip = Annotated[Any, Socket("CLIP")]
"""`models.handles.Clip`: text encoders and their tokenizers; immutable. None for a checkpoint that has none."""

Vae = Annotated[Any, Socket("VAE")]
"""`models.handles.Vae`: pixels to latents and back; immutable. None for a checkpoint that has none."""

Sigmas = Annotated[Tensor, Socket("SIGMAS")]
"""(steps + 1,) float32: the levels of noise of a run, falling, most often to 0."""

Noise = Annotated[Any, Socket("NOISE")]
"""`models.sampling.SeededNoise`, or a pack's object: `seed`, and `generate_noise(latent)` -> (b, c, h/8, w/8)."""

Sampler = Annotated[Any, Socket("SAMPLER")]
"""`models.sampler_table.SamplerChoice`: a sampler with its options; immutable."""

Guider = Annotated[Any, Socket("GUIDER")]
"""`models.guiders.Guider`: a model, prompts, and how they are followed; immutable."""

ControlNet = Annotated[Any, Socket("CONTROL_NET")]
"""`models.control.Control`: a ControlNet or T2I-Adapter; immutable."""

UpscaleModel = Annotated[Any, Socket("UPSCALE_MODEL")]
"""`spandrel.ImageModelDescriptor`: a network that enlarges or restores pictures, float32, on the CPU."""

LatentOperation = Annotated[Any, Socket("LATENT_OPERATION")]
"""`models.latent_operations.Operation`: called with `latent=` (b, c, h, w), gives as much and changes nothing."""

Hooks = Annotated[Any, Socket("HOOKS")]
"""`models.hook_groups.HookGroup`: changes of weights for the conditionings that carry it; immutable."""

HookKeyframes = Annotated[Any, Socket("HOOK_KEYFRAMES")]
"""`models.hook_groups.Keyframes`: strengths in the course of a run; immutable."""

TimestepsRange = Annotated[tuple[float, float], Socket("TIMESTEPS_RANGE")]
"""From where to where in a run, each 0 to 1."""

Svg = Annotated[Any, Socket("SVG")]
"""Vector pictures: an object whose `data` is a list of files open for reading bytes, as packs make it."""

Video = Annotated[Any, Socket("VIDEO")]
"""`models.video.Video`, or a pack's object with its methods: pictures at a rate, with or without a sound."""

Audio = Annotated[Any, Socket("AUDIO")]
"""`{"waveform": (b, channels, samples) float32 in [-1, 1], "sample_rate": samples a second}`, or None for no sound."""

Anything = Annotated[Any, Socket("*")]
