"""Small values for sockets, what can be seen of a value, and how a value is put to use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from fractions import Fraction
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from graph.context import Context
from graph.node import NodeType, Results
from graph.registry import Registry
from graph.spec import InputSpec
from models import guiders
from models.engine import Engine
from models.load import Component
from models.sampler_table import choose
from models.sampling import SeededNoise, ksample, sample
from models.upscale import load_upscaler
from models.video import VideoComponents, VideoFromComponents
from nodes.library import core_registry
from tests.nodes.graphs import constant
from tests.nodes.zoo import LATENT_CHANNELS, Zoo

UPSCALER = Path(__file__).parents[2] / "models" / "upscale_models" / "easel-realesr-x4.safetensors"

FILES = {
    "checkpoints": "sd1.safetensors",
    "diffusion_models": "sd1.safetensors",
    "diffusers": "whole",
    "vae": "sd1.safetensors",
    "loras": "both.safetensors",
    "text_encoders": "clip_l.safetensors",
    "clip_vision": "vit.safetensors",
    "style_models": "adapter.safetensors",
    "controlnet": "control.safetensors",
    "hypernetworks": "shift.pt",
    "upscale_models": UPSCALER.name,
    "output": "a.png",
}
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
"""A PNG of one grey pixel, as text."""
SPECIAL = {
    ("unCLIPCheckpointLoader", "ckpt_name"): "unclip.safetensors",
    ("DualCLIPLoader", "clip_name2"): "clip_g.safetensors",
    ("TripleCLIPLoader", "clip_name2"): "clip_g.safetensors",
    ("TripleCLIPLoader", "clip_name3"): "t5xxl.safetensors",
    ("LoadLatent", "latent"): "a.latent",
    ("LoadVideo", "file"): "a.mp4",
    ("RegexReplace", "regex_pattern"): "o",
    ("ImageScaleToTotalPixels", "megapixels"): 0.01,
    ("ImageToMask", "channel"): "red",
    ("WebcamCapture", "image"): "a.png",
    ("ETN_LoadImageCache", "id"): "sent",
    ("ETN_LoadImageBase64", "image"): DOT,
    ("ETN_LoadMaskBase64", "mask"): DOT,
    ("SkipLayerGuidanceSD3", "layers"): "1",
    ("SkipLayerGuidanceDiT", "double_layers"): "1",
    ("SkipLayerGuidanceDiT", "single_layers"): "0",
    ("SkipLayerGuidanceDiTSimple", "double_layers"): "1",
    ("SkipLayerGuidanceDiTSimple", "single_layers"): "0",
    ("CreateHookModelAsLora", "ckpt_name"): "sd1-other.safetensors",
    ("CreateHookModelAsLoraModelOnly", "ckpt_name"): "sd1-other.safetensors",
}
"""Where the default would ask for something large, or name a file of another kind."""

FAMILIES = {
    "CLIPTextEncodeSDXL": "sdxl",
    "CLIPTextEncodeSD3": "sd3",
    "CLIPTextEncodeFlux": "flux",
    "T5TokenizerOptions": "flux",
    "FluxGuidance": "flux",
    "FluxDisableGuidance": "flux",
    "ReferenceLatent": "flux",
    "FluxKontextMultiReferenceLatentMethod": "flux",
    "unCLIPConditioning": "unclip",
    "unCLIPCheckpointLoader": "unclip",
    "InpaintModelConditioning": "sd1-inpainting",
    "TripleCLIPLoader": "sd3",
    "DualCLIPLoader": "sdxl",
    "ModelMergeSD2": "unclip",
    "ModelMergeSDXL": "sdxl",
    "ModelMergeSD3_2B": "sd3",
    "ModelMergeSD35_Large": "sd3",
    "ModelMergeFlux1": "flux",
    "ModelSamplingSD3": "sd3",
    "ModelSamplingAuraFlow": "sd3",
    "ModelSamplingFlux": "flux",
    "SkipLayerGuidanceSD3": "sd3",
    "SkipLayerGuidanceDiT": "flux",
    "SkipLayerGuidanceDiTSimple": "flux",
    "CFGZeroStar": "sd3",
    "RenormCFG": "sd3",
}
"""Nodes for another family than Stable Diffusion 1."""

MAKERS = {
    "CLIP_VISION": "CLIPVisionLoader",
    "CLIP_VISION_OUTPUT": "CLIPVisionEncode",
    "STYLE_MODEL": "StyleModelLoader",
    "NOISE": "RandomNoise",
    "GUIDER": "CFGGuider",
    "SAMPLER": "KSamplerSelect",
    "LATENT_OPERATION": "LatentOperationSharpen",
    "CONTROL_NET": "ControlNetLoader",
    "HOOKS": "CreateHookLora",
    "HOOK_KEYFRAMES": "CreateHookKeyframe",
    "TIMESTEPS_RANGE": "ConditioningTimestepsRange",
}
"""The node that makes a value of a kind."""

NOT_USED = {"TorchCompileModel"}
"""Nodes whose output is only looked at: compiling a network takes a minute."""

SHARES = ("ModelMerge", "CLIPMerge")
"""Nodes whose shares are, at their default 1, of one model only."""


PROMPTS = {"negative": ("blurry",), "empty_conditioning": ("",), "conditioning_2": ("a red boat",)}
"""For sockets where others say something else than the first one."""


@dataclass
class Small:
    """Makes small values for the sockets of nodes, and small constants for their widgets."""

    zoo: Zoo
    context: Context
    registry: Registry = field(default_factory=core_registry)
    making: list[str] = field(default_factory=list)
    """Kinds of values that are being made; a node that makes one and takes another of it is not given any."""

    def inputs_of(self, node_type: NodeType, family: str | None = None) -> dict[str, Any]:
        spec = node_type.spec
        family = family or FAMILIES.get(spec.class_type, "sd1")
        taken = [i for i in spec.inputs if not (i.optional and i.type in self.making)]
        found = {i.name: self._given(spec.class_type, i, family) for i in taken}
        return {name: [item] for name, item in found.items()} if spec.input_is_list else found

    def call(self, class_type: str, family: str | None = None, **inputs: Any) -> tuple[Any, ...]:
        """What the node gives for small values, and these."""
        node_type = self.registry[class_type]
        found = node_type.call(self.context, {**self.inputs_of(node_type, family), **inputs})
        assert isinstance(found, Results)
        return found.values

    def _given(self, class_type: str, spec: InputSpec, family: str) -> Any:
        if (class_type, spec.name) in SPECIAL:
            return SPECIAL[class_type, spec.name]
        if spec.type == "CONDITIONING":
            return self.zoo.conditioning(family, *PROMPTS.get(spec.name, ()))
        if spec.name in ("model2", "clip2") and family == "sd1":
            return self.value(spec.type, "sd1-other")
        if class_type.startswith(SHARES) and spec.type == "FLOAT":
            return 0.3
        if spec.files is not None:
            return FILES.get(spec.files.kind, "a.png")
        return constant(spec) if spec.has_widget else self.value(spec.type, family)

    def value(self, kind: str, family: str = "sd1") -> Any:
        """Something small to put into a socket."""
        if kind in MAKERS:
            self.making.append(kind)
            made = self.call(MAKERS[kind], family)[0]
            self.making.pop()
            return made
        generator = torch.Generator().manual_seed(len(kind))
        match kind:
            case "MODEL":
                return self.zoo.model(family)
            case "CLIP":
                return self.zoo.clip(family)
            case "VAE":
                return self.zoo.vae(family)
            case "CONDITIONING":
                return self.zoo.conditioning(family)
            case "IMAGE":
                return torch.rand(2, 24, 32, 3, generator=generator)
            case "MASK":
                return torch.rand(1, 24, 32, generator=generator)
            case "LATENT":
                samples = torch.randn(2, LATENT_CHANNELS.get(family, 4), 16, 12, generator=generator)
                return {"samples": samples, "noise_mask": torch.rand(2, 1, 16, 12, generator=generator)}
            case "FLOATS":
                return [1.0, 0.5, 0.25]
            case "SIGMAS":
                return torch.tensor([14.0, 6.0, 2.0, 0.5, 0.0])
            case "UPSCALE_MODEL":
                return load_upscaler(UPSCALER)
            case "AUDIO":
                return {"waveform": torch.rand(1, 2, 8000, generator=generator) - 0.5, "sample_rate": 44100}
            case "VIDEO":
                return VideoFromComponents(VideoComponents(self.value("IMAGE"), Fraction(8), self.value("AUDIO")))
            case "SVG":
                return SimpleNamespace(data=[BytesIO(b"<svg></svg>")])
            case "*":
                return {"anything": [1, torch.zeros(2)]}
        raise LookupError(f"Nothing small is known of the kind {kind}. Name the node that makes one in MAKERS.")

    def use(self, kind: str, item: Any, family: str) -> None:
        """Do with a node's output what the next nodes of a graph would do; what comes out is whole."""
        zoo, latent = self.zoo, self.value("LATENT", family)
        prompts = zoo.conditioning(family)
        match kind:
            case "MODEL":
                made = _ksample(item, prompts, latent)
            case "CONDITIONING":
                made = _ksample(zoo.model(family), item, latent)
            case "CLIP":
                made = self.call("CLIPTextEncode", family, clip=item)[0][0][0]
            case "VAE":
                made = item.decode(latent["samples"])
            case "CLIP_VISION":
                made = item.encode(self.value("IMAGE")).image_embeds
            case "GUIDER":
                sigmas = torch.tensor([2.0, 1.0, 0.0])
                made = sample(item, latent, SeededNoise(1), sigmas, choose("euler")).latent["samples"]
            case "SAMPLER":
                guider = guiders.cfg(zoo.model(family), prompts[:1], prompts[1:], 2.0)
                sigmas = torch.tensor([5.0, 2.0, 1.0, 0.0])
                made = sample(guider, latent, SeededNoise(1), sigmas, item).latent["samples"]
            case "NOISE":
                made = item.generate_noise(latent)
            case "SIGMAS":
                assert item.dim() == 1
                made = item
            case "CONTROL_NET":
                positive, _ = self.call("ControlNetApplyAdvanced", family, control_net=item)
                made = _ksample(zoo.model(family), positive, latent)
            case "HOOKS":
                clip = self.call("SetClipHooks", family, hooks=item)[0]
                made = _ksample(zoo.model(family), self.call("CLIPTextEncode", family, clip=clip)[0], latent)
            case "HOOK_KEYFRAMES":
                hooks = self.call("SetHookKeyframes", family, hook_kf=item)[0]
                self.use("HOOKS", hooks, family)
                return
            case "LATENT_OPERATION":
                made = item(latent=latent["samples"])
            case _:
                return
        assert made.isfinite().all()


def _ksample(model: Any, prompts: list[Any], latent: dict[str, Any]) -> Tensor:
    settings = {"seed": 1, "steps": 2, "cfg": 3.0, "sampler": "euler", "scheduler": "normal"}
    return ksample(model, prompts, prompts[-1:], latent, **settings)["samples"]


def tensors(item: Any) -> list[Tensor]:
    """Those in a value made of tensors, dicts and lists."""
    if isinstance(item, Tensor):
        return [item]
    if isinstance(item, dict):
        item = list(item.values())
    return [t for part in item for t in tensors(part)] if isinstance(item, list | tuple) else []


CHECKS: dict[str, Callable[[Any], bool]] = {
    "IMAGE": lambda v: v.dim() == 4 and v.shape[-1] in (3, 4) and 0 <= v.min() <= v.max() <= 1,
    "MASK": lambda v: v.dim() == 3 and 0 <= v.min() <= v.max() <= 1,
    "LATENT": lambda v: v["samples"].dim() == 4 and bool(v["samples"].isfinite().all()),
    "CONDITIONING": lambda v: all(t.dim() == 3 and isinstance(options, dict) for t, options in v),
    "INT": lambda v: type(v) is int,
    "FLOAT": lambda v: type(v) is float,
    "LATENT_OPERATION": callable,
    "STRING": lambda v: type(v) is str,
    "BOOLEAN": lambda v: type(v) is bool,
}
"""What is true of a value of a kind."""


def state(item: Any) -> Any:
    """What a node could have changed about a value: tensors by version, shape and a hash of their bytes, containers and
    the attributes of objects by what they hold, each object by which it is. Weights in memory are `weights`' to tell.
    """
    if isinstance(item, Tensor):
        data = item.detach().contiguous().numpy().tobytes()
        return "tensor", item._version, item.dtype, tuple(item.shape), sha256(data).hexdigest()
    if isinstance(item, Engine | Component):
        return id(item)
    if isinstance(item, torch.nn.Module):
        return id(item), [(name, state(tensor)) for name, tensor in item.state_dict().items()]
    if isinstance(item, BytesIO):
        return id(item), item.getvalue()
    if isinstance(item, Mapping):
        return id(item), [(key, state(part)) for key, part in item.items()]
    if isinstance(item, list | tuple):
        return id(item), [state(part) for part in item]
    if isinstance(getattr(item, "__dict__", None), dict) and not isinstance(item, type):
        return id(item), [(key, state(part)) for key, part in vars(item).items()]
    return type(item), item


def components(item: Any) -> Iterator[Component]:
    """The files behind the handles in a value."""
    if isinstance(item, Component):
        yield item
    elif isinstance(item, dict):
        yield from components(list(item.values()))
    elif isinstance(item, list | tuple):
        for part in item:
            yield from components(part)
    elif is_dataclass(item) and not isinstance(item, Engine | type):
        for part in fields(item):
            yield from components(getattr(item, part.name))


def weights(zoo: Zoo, item: Any) -> dict[Component, list[Any]]:
    """The weights in memory behind the handles in a value, unpatched, by version and sum."""
    return {
        component: [(name, w._version, w.reshape(-1).view(torch.int32).sum()) for name, w in found.items()]
        for component in components(item)
        for found in [zoo.unpatched(component)]
    }
