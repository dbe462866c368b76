"""Models that are more than one file: shards of one network, and diffusers' folders of a network each."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .errors import CheckpointError

_INDEX = ".safetensors.index.json"
_SHARD = re.compile(r"(.*)-(\d{5})-of-(\d{5})(\.\w+)$")

_NETWORKS = ("unet", "transformer", "prior", "vae", "text_encoder", "text_encoder_2", "text_encoder_3", "image_encoder")
"""The folders of a diffusers model that hold weights which we use."""

_STEMS = ("diffusion_pytorch_model", "model", "pytorch_model")
_VARIANTS = (".fp16.safetensors", ".safetensors", ".fp16.bin", ".bin")
"""fp16 first, as ComfyUI looks for them."""


def is_model_folder(path: Path) -> bool:
    """Whether this is a diffusers model: a folder with networks in folders."""
    return (path / "model_index.json").is_file() or any((path / name).is_dir() for name in ("unet", "transformer"))


def parts(path: Path) -> list[tuple[str, Path]]:
    """The files that make up `path`, each with what stands before its tensors' names.

    path: a file; one shard of several; an index of shards; a folder of one network; or a diffusers model, whose
    networks' names then begin with their folder's ("unet.", "vae.", "text_encoder.", ...). CheckpointError where
    nothing is there, or a shard is missing.
    """
    if path.is_dir():
        if is_model_folder(path):
            folders = [path / name for name in _NETWORKS if (path / name).is_dir()]
            return [(f"{folder.name}.", file) for folder in folders for file in _in_folder(folder)]
        return [("", file) for file in _in_folder(path)]
    if path.name.endswith(_INDEX):
        return [("", file) for file in _of_index(path)]
    match = _SHARD.fullmatch(path.name)
    if match is not None and int(match[3]) > 1:
        count = int(match[3])
        names = [f"{match[1]}-{number:05}-of-{match[3]}{match[4]}" for number in range(1, count + 1)]
        return [("", file) for file in _all_there(path, [path.with_name(name) for name in names])]
    return [("", path)]


def _in_folder(folder: Path) -> list[Path]:
    for variant in _VARIANTS:
        for stem in _STEMS:
            whole = folder / f"{stem}{variant}"
            if whole.is_file():
                return [whole]
            index = folder / f"{stem}.safetensors.index{variant.removesuffix('.safetensors')}.json"
            if variant.endswith(".safetensors") and index.is_file():
                return _of_index(index)
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1:
        return found
    why = f"the folder holds {len(found)} .safetensors files, none with a name that says it is the network's"
    raise CheckpointError(folder, why, "Name the file itself.")


def _of_index(index: Path) -> list[Path]:
    try:
        names = sorted(set(json.loads(index.read_bytes())["weight_map"].values()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise CheckpointError(index, "not an index of a model's files", "Fetch it again.") from error
    if not names or any(not isinstance(name, str) or Path(name).name != name for name in names):
        raise CheckpointError(index, "it names files outside its own folder, or none at all", "Fetch it again.")
    return _all_there(index, [index.with_name(name) for name in names])


def _all_there(path: Path, files: list[Path]) -> list[Path]:
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        why = f"{len(missing)} of the model's {len(files)} files are missing: {', '.join(missing[:5])}"
        raise CheckpointError(path, why, "Fetch them too, into the same folder.")
    return files
