"""The engine of one process: a device, a precision, the weights in memory, and handles from files."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from . import latents, memory
from .control import Control, detect_control
from .detect import detect, detect_model, detect_vae
from .errors import DeviceError, OutOfMemory
from .families import Family
from .files import WeightFile, forget_pickles, open_weights
from .handles import Clip, Model, Vae
from .latents import LatentFormat
from .load import Component
from .networks.clip_vision import ClipVision
from .networks.style import Redux, StyleAdapter
from .networks.taesd import Taesd
from .networks.vae import VaeNetwork
from .patches import Lora, forget_loras, load_lora
from .preview import Previews
from .residency import Residency
from .text.detect import assign, recipe_for
from .tiny_vae import tiny_decoder, tiny_pair
from .vision import ImageEncoder, StyleModel, detect_image_encoder, detect_style, find_image_encoder

_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
AUTO = "auto"
"""On a GPU each family runs in its usual precision."""

_PUBLISHED_VAE = (128, 256, 512, 512)
"""Widths of the VAE that families' preview colours were fitted to."""

_log = logging.getLogger(__name__)


class Loaded(NamedTuple):
    """What a checkpoint gives; a file may lack its text encoder and VAE."""

    model: Model
    clip: Clip | None
    vae: Vae | None


class Engine:
    """Loads models and keeps them. One a process; not thread-safe, save `stats`, `loaded` and `is_out_of_memory`."""

    def __init__(
        self,
        device: str = "auto",
        precision: str = "auto",
        memory: int | None = None,
        previews: Previews = Previews(),  # noqa: B008, frozen
    ) -> None:
        """device: "auto", "cpu", "cuda", "cuda:1", "mps". precision: "auto", "fp32", "fp16", "bf16".

        memory: bytes that weights may take in all; None for what the device has. previews: kept for whoever samples.
        """
        self.previews = previews
        self.device = device_named(device)
        self.precision = _precision(precision, self.device)
        self.residency = Residency(self.device, memory)
        self._formats: dict[Component, LatentFormat] = {}
        self._aside: Engine | None = None

    @property
    def fingerprint(self) -> str:
        """Precision and device kind, on which a result's last bits depend: "fp32-cpu"."""
        return f"{self.precision}-{self.device.type}"

    @property
    def model_dtype(self) -> torch.dtype:
        """The precision of denoisers whose family wants no other."""
        return _DTYPES["fp16" if self.precision == AUTO else self.precision]

    def dtype_of(self, family: Family) -> torch.dtype:
        """The precision of a family's denoiser: what was asked for, else on a GPU what the family usually runs in."""
        return _DTYPES[family.gpu_precision if self.precision == AUTO else self.precision]

    @property
    def text_dtype(self) -> torch.dtype:
        """Text encoders run once a prompt: on a CPU, half precision would save no time worth its error."""
        return torch.float32 if self.device.type == "cpu" else self.model_dtype

    @property
    def vae_dtype(self) -> torch.dtype:
        """fp16 is too narrow for some VAEs' activations; bf16 is not, where the device has it."""
        if self.precision not in ("fp16", AUTO):
            return self.model_dtype
        bf16 = self.device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if bf16 else torch.float32

    def load_checkpoint(self, path: Path | WeightFile) -> Loaded:
        """A whole model, its weights loaded and looked at. CheckpointError; OutOfMemory, before any is read.

        path: a file, a set of shards, or a folder of diffusers'; here and below, also a `WeightFile`.
        """
        found = detect(open_weights(path))
        clip, vae = None, None
        if found.text:
            clip = Clip(self, tuple(found.text.items()), found.family.text)
            clip.load()
        if found.vae is not None:
            self._load(found.vae, self.vae_dtype)
            vae = self._vae(found.vae)
        model = self._model(found.family, found.model, vae)
        self._load(found.model, model.dtype)
        forget_pickles()
        return Loaded(model, clip, vae)

    def load_model(self, path: Path | WeightFile, dtype: torch.dtype | None = None) -> Model:
        """The denoiser of a file of its own, or of a checkpoint. CheckpointError; OutOfMemory, before any is read.

        dtype: its precision, where it is not to be the engine's.
        """
        family, component = detect_model(open_weights(path))
        model = self._model(family, component, None)
        model = model if dtype is None else model.with_options(dtype=dtype)
        self._load(component, model.dtype)
        forget_pickles()
        return model

    def load_vae(self, path: Path | WeightFile) -> Vae:
        """The VAE of a file of its own, or of a checkpoint. CheckpointError; OutOfMemory, before any is read."""
        component = detect_vae(open_weights(path))
        self._load(component, self.vae_dtype)
        forget_pickles()
        return self._vae(component)

    def load_tiny_vae(self, name: str, encoder: Path, decoder: Path) -> Vae:
        """A tiny autoencoder (TAESD) from its two files. name: "taesd", "taesdxl", "taesd3" or "taef1", which says how
        it scales latents. CheckpointError; OutOfMemory."""
        component = tiny_pair(name, Path(encoder), Path(decoder))
        self._load(component, self.vae_dtype)
        forget_pickles()
        return self._vae(component)

    def load_preview_decoder(self, path: Path, latent_format: LatentFormat) -> Vae:
        """The decoder of a tiny autoencoder, for a glance at latents as a model of this format scales them.
        CheckpointError."""
        component = tiny_decoder(Path(path), latent_format)
        self._load(component, self.vae_dtype)
        forget_pickles()
        return self._vae(component)

    def load_clip(self, paths: Sequence[Path | WeightFile], type: str, on_cpu: bool = False) -> Clip:
        """Text encoders from files of one each, in any order. type: "stable_diffusion", "sdxl", "sd3" or "flux".

        on_cpu: whether they run on the CPU, whatever the engine's device. CheckpointError where a file is none or
        does not belong; ModelError where one is missing; OutOfMemory, before any is read.
        """
        files = [open_weights(path) for path in paths]
        recipe = recipe_for(files, type)
        clip = Clip(self._on_cpu() if on_cpu else self, tuple(assign(files, recipe).items()), recipe)
        clip.load()
        forget_pickles()
        return clip

    def load_clip_vision(self, path: Path | WeightFile) -> ImageEncoder:
        """The image encoder of a file of its own, or of a checkpoint. CheckpointError; OutOfMemory."""
        return self._image_encoder(detect_image_encoder(open_weights(path)))

    def load_unclip(self, path: Path | WeightFile) -> tuple[Model, Clip | None, Vae | None, ImageEncoder | None]:
        """A checkpoint with the image encoder that belongs to it. CheckpointError; OutOfMemory."""
        loaded = self.load_checkpoint(path)
        found = find_image_encoder(open_weights(path))
        return (*loaded, None if found is None else self._image_encoder(found))

    def load_style_model(self, path: Path | WeightFile) -> StyleModel:
        """Flux's Redux, or T2I-Adapter's style adapter. CheckpointError; OutOfMemory."""
        component = detect_style(open_weights(path))
        self._load(component, self.text_dtype)
        forget_pickles()
        assert isinstance(component.network, (Redux, StyleAdapter))
        return StyleModel(self, component, component.network)

    def load_controlnet(self, path: Path | WeightFile, model: Model | None = None) -> Control:
        """A ControlNet or T2I-Adapter; its weights are loaded when a run first needs them. CheckpointError.

        model: what a "difference" ControlNet is added to.
        """
        source = detect_control(open_weights(path), model)
        forget_pickles()
        return Control(self, source)

    def load_lora(self, path: Path) -> Lora:
        """A LoRA's changes, kept in main memory. CheckpointError."""
        lora = load_lora(Path(path))
        forget_pickles()
        return lora

    def measure_memory(self) -> Callable[[], int] | None:
        """What tells, once asked, the bytes that were allocated from now on at most; None off a GPU."""
        if self.device.type != "cuda":
            return None
        device = self.device
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        return lambda: max(0, torch.cuda.max_memory_allocated(device) - before)

    def reserve(self, size: int, what: str) -> None:
        """See that `size` bytes are free on the device, letting idle weights go. OutOfMemory names `what`."""
        self.residency.reserve(size, what)

    def free(self, models: bool = True) -> None:
        """Give memory back: what torch holds unused and, if `models`, all idle weights. Handles stay good."""
        if models:
            self.residency.free()
            forget_loras()
        if self._aside is not None:
            self._aside.free(models)
        forget_pickles()
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def stats(self) -> dict[str, Any]:
        """The device, as /system_stats shows it; sizes in bytes."""
        total, free = memory.total(self.device), memory.free(self.device)
        cuda = self.device.type == "cuda"
        held = torch.cuda.memory_reserved(self.device) if cuda else total
        idle = held - torch.cuda.memory_allocated(self.device) if cuda else free
        return {
            "name": memory.name(self.device),
            "type": self.device.type,
            "index": self.device.index,
            "vram_total": total,
            "vram_free": free,
            "torch_vram_total": held,
            "torch_vram_free": idle,
        }

    def loaded(self) -> list[dict[str, Any]]:
        """What is loaded, as `Residency.loaded` has it, on every device."""
        return [*self.residency.loaded(), *(self._aside.loaded() if self._aside is not None else ())]

    def unload(self, id: str) -> bool:
        """Let one of `loaded` go, by its id. False where it is in use, or gone."""
        return self.residency.unload(id) or (self._aside is not None and self._aside.unload(id))

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether this exception, or what caused it, is a lack of memory, ours, torch's or Python's."""
        found: BaseException | None = error
        while found is not None:
            if isinstance(found, (OutOfMemory, MemoryError, torch.OutOfMemoryError)):
                return True
            if isinstance(found, RuntimeError) and "can't allocate memory" in str(found):
                return True
            found = found.__cause__
        return False

    def _on_cpu(self) -> Engine:
        """An engine for what is to stay off the device; this one, where that is the CPU."""
        if self.device.type == "cpu":
            return self
        if self._aside is None:
            self._aside = Engine("cpu", "fp32")
        return self._aside

    def _image_encoder(self, component: Component) -> ImageEncoder:
        self._load(component, self.text_dtype)
        forget_pickles()
        assert isinstance(component.network, ClipVision)
        return ImageEncoder(self, component, component.network)

    def _load(self, component: Component, dtype: torch.dtype) -> None:
        with self.residency.use(component, dtype):
            _log.debug("loaded %s as %s", component.title, dtype)

    def _model(self, family: Family, component: Component, vae: Vae | None) -> Model:
        latent_format = family.refined_latent(component) if family.refined_latent else family.latent
        if vae is not None:
            latent_format = self._format(vae, latent_format)
        return Model(self, component, family, family.prediction(component), latent_format)

    def _format(self, vae: Vae, usual: LatentFormat) -> LatentFormat:
        """How the model's latents look: as usual, or for a VAE of other sizes, fitted once."""
        network = vae.network
        if (
            isinstance(network, Taesd)
            or network.channels == _PUBLISHED_VAE
            or network.latent_channels != usual.channels
        ):
            return usual
        if vae.component not in self._formats:
            self._formats[vae.component] = latents.fit_rgb(usual, vae.decode)
        return self._formats[vae.component]

    def _vae(self, component: Component) -> Vae:
        assert isinstance(component.network, (VaeNetwork, Taesd))
        return Vae(self, component, component.network)


def device_named(name: str) -> torch.device:
    """The device of a name. Raises DeviceError where this machine, or this torch, has none."""
    if name != "auto":
        device = torch.device(name)
        there = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available()), "cpu": 1}
        if (device.index or 0) >= there.get(device.type, 0):
            others = [*(f"cuda:{n}" for n in range(there["cuda"])), *(["mps"] if there["mps"] else []), "cpu"]
            raise DeviceError(
                f"There is no device {name} that torch {torch.__version__} can use. Choose {' or '.join(others)}"
                " by --device, or leave that flag away"
            )
        return torch.device("cuda", torch.cuda.current_device()) if name == "cuda" else device
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def _precision(asked: str, device: torch.device) -> str:
    if asked != "auto":
        if asked not in _DTYPES:
            raise ValueError(f"precision {asked!r} is none of auto, {', '.join(_DTYPES)}")
        return asked
    if device.type == "cpu":
        return "bf16" if _has_bf16_instructions() else "fp32"
    return AUTO


def _has_bf16_instructions() -> bool:
    """Whether this CPU multiplies bf16 numbers itself; one that does not is slower in bf16 than in fp32."""
    if hasattr(torch.cpu, "get_capabilities"):
        found = torch.cpu.get_capabilities()
        return any(found.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
