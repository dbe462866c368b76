# pyright: basic
# Lists and tables that packs change as they like.
"""Samplers and schedulers that packs add: in ComfyUI by putting a name into a list, and a function elsewhere.

A name that is put into `comfy.samplers.SAMPLER_NAMES` or `SCHEDULER_NAMES` becomes a sampler or a schedule of the
engine's, so that core nodes can choose it; their function is looked for when it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from torch import Tensor

from models.errors import ModelError
from models.prediction import Prediction
from models.sampler_table import SAMPLERS
from models.schedules import SCHEDULES
from nodes.compat.host import host, installed


class Names(list[str]):
    """A list of names in which additions are seen to."""

    def __init__(self, names: Iterable[str], add: Callable[[str], None]) -> None:
        super().__init__(names)
        self._add = add

    def append(self, name: str) -> None:
        self._with(super().append, name)

    def insert(self, index: Any, name: str) -> None:
        self._with(super().insert, index, name)

    def extend(self, names: Iterable[str]) -> None:
        self._with(super().extend, names)

    def __iadd__(self, names: Iterable[str]) -> Any:
        self.extend(names)
        return self

    def _with(self, change: Callable[..., None], *args: Any) -> None:
        before = tuple(self)
        change(*args)
        for name in [name for name in self if name not in before]:
            self._add(name)
        if tuple(self) != before:
            _offer(before, tuple(self))


def _offer(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Widgets that offer all of these names offer the new ones, too."""
    if not installed():
        return
    registry = host().registry
    for node_type in list(registry.values()):
        inputs = tuple(
            replace(item, choices=after) if item.choices == before else item for item in node_type.spec.inputs
        )
        if inputs != node_type.spec.inputs:
            registry.put(replace(node_type, spec=replace(node_type.spec, inputs=inputs)))


def add_sampler(name: str) -> None:
    """A sampler whose function a pack puts into `comfy.k_diffusion.sampling` as `sample_NAME`, now or later."""
    if name in SAMPLERS:
        return

    def sample(denoise: Any, x: Tensor, sigmas: Tensor, run: Any, **options: Any) -> Tensor:
        from nodes.compat.handles.samplers import KSAMPLER

        function = getattr(sys.modules.get("comfy.k_diffusion.sampling"), f"sample_{name}", None)
        if function is None:
            raise ModelError(
                f"The sampler “{name}” was named by a node pack that brings no function for it. Choose another sampler."
            )
        return KSAMPLER(function, options)(denoise, x, sigmas, run)

    SAMPLERS[name] = sample


def add_scheduler(name: str) -> None:
    """A schedule whose handler a pack puts into `comfy.samplers.SCHEDULER_HANDLERS`, now or later."""
    if name in SCHEDULES:
        return

    def schedule(prediction: Prediction, steps: int) -> Tensor:
        from nodes.compat.handles import model_sampling

        samplers: Any = sys.modules["comfy.samplers"]
        if name not in samplers.SCHEDULER_HANDLERS:
            raise ModelError(
                f"The scheduler “{name}” was named by a node pack that brings no function for it. Choose another one."
            )
        return samplers.calculate_sigmas(model_sampling.theirs(prediction), name, steps).float().cpu()

    SCHEDULES[name] = schedule
