# pyright: basic
# The shape of ComfyUI's classes: packs read, call and set what they know of them.
"""`MODEL` as packs see it: a ModelPatcher, which may be changed, in front of the engine's frozen handle.

`PackModel.of(handle)` is what a pack's node is given; `frozen()` gives the handle back, with all that the pack changed,
and the very same one where it changed nothing (docs/decisions/0016).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from models.model import Model
from nodes.compat.handles import latent_format, model_sampling, weights
from nodes.compat.handles.inner import BaseModel, Inside, class_of
from nodes.compat.handles.options import copied, from_options, same, to_options
from nodes.compat.handles.patcher import ModelPatcher
from nodes.compat.stand_in import NotSupported

OBJECTS = frozenset({"model_sampling", "latent_format", "manual_cast_dtype"})
"""What of a MODEL may be replaced by `add_object_patch`."""


class PackModel(ModelPatcher):
    """A MODEL of the engine's."""

    _base: Model
    _added: list[Any]
    _seen: dict[str, Any]
    _frozen: tuple[Any, Model] | None

    @classmethod
    def of(cls, handle: Model) -> PackModel:
        view = cls.__new__(cls)
        ModelPatcher.__init__(view, None, handle.device, torch.device("cpu"))
        view._base = handle
        view._added = []
        view.model_options = from_options(handle.options)
        view._seen = copied(view.model_options)
        view._frozen = None
        view.model = class_of(handle)(view)
        return view

    def clone(self) -> PackModel:
        made = super().clone()
        made._added = list(self._added)
        made._frozen = None
        made.model = class_of(self._base)(made)
        return made

    def __deepcopy__(self, memo: Any) -> PackModel:
        """Weights and device are never copied."""
        return self.clone()

    def is_clone(self, other: Any) -> bool:
        return isinstance(other, PackModel) and other._base.component == self._base.component

    def frozen(self) -> Model:
        """The engine's handle, as the pack has left it; the same object while nothing changes."""
        unchanged = not self._added and not self.object_patches and same(self.model_options, self._seen)
        if unchanged:
            return self._base
        state = (copied(self.model_options), dict(self.object_patches), len(self._added))
        if self._frozen is not None:
            options, objects, added = self._frozen[0]
            if same(options, self.model_options) and objects == self.object_patches and added == len(self._added):
                return self._frozen[1]
        made = replace(
            self._base,
            options=to_options(self.model_options, self._base.options, self.model),
            patches=(*self._base.patches, *self._added),
        )
        if "manual_cast_dtype" in self.object_patches:
            made = made.with_options(dtype=self.object_patches["manual_cast_dtype"])
        if "model_sampling" in self.object_patches:
            made = made.with_prediction(
                model_sampling.ours(self.object_patches["model_sampling"], self._base.prediction)
            )
        if "latent_format" in self.object_patches:
            made = replace(made, latent_format=latent_format.ours_of(self.object_patches["latent_format"]))
        self._frozen = (state, made)
        return made

    def get_model_object(self, name: str) -> Any:
        if name in self.object_patches:
            return self.object_patches[name]
        if name == "model_sampling":
            return model_sampling.theirs(self._base.prediction)
        if name == "latent_format":
            return latent_format.format_of(self._base.latent_format)
        if name.partition(".")[0] == "diffusion_model":
            return Inside(f"MODEL.model.{name}")
        found: Any = self.model
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def add_object_patch(self, name: str, obj: Any) -> None:
        if name not in OBJECTS:
            raise NotSupported(
                f"A node replaces “{name}”, a part of ComfyUI's own networks, which Easel's do not have: "
                "it cannot run here."
            )
        self.object_patches[name] = obj

    # Weights

    def _networks(self) -> list[weights.Network]:
        return [(self._base.component, "diffusion_model.")]

    def add_patches(self, patches: Any, strength_patch: float = 1.0, strength_model: float = 1.0) -> list[Any]:
        patch, taken = weights.keyed_patch(self._networks(), patches, strength_patch, strength_model)
        if taken:
            self._added.append(patch)
        for key in taken:
            plain, offset, function = (*((key,) if isinstance(key, str) else key), None, None)[:3]
            entry = (strength_patch, patches[key], strength_model, offset, function)
            self.patches.setdefault(plain, []).append(entry)
        return taken

    def with_patch(self, patch: Any) -> PackModel:
        """A clone with one of the engine's own patches more."""
        made = self.clone()
        made._added.append(patch)
        return made

    def get_key_patches(self, filter_prefix: str | None = None) -> dict[str, Any]:
        engine, dtype = self._base.engine, self._base.dtype
        return weights.key_patches(
            self._networks(),
            (*self._base.patches, *self._added),
            lambda component, name: engine.residency.original(component, dtype, name),
            filter_prefix,
        )

    def model_state_dict(self, filter_prefix: str | None = None) -> dict[str, Tensor]:
        """All weights, as the file has them."""
        return {key: value[0][0]() for key, value in self.get_key_patches(filter_prefix).items()}

    # Where it is

    def model_size(self) -> int:
        return self._base.component.size(self._base.dtype)

    def model_dtype(self) -> torch.dtype:
        return self.frozen().dtype

    def current_loaded_device(self) -> torch.device:
        return self._base.device

    def memory_required(self, input_shape: Any) -> float:
        area = 1
        for side in (input_shape[0], *input_shape[2:]):
            area *= side
        return area * self.model_dtype().itemsize * 0.01 * 1.6 * (1024 * 1024)

    def patch_model(self, device_to: Any = None, *_: Any, **__: Any) -> BaseModel:
        return self.model

    def unpatch_model(self, device_to: Any = None, *_: Any, **__: Any) -> None:
        """The engine takes patches off when another model needs the weights."""

    def partially_load(self, device_to: Any, extra_memory: float = 0, force_patch_weights: bool = False) -> int:
        """The engine loads weights when the model runs, as many as there is room for: none are loaded here."""
        return 0

    def clone_has_same_weights(self, clone: Any) -> bool:
        if not self.is_clone(clone) or self._base.dtype != clone._base.dtype:
            return False
        ours, theirs = ((*one._base.patches, *one._added) for one in (self, clone))
        return list(map(id, ours)) == list(map(id, theirs))

    def __repr__(self) -> str:
        return f"MODEL({self._base.component.title})"


def handle_of(model: Any) -> Model:
    """The engine's handle of what a pack holds as a MODEL. TypeError for anything else."""
    if isinstance(model, PackModel):
        return model.frozen()
    if isinstance(model, BaseModel):
        return model.handle()
    if isinstance(model, Model):
        return model
    raise TypeError(f"this is no MODEL: {type(model).__name__}")
