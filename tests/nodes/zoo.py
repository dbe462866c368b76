"""A models folder with a tiny file of every kind in its true layout, and the handles that the engine makes of them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from models.engine import Engine
from models.handles import Clip, Model, Vae
from models.load import Component, weight_of
from models.networks.clip_text import ClipText
from models.networks.controlnet import ControlNet
from models.networks.flux import Flux
from models.networks.mmdit import Mmdit
from models.networks.style import Redux, StyleAdapter
from models.networks.t2i_adapter import T2iAdapter
from models.networks.taesd import DECODER, ENCODER, Half, Taesd
from models.networks.unet import Level, Unet
from models.networks.vae import VaeNetwork
from models.vision import ImageEncoder, StyleModel
from tests.models.conftest import PREFIXES, TEXT, TEXT2, VAE, filled, in_layout
from tests.models.text_models import (
    clip_text,
    clip_vision,
    open_clip_vision,
    randomised,
    t5,
    tensors_of,
    write_t5_tokenizer,
)

TEXT_G = ClipText(128, 3, 256, 49408, 77, 2, "gelu", True, "", 1280, "text_projection")
"""Wider than CLIP-L's 64, so that loaders tell them apart, and with the projection that SDXL's vector is cut for."""
T5_WIDTH = 192
"""CLIP-L's width and OpenCLIP-G's, which SD3 fills up to T5's."""

WIDE: dict[str, Any] = {"context": 192, "linear": True, "heads": None, "vector": 2816, "middle_transformers": 3}
XL_LEVELS = [Level(64, 2, 0), Level(64, 2, 2), Level(128, 2, 3)]
LEVELS = [Level(32, 2, 1), Level(32, 2, 1), Level(64, 2, 1), Level(64, 2, 0)]
"""As many as in Stable Diffusion 1: adapters and merges count its blocks."""
UNET = Unet.of_levels(LEVELS, context=64, heads=8)
INPAINTING = Unet.of_levels(LEVELS, context=64, heads=8, in_channels=9)
UNCLIP = Unet.of_levels([Level(64, 1, 1), Level(64, 1, 1)], context=64, linear=True, heads=None, vector=2 * 768)
"""Its vector is twice as wide as the image encoder's projection."""
DENOISERS = {
    "sd1": UNET,
    "sd1-other": UNET,
    "sd1-inpainting": INPAINTING,
    "unclip": UNCLIP,
    "sdxl": Unet.of_levels(XL_LEVELS, **WIDE),
    "sd3": Mmdit(64, 3, 16, 16, 2, T5_WIDTH, 64 + 1280, 16 * 16, normalised=True),
    "flux": Flux(64, 2, 2, 2, 16, 16, T5_WIDTH, 64, guided=True, mlp=256),
}
VAE16 = VaeNetwork(channels=(32, 32, 32, 32), resnets=1, latent_channels=16, quantised=False)
CONTROL = ControlNet(UNET, (3, 16, 16, 16, 16, 16, 16, 16, 32))
ADAPTER = T2iAdapter(3, (32, 32, 64, 64), 8)
LATENT_CHANNELS = {"sd3": 16, "flux": 16}

Tensors = dict[str, Tensor]


class Zoo:
    """The folder, an engine of fp32 on the CPU, and each handle once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.engine = Engine("cpu", "fp32")
        _write(root)

    def path(self, name: str) -> Path:
        """name: "loras/both" for loras/both.safetensors."""
        return self.root / f"{name}.safetensors"

    @cache  # noqa: B019 (there is one zoo a session)
    def loaded(self, family: str) -> tuple[Model, Clip, Vae]:
        """family: a key of DENOISERS."""
        load = self.engine
        if family == "sd1-inpainting":
            return (load.load_model(self.path(f"diffusion_models/{family}")), *self.loaded("sd1")[1:])
        if family in ("sd3", "flux"):
            encoders = ("clip_l", "clip_g", "t5xxl") if family == "sd3" else ("clip_l", "t5xxl")
            clip = load.load_clip([self.path(f"text_encoders/{name}") for name in encoders], family)
            model = load.load_model(self.path(f"diffusion_models/{family}"))
            return model, clip, load.load_vae(self.path("vae/sd3"))
        model, clip, vae = load.load_checkpoint(self.path(f"checkpoints/{family}"))
        assert clip is not None
        assert vae is not None
        return model, clip, vae

    def model(self, family: str = "sd1") -> Model:
        return self.loaded(family)[0]

    def clip(self, family: str = "sd1") -> Clip:
        return self.loaded(family)[1]

    def vae(self, family: str = "sd1") -> Vae:
        return self.loaded(family)[2]

    @cache  # noqa: B019
    def clip_vision(self) -> ImageEncoder:
        return self.engine.load_clip_vision(self.path("clip_vision/vit"))

    @cache  # noqa: B019
    def style_model(self, family: str = "sd1") -> StyleModel:
        name = "redux" if family == "flux" else "adapter"
        return self.engine.load_style_model(self.path(f"style_models/{name}"))

    def conditioning(self, family: str = "sd1", *prompts: str) -> list[Any]:
        """An entry for each prompt."""
        tokenizer = self.root / "text_encoders" / "t5_tokenizer" / "tokenizer.json"
        return [
            entry
            for prompt in prompts or ("a photo of a cat", "rain at night")
            for entry in self.clip(family).encode(prompt, lambda name: None, lambda: tokenizer)
        ]

    def components(self) -> list[Component]:
        """Of all handles that were made."""
        found: list[Component] = []
        for family in DENOISERS:
            model, clip, vae = self.loaded(family)
            found += [model.component, *clip.components.values(), vae.component]
        return found

    def unpatched(self, component: Component) -> Tensors:
        """The weights as they lie in memory when nothing is patched."""
        with self.engine.residency.use(component, torch.float32) as module:
            return dict(module.named_parameters())

    def changed(self, component: Component) -> list[str]:
        """Names of the weights in memory that are not the file's."""
        weights = self.unpatched(component)
        return [name for name, weight in weights.items() if not torch.equal(weight, weight_of(component, name))]


def _write(root: Path) -> None:
    def write(name: str, tensors: Tensors) -> None:
        path = root / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({key: value.contiguous() for key, value in tensors.items()}, path)

    vae = in_layout(VAE, filled(VAE), PREFIXES["vae"])
    text = in_layout(TEXT, filled(TEXT), PREFIXES["text"])
    write("checkpoints/sd1", in_layout(UNET, filled(UNET), PREFIXES["unet"]) | vae | text)
    xl = in_layout(DENOISERS["sdxl"], filled(DENOISERS["sdxl"]), PREFIXES["unet"]) | vae
    xl |= in_layout(TEXT, filled(TEXT), "conditioner.embedders.0.transformer.")
    xl |= in_layout(TEXT_G, filled(TEXT_G), "conditioner.embedders.1.model.")
    write("checkpoints/sdxl", xl)
    unclip = in_layout(UNCLIP, filled(UNCLIP), PREFIXES["unet"]) | vae
    unclip |= in_layout(TEXT2, filled(TEXT2), "cond_stage_model.model.")
    write("checkpoints/unclip", unclip | open_clip_vision(clip_vision(projection=768), "embedder.model.visual."))

    other = in_layout(UNET, filled(UNET, 1), PREFIXES["unet"]) | in_layout(TEXT, filled(TEXT, 1), PREFIXES["text"])
    write("checkpoints/sd1-other", other | vae)
    for seed, name in enumerate(("sd1", "sd1-inpainting", "sd3", "flux")):
        write(f"diffusion_models/{name}", in_layout(DENOISERS[name], filled(DENOISERS[name], seed), ""))
    write("vae/sd1", in_layout(VAE, filled(VAE, 5), ""))
    write("vae/sd3", in_layout(VAE16, filled(VAE16), ""))
    write("text_encoders/clip_l", in_layout(TEXT, filled(TEXT, 3), ""))
    write("text_encoders/clip_g", in_layout(TEXT_G, filled(TEXT_G, 3), ""))
    write("text_encoders/t5xxl", tensors_of(t5(T5_WIDTH)))
    write_t5_tokenizer(root / "text_encoders" / "t5_tokenizer" / "tokenizer.json")
    write("clip_vision/vit", tensors_of(clip_vision(projection=768)))
    for name, style in (("adapter", StyleAdapter(64, 1, 4, 64)), ("redux", Redux(64, 96, T5_WIDTH))):
        write(f"style_models/{name}", filled(style).state_dict())
    write("loras/both", _lora())
    write("embeddings/shade", {"emb_params": torch.randn(2, 64, generator=torch.Generator().manual_seed(1))})
    write("controlnet/control", in_layout(CONTROL, filled(CONTROL), ""))
    write("controlnet/adapter", in_layout(ADAPTER, filled(ADAPTER), ""))
    for half in ("encoder", "decoder"):
        write(f"vae_approx/taesd_{half}", _half_of_taesd(half))
    path = root / "hypernetworks" / "shift.pt"
    path.parent.mkdir()
    torch.save(_hypernetwork(), path)
    _write_diffusers(root / "diffusers" / "whole")


def _lora() -> Tensors:
    """Of kohya's make, for a few weights of the UNet and of CLIP-L."""
    generator = torch.Generator().manual_seed(7)
    shapes = {
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q": (32, 32),
        "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k": (64, 64),
        "lora_unet_down_blocks_0_resnets_0_conv1": (32, 32, 3, 3),
        "lora_te_text_model_encoder_layers_1_self_attn_v_proj": (64, 64),
    }
    found: Tensors = {}
    for name, (leaves, enters, *kernel) in shapes.items():
        ones = [1] * len(kernel)
        found[f"{name}.lora_down.weight"] = torch.randn(4, enters, *kernel, generator=generator)
        found[f"{name}.lora_up.weight"] = torch.randn(leaves, 4, *ones, generator=generator) / 8
        found[f"{name}.alpha"] = torch.tensor(2.0)
    return found


def _hypernetwork() -> dict[Any, Any]:
    """Two layers each for keys and values that are made of 64 channels, as the text is."""

    def layers(seed: int) -> Tensors:
        return dict(randomised(nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64)), seed).state_dict())

    return {64: (layers(1), layers(2)), "activation_func": "relu", "layer_structure": [1, 2, 1]}


def _half_of_taesd(half: str) -> Tensors:
    start = ENCODER if half == "encoder" else DECODER
    network = Taesd(4, 16, Half(ENCODER), Half(DECODER))
    return {name.removeprefix(start): v for name, v in filled(network).state_dict().items() if name.startswith(start)}


def _write_diffusers(folder: Path) -> None:
    """Stable Diffusion 1 as diffusers keeps it: a folder for each part."""
    from diffusers import AutoencoderKL, UNet2DConditionModel  # after text_models made torchvision importable

    unet = UNet2DConditionModel(
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=8,
        cross_attention_dim=64,
    )
    vae = AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    parts: dict[str, nn.Module] = {"unet": unet, "vae": vae, "text_encoder": clip_text()}
    folder.mkdir(parents=True)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}), "utf-8")
    for seed, (name, module) in enumerate(parts.items()):
        (folder / name).mkdir()
        stem = "model" if name == "text_encoder" else "diffusion_pytorch_model"
        save_file(tensors_of(randomised(module, seed)), folder / name / f"{stem}.safetensors")
