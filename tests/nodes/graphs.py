"""Graphs in API format, written as calls, and what runs them on the zoo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Pillow
from safetensors.torch import load_file
from torch import Tensor

from graph.cache import Cache
from graph.events import Event
from graph.execute import Executor, Job, Outcome
from graph.folders import standard_folders
from graph.parse import parse
from graph.spec import InputSpec
from graph.validate import validate
from models.engine import Engine
from nodes.library import core_registry

MODELS = Path(__file__).resolve().parents[2] / "models"
REGISTRY = core_registry()
CATALOGUE = REGISTRY.catalogue()


def constant(spec: InputSpec) -> Any:
    """What a widget that chooses no file holds: its default, but a small number."""
    if spec.choices is not None:
        return spec.options.get("default", spec.choices[0])
    empty = {"INT": 1, "FLOAT": 0.5, "STRING": "some words", "BOOLEAN": True}
    given = spec.options.get("default", empty[spec.type])
    if spec.type != "INT":
        return given
    return min(given, 3 if spec.name == "steps" else 64)


class Graph:
    """`graph("KSampler", model=model, ...)` adds a node and gives its outputs: a link, or a list of several.

    What a widget is not given is its default. `steps` is small unless said.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, Any] = {}

    def __call__(self, class_type: str, **inputs: Any) -> Any:
        spec = CATALOGUE[class_type]
        id = str(len(self.nodes) + 1)
        widgets = {i.name: constant(i) for i in spec.inputs if i.has_widget and not i.optional and i.files is None}
        self.nodes[id] = {"class_type": class_type, "inputs": {**widgets, **inputs}}
        links = [[id, slot] for slot in range(len(spec.outputs))]
        return links[0] if len(links) == 1 else links

    def checkpoint(self, name: str = "sd1") -> Any:
        return self("CheckpointLoaderSimple", ckpt_name=f"{name}.safetensors")

    def prompts(self, clip: Any, positive: str = "a photo of a cat", negative: str = "") -> tuple[Any, Any]:
        return tuple(self("CLIPTextEncode", clip=clip, text=text) for text in (positive, negative))

    def empty(self, width: int = 64, height: int = 64, count: int = 1) -> Any:
        return self("EmptyLatentImage", width=width, height=height, batch_size=count)

    def sampled(self, model: Any, positive: Any, negative: Any, latent: Any, **settings: Any) -> Any:
        settings = {"seed": 5, "steps": 2, "cfg": 4.0, **settings}
        return self("KSampler", model=model, positive=positive, negative=negative, latent_image=latent, **settings)

    def show(self, latent: Any, vae: Any = None) -> None:
        """Save the latent and, through a VAE, its picture."""
        self("SaveLatent", samples=latent, filename_prefix="latent")
        if vae is not None:
            self("SaveImage", images=self("VAEDecode", samples=latent, vae=vae))


class Made:
    """What a run put into its output folder."""

    def __init__(self, folder: Path, outcome: Outcome) -> None:
        self.outcome = outcome
        latents = [load_file(path)["latent_tensor"] for path in sorted(folder.rglob("*.latent"))]
        self.latent = latents[0] if latents else torch.zeros(0)
        self.pictures = [np.asarray(Pillow.open(path).convert("RGB")) for path in sorted(folder.rglob("*.png"))]
        self.files = {path.name: path for path in sorted(folder.rglob("*")) if path.is_file()}


class Runner:
    """Executors with one engine, each run with folders and a cache of its own."""

    def __init__(self, models: Path, base: Path, engine: Engine) -> None:
        self.models, self.base, self.engine = models, base, engine
        self.runs = 0

    def __call__(self, graph: Graph) -> Made:
        """The graph is valid and runs without an error; nothing is cached."""
        self.runs += 1
        base = self.base / str(self.runs)
        folders = standard_folders(
            [self.models, MODELS], input=self.base / "input", output=base / "output", temp=base / "temp"
        )
        report = validate(parse(graph.nodes), CATALOGUE, folders)
        assert not report.problems, report.problems
        events: list[Event] = []
        job = Job(prompt_id="p", graph=report.graph, targets=tuple(report.targets))
        executor = Executor(REGISTRY, Cache(0, lambda _: 1), self.engine, folders)
        outcome = executor.run(job, events.append, lambda: False)
        assert outcome.status == "success", outcome.error
        assert not outcome.cached
        made = Made(base / "output", outcome)
        assert made.latent.isfinite().all()
        return made


def write_inputs(folder: Path) -> Path:
    """photo.png: 64 x 64 with a transparent left half; hint.png: a disc."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(3)
    photo = np.concatenate([rng.integers(0, 256, (64, 64, 3)), np.full((64, 64, 1), 255)], -1).astype(np.uint8)
    photo[:, :32, 3] = 0
    Pillow.fromarray(photo).save(folder / "photo.png")
    y, x = np.mgrid[:64, :64]
    hint = (np.hypot(x - 32, y - 32) < 20).astype(np.uint8)[..., None].repeat(3, -1) * 255
    Pillow.fromarray(hint).save(folder / "hint.png")
    return folder


def plain(**settings: Any) -> Graph:
    """Text to image with the checkpoint sd1."""
    graph = Graph()
    model, clip, vae = graph.checkpoint()
    graph.show(graph.sampled(model, *graph.prompts(clip), graph.empty(), **settings), vae)
    return graph


def differ(a: Tensor, b: Tensor) -> float:
    """The root mean square of the difference, in standard deviations of a."""
    return float((a - b).square().mean().sqrt() / a.std())


def seen(a: Made | Tensor, b: Made | Tensor) -> bool:
    """Whether two latents of one size differ by more than a thousandth of a standard deviation."""
    a, b = (made if isinstance(made, Tensor) else made.latent for made in (a, b))
    return a.shape == b.shape and differ(a, b) > 1e-3
