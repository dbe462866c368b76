"""What a model file is, from its table of contents alone: kind, family, precision, what its maker wrote into it.

Nothing is loaded and no pickle is opened. A file that lies or is damaged is described by a sentence.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from .detect import find_denoiser
from .errors import CheckpointError
from .files import Shape, Stamp, WeightFile
from .patches.families import by_shapes
from .patches.keys import plain
from .safetensors_header import what_is_wrong
from .safetensors_table import LARGEST_HEADER
from .what_it_is import later_family

LARGEST_VALUE = 2000
"""Letters of one entry of the metadata that is passed on."""
MOST_ENTRIES = 200
MOST_TAGS = 60
LARGEST_DIMENSION = 1 << 40

_BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2}
_LABELS = {
    "F32": "fp32",
    "F16": "fp16",
    "BF16": "bf16",
    "F8_E4M3": "fp8 e4m3",
    "F8_E5M2": "fp8 e5m2",
    "F64": "fp64",
    "I8": "int8",
    "U8": "4 or 8 bits",
}
_SHORT = {
    "Stable Diffusion 1": "SD 1",
    "Stable Diffusion 2": "SD 2",
    "Stable Diffusion XL": "SDXL",
    "the refiner of Stable Diffusion XL": "SDXL refiner",
    "Stable Diffusion XL refiner": "SDXL refiner",
    "Stable Diffusion 3": "SD 3",
    "Flux": "Flux.1",
}
_WIDTHS = {768: "SD 1", 1024: "SD 2", 2048: "SDXL"}
_PASSED_OVER = frozenset({"ss_tag_frequency", "ss_bucket_info", "ss_dataset_dirs", "modelspec.thumbnail"})
_LORA_ENDINGS = ("lora_up.weight", "lora.up.weight", "lora_linear_layer.up.weight")
_LORA_ENDINGS += (
    "lora_A.weight",
    "lora_A.default.weight",
    "hada_w1_a",
    "lokr_w1",
    "lokr_w1_a",
    "oft_blocks",
    "dora_scale",
)
_VAE = tuple(
    f"{before}{half}.conv_in." for before in ("", "first_stage_model.", "vae.") for half in ("decoder", "encoder")
)
_CONTROL = ("zero_convs.", "control_model.", "controlnet_blocks.", "controlnet_cond_embedding.", "lora_controlnet")


def describe(path: Path) -> dict[str, Any]:
    """Facts for people, as JSON: `kind`, `family`, `variant`, `precision` (each "" where it is not known),
    `parameters`, `tensors`, `parts`, `prediction` ("v" where the file says so), `metadata`, `triggers`, `tags` (word
    and count), `problem` (a sentence, or "")."""
    facts: dict[str, Any] = {
        "kind": "",
        "family": "",
        "variant": "",
        "precision": "",
        "parameters": 0,
        "tensors": 0,
        "parts": [],
        "prediction": "",
        "metadata": {},
        "triggers": [],
        "tags": [],
        "problem": "",
    }
    if path.suffix.lower() not in (".safetensors", ".sft"):
        return facts
    try:
        table = _read(path)
    except CheckpointError as error:
        return {**facts, "problem": str(error)}
    metadata = _strings(table.pop("__metadata__", None))
    shapes, counts = _shapes(table)
    facts |= {
        "tensors": len(shapes),
        "parameters": sum(counts.values()),
        "precision": _precision(counts),
        "prediction": "v" if _says_v(shapes, metadata) else "",
        "metadata": _told(metadata),
        "triggers": _triggers(metadata),
        "tags": _tags(metadata.get("ss_tag_frequency", "")),
    }
    return facts | _what(WeightFile(path, ((path, Stamp(0, 0)),), shapes, {}, metadata, {}))


def _read(path: Path) -> dict[str, Any]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if 8 + length > size or length < 2:
                raise CheckpointError(path, *what_is_wrong(path, size, ValueError("it is no table of contents")))
            if length > LARGEST_HEADER:
                raise CheckpointError(path, f"its table of contents alone has {length >> 20} MB, so it was not read")
            table = json.loads(file.read(length))
        if not isinstance(table, dict):
            raise ValueError("it is no table of contents")
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(path, f"it cannot be read: {error}") from None
    return table


def _strings(metadata: object) -> dict[str, str]:
    items = metadata.items() if isinstance(metadata, dict) else ()
    return {str(key): value for key, value in items if isinstance(value, str)}


def _shapes(table: Mapping[str, Any]) -> tuple[dict[str, Shape], Counter[str]]:
    """The tensors' shapes, and how many numbers there are of each precision."""
    shapes: dict[str, Shape] = {}
    counts: Counter[str] = Counter()
    for name, entry in table.items():
        shape = entry.get("shape") if isinstance(entry, dict) else None
        sides: list[Any] = shape if isinstance(shape, list) else [None]
        if not all(isinstance(side, int) and 0 <= side < LARGEST_DIMENSION for side in sides):
            continue  # it lies
        shapes[name] = tuple(sides)
        counts[str(entry.get("dtype"))] += prod(sides)
    return shapes, counts


def _precision(counts: Counter[str]) -> str:
    """Of most of its bytes."""
    weighed = {kind: count * _BYTES.get(kind, 1) for kind, count in counts.items()}
    most = max(weighed, key=lambda kind: weighed[kind], default="")
    return _LABELS.get(most, most.lower()) if weighed.get(most) else ""


def _says_v(shapes: Mapping[str, Shape], metadata: Mapping[str, str]) -> bool:
    """Whether the file says that its model predicts v: an empty tensor of that name, or its maker's words."""
    return (
        "v_pred" in shapes
        or any(name.endswith(".v_pred") for name in shapes)
        or metadata.get("modelspec.prediction_type") in ("v", "v_prediction")
    )


def _what(file: WeightFile) -> dict[str, Any]:
    shapes = file.shapes
    if any(name.endswith(_LORA_ENDINGS) for name in shapes):
        return {"kind": "LoRA", "family": _short(by_shapes(shapes)) or _by_words(file.metadata)}
    if _any(shapes, *_CONTROL):
        return {"kind": "ControlNet", "family": _by_text(shapes)}
    try:
        if (found := find_denoiser(file)) is not None:
            family, component = found
            parts = _parts(shapes)
            kind = "checkpoint" if parts else "diffusion model"
            variant = family.kinds(component.network)
            return {"kind": kind, "family": _short(family.title), "variant": variant, "parts": parts}
        if (later := later_family(shapes)) is not None:
            parts = _parts(shapes)
            return {"kind": "checkpoint" if parts else "diffusion model", "family": later, "parts": parts}
    except CheckpointError as error:
        return {"kind": "checkpoint" if _parts(shapes) else "diffusion model", "problem": str(error)}
    if _any(shapes, *_VAE):
        return {"kind": "VAE", "family": _vae_family(shapes)}
    return _other(file)


def _other(file: WeightFile) -> dict[str, Any]:
    shapes = file.shapes
    if "clip_g" in shapes:
        return {"kind": "embedding", "family": "SDXL"}
    if _any(shapes, "vision_model.", "visual."):
        return {"kind": "image encoder"}
    if _any(shapes, "text_model.", "encoder.block.0.", "transformer.resblocks.", "model.embed_tokens.", "shared."):
        return {"kind": "text encoder"}
    if _any(
        shapes, "body.0.rdb1.", "model.1.sub.0.", "conv_first.", "upsampler.", "layers.0.residual_group.", "body.0."
    ):
        return {"kind": "upscaler"}
    if "emb_params" in shapes or (len(shapes) == 1 and all(len(shape) == 2 for shape in shapes.values())):
        return {"kind": "embedding", "family": _WIDTHS.get((0, *next(iter(shapes.values())))[-1], "")}
    return {"family": _by_words(file.metadata)}


def _parts(shapes: Mapping[str, Shape]) -> list[str]:
    named = {
        "text encoders": ("cond_stage_model.", "conditioner.embedders.", "text_encoders."),
        "VAE": ("first_stage_model.", "vae."),
    }
    return [part for part, starts in named.items() if _any(shapes, *starts)]


def _by_text(shapes: Mapping[str, Shape]) -> str:
    """By how wide the text is that it attends to."""
    for name, shape in shapes.items():
        if plain(name).endswith(("attn2_to_k_weight", "attn2_to_k")) and len(shape) == 2 and shape[1] in _WIDTHS:
            return _WIDTHS[shape[1]]
    return _short(by_shapes(shapes))


def _vae_family(shapes: Mapping[str, Shape]) -> str:
    """A VAE tells little: how many channels its latents have."""
    for name, shape in shapes.items():
        if name.endswith(("decoder.conv_in.weight",)) and len(shape) == 4:
            return {4: "SD 1 to SDXL", 16: "SD 3 or Flux.1"}.get(shape[1], "")
    return ""


def _by_words(metadata: Mapping[str, str]) -> str:
    """What its maker says, where its tensors say nothing."""
    said = f"{metadata.get('modelspec.architecture', '')} {metadata.get('ss_base_model_version', '')}".lower()[:400]
    marks = (("flux", "Flux.1"), ("stable-diffusion-3", "SD 3"), ("sd3", "SD 3"), ("xl", "SDXL"), ("sd_v2", "SD 2"))
    marks += (("stable-diffusion-v2", "SD 2"), ("sd_v1", "SD 1"), ("stable-diffusion-v1", "SD 1"))
    return next((family for mark, family in marks if mark in said), "")


def _short(family: str | None) -> str:
    return _SHORT.get(family or "", family or "")


def _any(names: Mapping[str, object], *starts: str) -> bool:
    return any(name.startswith(starts) for name in names)


def _told(metadata: Mapping[str, str]) -> dict[str, str]:
    """What can be shown: neither pictures nor tables."""
    kept = [(key, text) for key, text in metadata.items() if key not in _PASSED_OVER and len(text) <= LARGEST_VALUE]
    return dict(kept[:MOST_ENTRIES])


def _triggers(metadata: Mapping[str, str]) -> list[str]:
    said = metadata.get("modelspec.trigger_phrase", "")[:LARGEST_VALUE]
    return [said.strip()] if said.strip() else []


def _tags(text: str) -> list[tuple[str, int]]:
    """The words that its pictures were described by, by how often; kohya's form: `{"folder": {"tag": count}}`."""
    try:
        folders = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return []
    counts: Counter[str] = Counter()
    for tags in folders.values() if isinstance(folders, dict) else ():
        for tag, count in tags.items() if isinstance(tags, dict) else ():
            if isinstance(count, int) and not isinstance(count, bool) and 0 < count < 1 << 40:
                counts[str(tag).strip()[:200]] += count
    return counts.most_common(MOST_TAGS)
