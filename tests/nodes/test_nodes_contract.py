"""What every node promises: outputs of the declared kind, inputs left as they were."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from safetensors.torch import save_file

from graph.context import Context
from graph.folders import Folders
from graph.node import NodeType, Results
from graph.spec import InputSpec
from models.control import Control, Source
from models.prediction import discrete
from models.saving import latent_bytes
from models.upscale import load_upscaler
from models.video import VideoComponents, VideoFromComponents
from models.vision import VisionOutput
from nodes import sampling
from nodes.library import core_registry

REGISTRY = core_registry()
FILES = {
    "checkpoints": "fake.safetensors",
    "vae": "fake.safetensors",
    "loras": "fake.safetensors",
    "text_encoders": "fake.safetensors",
    "clip_vision": "fake.safetensors",
    "style_models": "fake.safetensors",
    "controlnet": "fake.safetensors",
    "upscale_models": "easel-realesr-x4.safetensors",
    "output": "a.png",
}
SPECIAL = {
    ("LoadLatent", "latent"): "a.latent",
    ("LoadVideo", "file"): "a.mp4",
    ("RegexReplace", "regex_pattern"): "o",
    ("ImageScaleToTotalPixels", "megapixels"): 0.01,
    ("ImageToMask", "channel"): "red",
    ("WebcamCapture", "image"): "a.png",
}
"""Where the default would ask for something large, or name a file of another kind."""


class Handle:
    """Stands for a model, a text encoder and a VAE, and a file of each."""

    latent_format = None
    prediction = discrete("eps")

    def encode(self, what: Any, crop: bool | None = None, **files: Callable[..., Path | None]) -> Any:
        if isinstance(what, str):
            assert files["find_embedding"]("nothing") is None
            assert files["find_tokenizer"]() is None
            return [[torch.zeros(1, 77, 8), {"pooled_output": torch.zeros(1, 8)}]]
        if crop is not None:
            return VisionOutput(*(torch.zeros(len(what), 3, 8) for _ in range(3)))
        return torch.zeros(len(what), 4, what.shape[1] // 8, what.shape[2] // 8)

    def encode_parts(self, parts: dict[str, str | None], rest: str = "", **files: Callable[..., Path | None]) -> Any:
        return self.encode(rest, **files)

    def tokens(self, output: object) -> torch.Tensor:
        return torch.zeros(1, 3, 8)

    def with_tokenizer_options(self, padding: int, least: int) -> Handle:
        return Handle()

    def encode_tiled(self, pixels: torch.Tensor, tile_size: int, overlap: int) -> Any:
        return self.encode(pixels)

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(latent), latent.shape[2] * 8, latent.shape[3] * 8, 3)

    def decode_tiled(self, latent: torch.Tensor, tile_size: int, overlap: int) -> torch.Tensor:
        return self.decode(latent)

    def with_lora(self, lora: object, strength: float) -> Handle:
        return Handle()

    def with_last_layer(self, layer: int) -> Handle:
        return Handle()


ENGINE = SimpleNamespace(
    device=torch.device("cpu"),
    precision="fp32",
    is_out_of_memory=lambda error: False,
    reserve=lambda size, what: None,
    load_checkpoint=lambda path: (Handle(), Handle(), Handle()),
    load_vae=lambda path: Handle(),
    load_lora=lambda path: Handle(),
    load_clip=lambda paths, type, on_cpu=False: Handle(),
    load_clip_vision=lambda path: Handle(),
    load_style_model=lambda path: Handle(),
    load_controlnet=lambda path, model=None: value("CONTROL_NET"),
    load_unclip=lambda path: (Handle(), Handle(), Handle(), Handle()),
)


@pytest.fixture
def running(folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """A run with a file of every kind, and models that cost nothing."""
    for name in ("input", "output"):
        Pillow.fromarray(np.zeros((16, 24, 4), np.uint8)).save(folders.root(name) / "a.png")
    value("VIDEO").save_to(folders.root("input") / "a.mp4")
    (folders.root("input") / "a.latent").write_bytes(latent_bytes(torch.zeros(1, 4, 8, 8), {}))
    for kind in [kind for kind, name in FILES.items() if name == "fake.safetensors"]:
        folders.root(kind).mkdir(parents=True)
        save_file({"x": torch.zeros(1)}, folders.root(kind) / "fake.safetensors")
    monkeypatch.setattr(sampling, "ksample", lambda model, positive, negative, latent, **_: dict(latent))
    return Context(node_id="1", folders=folders, services=ENGINE)


def value(kind: str) -> Any:
    """Something small to put into a socket."""
    generator = torch.Generator().manual_seed(len(kind))
    match kind:
        case "IMAGE":
            return torch.rand(2, 24, 32, 3, generator=generator)
        case "MASK":
            return torch.rand(1, 24, 32, generator=generator)
        case "LATENT":
            return {"samples": torch.randn(2, 4, 16, 12, generator=generator), "noise_mask": torch.rand(2, 1, 16, 12)}
        case "CONDITIONING":
            return [
                [torch.randn(1, 77, 8, generator=generator), {"pooled_output": torch.randn(1, 8)}] for _ in range(2)
            ]
        case "SIGMAS":
            return torch.tensor([14.0, 6.0, 2.0, 0.5, 0.0])
        case "UPSCALE_MODEL":
            return load_upscaler(Path(__file__).parents[2] / "models" / "upscale_models" / FILES["upscale_models"])
        case "AUDIO":
            return {"waveform": torch.rand(1, 2, 8000, generator=generator) - 0.5, "sample_rate": 44100}
        case "VIDEO":
            return VideoFromComponents(VideoComponents(value("IMAGE"), Fraction(8), value("AUDIO")))
        case "LATENT_OPERATION":
            return lambda latent, **_: latent * 2
        case "CONTROL_NET":
            return Control(ENGINE, Source(None, "", masked=True))
        case "SVG":
            return SimpleNamespace(data=[BytesIO(b"<svg></svg>")])
        case "*":
            return {"anything": [1, torch.zeros(2)]}
        case _:
            return Handle()


def constant(class_type: str, spec: InputSpec) -> Any:
    if (class_type, spec.name) in SPECIAL:
        return SPECIAL[class_type, spec.name]
    if spec.files is not None:
        return FILES.get(spec.files.kind, "a.png")
    if spec.choices is not None:
        return spec.options.get("default", spec.choices[0])
    empty = {"INT": 1, "FLOAT": 0.5, "STRING": "some words", "BOOLEAN": True}
    given = spec.options.get("default", empty[spec.type])
    return min(given, 64) if spec.type == "INT" else given


def inputs_of(node_type: NodeType) -> dict[str, Any]:
    spec = node_type.spec
    found = {i.name: given(spec.class_type, i) for i in spec.inputs}
    return {name: [item] for name, item in found.items()} if spec.input_is_list else found


def given(class_type: str, spec: InputSpec) -> Any:
    return constant(class_type, spec) if spec.has_widget or (class_type, spec.name) in SPECIAL else value(spec.type)


def tensors(item: Any) -> list[torch.Tensor]:
    if isinstance(item, torch.Tensor):
        return [item]
    if isinstance(item, dict):
        item = list(item.values())
    return [t for part in item for t in tensors(part)] if isinstance(item, list | tuple) else []


CHECKS: dict[str, Callable[[Any], bool]] = {
    "IMAGE": lambda v: v.dim() == 4 and v.shape[-1] in (3, 4) and 0 <= v.min() <= v.max() <= 1,
    "MASK": lambda v: v.dim() == 3 and 0 <= v.min() <= v.max() <= 1,
    "LATENT": lambda v: v["samples"].dim() == 4,
    "CONDITIONING": lambda v: all(t.dim() == 3 and isinstance(options, dict) for t, options in v),
    "INT": lambda v: type(v) is int,
    "FLOAT": lambda v: type(v) is float,
    "LATENT_OPERATION": callable,
    "STRING": lambda v: type(v) is str,
    "BOOLEAN": lambda v: type(v) is bool,
}


@pytest.mark.parametrize("class_type", list(REGISTRY))
def test_outputs_are_as_declared_and_inputs_untouched(class_type: str, running: Context) -> None:
    node_type = REGISTRY[class_type]
    values = inputs_of(node_type)
    before = {name: state(item) for name, item in values.items()}
    with torch.no_grad():
        outcome = node_type.call(running, dict(values))
    assert isinstance(outcome, Results)
    assert {name: state(item) for name, item in values.items()} == before, "it changed what it was given"
    assert len(outcome.values) == len(node_type.spec.outputs)
    for output, found in zip(node_type.spec.outputs, outcome.values, strict=True):
        for one in found if output.is_list else [found]:
            assert CHECKS.get(output.type, lambda v: v is not None)(one), (output.type, one)
        assert all(t.dtype == torch.float32 for t in tensors(found))


def state(item: Any) -> Any:
    """What a node could have changed about a value: tensors by version, shape and a hash of their bytes, containers and
    the attributes of objects by what they hold, each object by which it is."""
    if isinstance(item, torch.Tensor):
        data = item.detach().contiguous().numpy().tobytes()
        return "tensor", item._version, item.dtype, tuple(item.shape), sha256(data).hexdigest()
    if isinstance(item, torch.nn.Module):
        return id(item), [(name, state(tensor)) for name, tensor in item.state_dict().items()]
    if isinstance(item, BytesIO):
        return id(item), item.getvalue()
    if isinstance(item, dict):
        return id(item), [(key, state(part)) for key, part in item.items()]
    if isinstance(item, list | tuple):
        return id(item), [state(part) for part in item]
    if isinstance(getattr(item, "__dict__", None), dict):
        return id(item), [(key, state(part)) for key, part in vars(item).items()]
    return type(item), item


def _write_past_torch(image: torch.Tensor) -> None:
    image.numpy()[0, 0, 0, 0] += 1


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("IMAGE", lambda image: image.mul_(1)),
        ("IMAGE", _write_past_torch),
        ("LATENT", lambda latent: latent.update(batch_index=[0, 1])),
        ("LATENT", lambda latent: latent.pop("noise_mask")),
        ("CONDITIONING", lambda prompts: prompts[1][1].update(strength=2.0)),
        ("CONDITIONING", lambda prompts: prompts.append(prompts[0])),
        ("CONDITIONING", lambda prompts: prompts.reverse()),
        ("MODEL", lambda handle: setattr(handle, "patches", [1])),
        ("UPSCALE_MODEL", lambda upscaler: next(upscaler.model.parameters()).data.add_(1)),
    ],
)
def test_a_change_would_be_seen(kind: str, change: Callable[[Any], object]) -> None:
    item = value(kind)
    before = state(item)
    assert state(item) == before
    change(item)
    assert state(item) != before


@pytest.mark.parametrize("class_type", [name for name, item in REGISTRY.items() if item.spec.is_output])
def test_what_output_nodes_show_is_lists(class_type: str, running: Context) -> None:
    outcome = REGISTRY[class_type].call(running, inputs_of(REGISTRY[class_type]))
    assert isinstance(outcome, Results)
    assert outcome.ui
    assert all(isinstance(shown, list) and shown for shown in outcome.ui.values())


def test_a_checkpoint_without_a_part_is_explained() -> None:
    with pytest.raises(ValueError, match=r"holds no VAE. Load one"):
        REGISTRY["VAEDecode"].call(Context(), {"samples": value("LATENT"), "vae": None})
