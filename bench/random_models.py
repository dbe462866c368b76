"""Files of random weights in the true layouts and sizes of Stable Diffusion 1.5 and XL, for the benches.

Only the denoiser: that is what sampling costs. Values are small and all unlike, so that nothing is
skipped or overflows.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from models.networks.unet import Level, Unet
from models.vision_operators import make_torchvision_importable

PREFIX = "model.diffusion_model."
SIZES: dict[str, Unet] = {
    "sd15": Unet.of_levels(
        [Level(320, 2, 1), Level(640, 2, 1), Level(1280, 2, 1), Level(1280, 2, 0)], context=768, heads=8
    ),
    "sdxl": Unet.of_levels(
        [Level(320, 2, 0), Level(640, 2, 2), Level(1280, 2, 10)],
        middle_transformers=10, context=2048, linear=True, heads=None, vector=2816,
    ),
}  # fmt: skip
"""0.86 and 2.57 thousand million parameters."""


def make(family: str, folder: Path, dtype: torch.dtype) -> Path:
    """The file of a family's denoiser, written if it is not there yet."""
    path = folder / f"random-{family}-{str(dtype).removeprefix('torch.')}.safetensors"
    if path.exists():
        return path
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in SIZES[family].build().state_dict().items()}
    # A CPU would draw for a minute what a GPU draws in a second.
    generator = torch.Generator("cuda" if torch.cuda.is_available() else "cpu").manual_seed(0)
    tensors = {PREFIX + name: _values(name, shape, generator).to(dtype).cpu() for name, shape in shapes.items()}
    part = path.with_suffix(".part")
    save_file(tensors, part)
    part.replace(path)
    return path


def make_lora(family: str, folder: Path, rank: int = 16) -> Path:
    """A LoRA on every attention of a family's denoiser, kohya's names."""
    path = folder / f"random-{family}-lora.safetensors"
    if path.exists():
        return path
    with torch.device("meta"):
        state = SIZES[family].build().state_dict()
    generator = torch.Generator().manual_seed(1)
    tensors: dict[str, Tensor] = {}
    for name, value in state.items():
        if ".attn" in name and name.endswith(".weight"):
            stem = "lora_unet_" + name.removesuffix(".weight").replace(".", "_")
            tensors[f"{stem}.lora_down.weight"] = torch.randn(rank, value.shape[1], generator=generator) / 100
            tensors[f"{stem}.lora_up.weight"] = torch.randn(value.shape[0], rank, generator=generator) / 100
            tensors[f"{stem}.alpha"] = torch.tensor(float(rank))
    save_file(tensors, path)
    return path


def diffusers_unet(family: str, path: Path, dtype: torch.dtype, device: str) -> Any:
    """The same weights in diffusers' own module, by its own converter."""
    make_torchvision_importable()
    from diffusers import UNet2DConditionModel
    from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint
    from safetensors.torch import load_file

    config: dict[str, Any] = {
        "sample_size": 64, "cross_attention_dim": 768, "attention_head_dim": 8,
        "block_out_channels": (320, 640, 1280, 1280),
    }  # fmt: skip
    if family == "sdxl":
        config = {
            "sample_size": 128, "cross_attention_dim": 2048, "attention_head_dim": [5, 10, 20],
            "block_out_channels": (320, 640, 1280), "transformer_layers_per_block": [1, 2, 10],
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "use_linear_projection": True, "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        }  # fmt: skip
    with torch.device("meta"):
        module = UNet2DConditionModel(**config)
    converted = convert_ldm_unet_checkpoint(load_file(path), dict(module.config))
    weights = {name: value.to(device, dtype) for name, value in converted.items()}
    module.load_state_dict(weights, assign=True)
    return module.eval().requires_grad_(False)


def _values(name: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    if len(shape) == 1:
        return _normal(shape, generator) * 0.02 + (1.0 if name.endswith("weight") else 0.0)
    return _normal(shape, generator) / math.sqrt(math.prod(shape[1:]))


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device)
