# pyright: basic
# ComfyUI's names, untyped as packs use them.
"""`comfy.sd`: models from files and from tensors that were read already."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

from torch import Tensor

from graph.whole_files import whole_file
from models.files import WeightFile, in_memory
from models.patches import lora_of
from nodes.compat.boundary import for_pack, from_pack
from nodes.compat.handles.clip import PackClip
from nodes.compat.handles.model import PackModel
from nodes.compat.handles.now import engine_now
from nodes.compat.handles.style import PackStyle
from nodes.compat.handles.vae import PackVae
from nodes.compat.stand_in import NotSupported

_log = logging.getLogger("packs")

__all__ = [
    "CLIP",
    "VAE",
    "CLIPType",
    "StyleModel",
    "load_checkpoint",
    "load_checkpoint_guess_config",
    "load_clip",
    "load_diffusion_model",
    "load_diffusion_model_state_dict",
    "load_lora_for_models",
    "load_state_dict_guess_config",
    "load_style_model",
    "load_text_encoder_state_dicts",
    "load_unet",
    "load_unet_state_dict",
    "save_checkpoint",
]

StyleModel = PackStyle


class CLIPType(Enum):
    STABLE_DIFFUSION = 1
    STABLE_CASCADE = 2
    SD3 = 3
    STABLE_AUDIO = 4
    HUNYUAN_DIT = 5
    FLUX = 6
    MOCHI = 7
    LTXV = 8
    HUNYUAN_VIDEO = 9
    PIXART = 10
    COSMOS = 11
    LUMINA2 = 12
    WAN = 13
    HIDREAM = 14
    CHROMA = 15
    ACE = 16
    OMNIGEN2 = 17
    QWEN_IMAGE = 18
    HUNYUAN_IMAGE = 19


class VAE(PackVae):
    """A VAE from tensors that a pack has read."""

    def __init__(self, sd: Any = None, device: Any = None, config: Any = None, dtype: Any = None, **_: Any) -> None:
        if sd is None:
            raise NotSupported("A node makes a VAE of nothing: Easel needs its weights.")
        if config is not None:
            raise NotSupported("A node describes a VAE by a configuration of its own, which Easel cannot build.")
        super().__init__(_vae_of(sd))


def _vae_of(sd: Mapping[str, Tensor]) -> Any:
    """A whole VAE; of TAESD's two halves in one."""
    return engine_now().load_vae(in_memory(dict(sd), "a VAE that a node pack read"))


class CLIP(PackClip):
    """A text encoder. Packs load one by `load_clip` or `load_text_encoder_state_dicts`."""

    def __init__(self, target: Any = None, **_: Any) -> None:
        if target is None or not hasattr(target, "recipe"):
            raise NotSupported("A node builds a text encoder of ComfyUI's own parts, which Easel does not have.")
        super().__init__(target)


def _file(path: Any) -> Path | WeightFile:
    return path if isinstance(path, WeightFile) else Path(path)


def load_checkpoint_guess_config(
    ckpt_path: Any,
    output_vae: bool = True,
    output_clip: bool = True,
    output_clipvision: bool = False,
    embedding_directory: Any = None,
    output_model: bool = True,
    model_options: Any = None,
    te_model_options: Any = None,
    **_: Any,
) -> tuple[Any, Any, Any, Any]:
    """(model, clip, vae, image encoder): None for what was not asked for, or is not in the file."""
    engine = engine_now()
    if output_clipvision:
        found = engine.load_unclip(_file(ckpt_path))
    else:
        found = (*engine.load_checkpoint(_file(ckpt_path)), None)
    wanted = (output_model, output_clip, output_vae, output_clipvision)
    return tuple(for_pack(part) if asked else None for part, asked in zip(found, wanted, strict=True))  # type: ignore


def load_checkpoint(
    config_path: Any = None,
    ckpt_path: Any = None,
    output_vae: bool = True,
    output_clip: bool = True,
    embedding_directory: Any = None,
    state_dict: Any = None,
    config: Any = None,
) -> tuple[Any, Any, Any]:
    """(model, clip, vae): the file says what it is; a configuration file is not needed."""
    source = ckpt_path if state_dict is None else in_memory(dict(state_dict), "a checkpoint that a node pack read")
    return load_checkpoint_guess_config(source, output_vae, output_clip)[:3]


def load_state_dict_guess_config(
    sd: Any,
    output_vae: bool = True,
    output_clip: bool = True,
    output_clipvision: bool = False,
    embedding_directory: Any = None,
    output_model: bool = True,
    **_: Any,
) -> tuple[Any, Any, Any, Any]:
    source = in_memory(dict(sd), "a checkpoint that a node pack read")
    return load_checkpoint_guess_config(source, output_vae, output_clip, output_clipvision, None, output_model)


def load_diffusion_model(unet_path: Any, model_options: Any = None, **_: Any) -> PackModel:
    """A denoiser from a file of its own. model_options: its precision, by `dtype`."""
    dtype = (model_options or {}).get("dtype")
    return for_pack(engine_now().load_model(_file(unet_path), dtype if _is_usual(dtype) else None))


def _is_usual(dtype: Any) -> bool:
    """Weights of eight bits are kept in the engine's own precision."""
    return dtype is not None and dtype.itemsize > 1


def load_diffusion_model_state_dict(sd: Any, model_options: Any = None, metadata: Any = None, **_: Any) -> PackModel:
    return load_diffusion_model(in_memory(dict(sd), "a model that a node pack read"), model_options)


def load_unet(unet_path: Any, dtype: Any = None) -> PackModel:
    return load_diffusion_model(unet_path, {"dtype": dtype})


def load_unet_state_dict(sd: Any, dtype: Any = None) -> PackModel:
    return load_diffusion_model_state_dict(sd, {"dtype": dtype})


def load_clip(
    ckpt_paths: Sequence[Any],
    embedding_directory: Any = None,
    clip_type: Any = CLIPType.STABLE_DIFFUSION,
    model_options: Any = None,
) -> PackClip:
    """Text encoders from files of one each."""
    files = [_file(path) for path in ckpt_paths]
    return for_pack(engine_now().load_clip(files, _type_name(clip_type, len(files))))


def load_text_encoder_state_dicts(
    state_dicts: Sequence[Any] = (),
    embedding_directory: Any = None,
    clip_type: Any = CLIPType.STABLE_DIFFUSION,
    model_options: Any = None,
) -> PackClip:
    files = [in_memory(dict(sd), f"text encoder {i + 1} that a node pack read") for i, sd in enumerate(state_dicts)]
    return load_clip(files, None, clip_type)


def _type_name(clip_type: Any, count: int) -> str:
    name = getattr(clip_type, "name", str(clip_type)).lower()
    return "sdxl" if name == "stable_diffusion" and count == 2 else name


def load_style_model(ckpt_path: Any) -> PackStyle:
    return for_pack(engine_now().load_style_model(_file(ckpt_path)))


def load_lora_for_models(
    model: Any, clip: Any, lora: Any, strength_model: float, strength_clip: float
) -> tuple[Any, Any]:
    """Both with a LoRA's tensors. What of it fits neither is logged."""
    read = lora_of(dict(lora), "a LoRA that a node pack read")
    changed = _wearing(model, strength_model, read), _wearing(clip, strength_clip, read)
    if all(new is None or new is old for new, old in zip(changed, (model, clip), strict=True)):
        _log.warning("a LoRA that a node pack read has no change that fits the model or its text encoders")
    return changed


def _wearing(view: Any, strength: float, lora: Any) -> Any:
    """A view with a LoRA, in whatever state it is."""
    if view is None or strength == 0:
        return None if view is None else view.clone()
    handle = from_pack(view)
    return for_pack(handle.with_lora(lora, strength))


def save_checkpoint(
    output_path: str,
    model: Any,
    clip: Any = None,
    vae: Any = None,
    clip_vision: Any = None,
    metadata: Any = None,
    extra_keys: Any = None,
) -> None:
    """A checkpoint of all that is given, changes of weights included."""
    from models.safetensors_writer import sorted_for_file, write_tensors
    from models.save_weights import VAE as VAE_PREFIX
    from models.save_weights import clip_items, model_items, vae_items

    if clip_vision is not None:
        raise NotSupported("Easel saves no image encoder in a checkpoint.")
    items = model_items(from_pack(model))
    items += [] if clip is None else clip_items(from_pack(clip))
    items += [] if vae is None else vae_items(from_pack(vae), VAE_PREFIX)
    texts = {str(name): str(value) for name, value in (metadata or {}).items()}
    with whole_file(Path(output_path)) as file:
        write_tensors(file, sorted_for_file(items), texts)
