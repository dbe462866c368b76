# pyright: basic
# The shape of ComfyUI's classes: packs read, call and set what they know of them.
"""`MODEL` as packs see it: a ModelPatcher, which may be changed, in front of the engine's frozen handle.

`PackModel.of(handle)` is what a pack's node is given; `frozen()` gives the handle back, with all that the pack changed,
and the very same one where it changed nothing (docs/decisions/0016).
"""

from __future__ import annotations

import inspect
from copy import copy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from models.model import Model
from nodes.compat.handles import latent_format, model_sampling, weights
from nodes.compat.handles.hooks import refuse_patch
from nodes.compat.handles.inner import BaseModel, Inside, class_of
from nodes.compat.handles.options import copied, from_options, same, to_options
from nodes.compat.stand_in import NotSupported


def create_model_options_clone(orig_model_options: dict[str, Any]) -> dict[str, Any]:
    return copied(orig_model_options)


def set_model_options_patch_replace(
    model_options: dict[str, Any],
    patch: Any,
    name: str,
    block_name: str,
    number: int,
    transformer_index: int | None = None,
) -> dict[str, Any]:
    options = model_options["transformer_options"] = dict(model_options.get("transformer_options", {}))
    replaced = options["patches_replace"] = dict(options.get("patches_replace", {}))
    table = replaced[name] = dict(replaced.get(name, {}))
    table[(block_name, number) if transformer_index is None else (block_name, number, transformer_index)] = patch
    return model_options


def set_model_options_post_cfg_function(
    model_options: dict[str, Any], post_cfg_function: Any, disable_cfg1_optimization: bool = False
) -> dict[str, Any]:
    return _added(model_options, "sampler_post_cfg_function", post_cfg_function, disable_cfg1_optimization)


def set_model_options_pre_cfg_function(
    model_options: dict[str, Any], pre_cfg_function: Any, disable_cfg1_optimization: bool = False
) -> dict[str, Any]:
    return _added(model_options, "sampler_pre_cfg_function", pre_cfg_function, disable_cfg1_optimization)


def _added(model_options: dict[str, Any], name: str, function: Any, always: bool) -> dict[str, Any]:
    model_options[name] = [*model_options.get(name, []), function]
    if always:
        model_options["disable_cfg1_optimization"] = True
    return model_options


class ModelPatcher:
    """A module of a pack's own, and where it runs. (A MODEL of the engine's is a `PackModel`.)"""

    model: Any

    def __init__(
        self,
        model: Any,
        load_device: Any = None,
        offload_device: Any = None,
        size: int = 0,
        weight_inplace_update: bool = False,
        **_: Any,
    ) -> None:
        self.model = model
        self.load_device = load_device if load_device is not None else torch.device("cpu")
        self.offload_device = offload_device if offload_device is not None else torch.device("cpu")
        self.size = size
        self.weight_inplace_update = weight_inplace_update
        self.model_options: dict[str, Any] = {"transformer_options": {}}
        self.object_patches: dict[str, Any] = {}
        self.patches: dict[Any, list[Any]] = {}
        self.attachments: dict[str, Any] = {}
        self.additional_models: dict[str, list[Any]] = {}
        self.parent: Any = None

    # What any patcher is asked

    def clone(self) -> Any:
        made = copy(self)
        made.model_options = copied(self.model_options)
        made.object_patches = dict(self.object_patches)
        made.patches = {key: list(those) for key, those in self.patches.items()}
        made.attachments = dict(self.attachments)
        made.additional_models = {key: list(those) for key, those in self.additional_models.items()}
        made.parent = self
        return made

    def is_clone(self, other: Any) -> bool:
        return getattr(other, "model", None) is self.model

    def model_size(self) -> int:
        if self.size <= 0 and isinstance(self.model, nn.Module):
            self.size = sum(tensor.nbytes for tensor in self.model.state_dict().values())
        return self.size

    def loaded_size(self) -> int:
        return self.model_size()

    def model_dtype(self) -> torch.dtype | None:
        found = getattr(self.model, "get_dtype", None)
        if callable(found):
            return found()
        first = next(iter(self.model.parameters()), None) if isinstance(self.model, nn.Module) else None
        return None if first is None else first.dtype

    def memory_required(self, input_shape: Any) -> float:
        found = getattr(self.model, "memory_required", None)
        return found(input_shape=input_shape) if callable(found) else float(self.model_size())

    def current_loaded_device(self) -> Any:
        first = next(iter(self.model.parameters()), None) if isinstance(self.model, nn.Module) else None
        return self.offload_device if first is None else first.device

    def patch_model(self, device_to: Any = None, *_: Any, **__: Any) -> Any:
        if device_to is not None and isinstance(self.model, nn.Module):
            self.model.to(device_to)
        return self.model

    def unpatch_model(self, device_to: Any = None, *_: Any, **__: Any) -> None:
        if device_to is not None and isinstance(self.model, nn.Module):
            self.model.to(device_to)

    def load(self, device_to: Any = None, *_: Any, **__: Any) -> None:
        self.patch_model(device_to)

    def detach(self, unpatch_all: bool = True) -> Any:
        self.unpatch_model(self.offload_device)
        return self.model

    def cleanup(self) -> None:
        """Nothing is left over from a run."""

    pre_run = cleanup

    def model_patches_to(self, device: Any) -> None:
        """Patches go where the model is when it runs."""

    def model_patches_models(self) -> list[Any]:
        return []

    def get_nested_additional_models(self) -> list[Any]:
        return []

    def model_state_dict(self, filter_prefix: str | None = None) -> dict[str, Tensor]:
        found = self.model.state_dict()
        return {key: value for key, value in found.items() if filter_prefix is None or key.startswith(filter_prefix)}

    def set_attachments(self, key: str, attachment: Any) -> None:
        self.attachments[key] = attachment

    def get_attachment(self, key: str) -> Any:
        return self.attachments.get(key)

    def remove_attachments(self, key: str) -> None:
        self.attachments.pop(key, None)

    def set_additional_models(self, key: str, models: list[Any]) -> None:
        self.additional_models[key] = models

    def get_additional_models_with_key(self, key: str) -> list[Any]:
        return self.additional_models.get(key, [])

    def get_additional_models(self) -> list[Any]:
        return [model for models in self.additional_models.values() for model in models]

    def add_object_patch(self, name: str, obj: Any) -> None:
        self.object_patches[name] = obj

    def get_model_object(self, name: str) -> Any:
        if name in self.object_patches:
            return self.object_patches[name]
        found = self.model
        for part in name.split("."):
            found = getattr(found, part)
        return found

    def add_patches(self, patches: Any, strength_patch: float = 1.0, strength_model: float = 1.0) -> list[Any]:
        raise NotSupported("A node patches the weights of a module of its own in ComfyUI's way, which Easel cannot do.")

    def get_key_patches(self, filter_prefix: str | None = None) -> dict[str, Any]:
        return {key: [value] for key, value in self.model_state_dict(filter_prefix).items()}

    # model_options

    @property
    def transformer_options(self) -> dict[str, Any]:
        return self.model_options.setdefault("transformer_options", {})

    def set_model_sampler_cfg_function(
        self, sampler_cfg_function: Any, disable_cfg1_optimization: bool = False
    ) -> None:
        old_way = len(inspect.signature(sampler_cfg_function).parameters) == 3
        self.model_options["sampler_cfg_function"] = (
            (lambda args: sampler_cfg_function(args["cond"], args["uncond"], args["cond_scale"]))
            if old_way
            else sampler_cfg_function
        )
        if disable_cfg1_optimization:
            self.model_options["disable_cfg1_optimization"] = True

    def set_model_sampler_post_cfg_function(
        self, post_cfg_function: Any, disable_cfg1_optimization: bool = False
    ) -> None:
        set_model_options_post_cfg_function(self.model_options, post_cfg_function, disable_cfg1_optimization)

    def set_model_sampler_pre_cfg_function(
        self, pre_cfg_function: Any, disable_cfg1_optimization: bool = False
    ) -> None:
        set_model_options_pre_cfg_function(self.model_options, pre_cfg_function, disable_cfg1_optimization)

    def set_model_sampler_calc_cond_batch_function(self, sampler_calc_cond_batch_function: Any) -> None:
        self.model_options["sampler_calc_cond_batch_function"] = sampler_calc_cond_batch_function

    def set_model_unet_function_wrapper(self, unet_wrapper_function: Any) -> None:
        self.model_options["model_function_wrapper"] = unet_wrapper_function

    def set_model_denoise_mask_function(self, denoise_mask_function: Any) -> None:
        self.model_options["denoise_mask_function"] = denoise_mask_function

    def set_model_patch(self, patch: Any, name: str) -> None:
        refuse_patch(name)
        patches = self.transformer_options.setdefault("patches", {})
        patches[name] = [*patches.get(name, []), patch]

    def set_model_patch_replace(
        self, patch: Any, name: str, block_name: str, number: int, transformer_index: int | None = None
    ) -> None:
        set_model_options_patch_replace(self.model_options, patch, name, block_name, number, transformer_index)

    def set_model_attn1_patch(self, patch: Any) -> None:
        self.set_model_patch(patch, "attn1_patch")

    def set_model_attn2_patch(self, patch: Any) -> None:
        self.set_model_patch(patch, "attn2_patch")

    def set_model_attn1_replace(self, patch: Any, block_name: str, number: int, transformer_index: Any = None) -> None:
        self.set_model_patch_replace(patch, "attn1", block_name, number, transformer_index)

    def set_model_attn2_replace(self, patch: Any, block_name: str, number: int, transformer_index: Any = None) -> None:
        self.set_model_patch_replace(patch, "attn2", block_name, number, transformer_index)

    def set_model_attn1_output_patch(self, patch: Any) -> None:
        self.set_model_patch(patch, "attn1_output_patch")

    def set_model_attn2_output_patch(self, patch: Any) -> None:
        self.set_model_patch(patch, "attn2_output_patch")

    def set_model_input_block_patch(self, patch: Any) -> None:
        self.set_model_patch(patch, "input_block_patch")

    def set_model_input_block_patch_after_skip(self, patch: Any) -> None:
        self.set_model_patch(patch, "input_block_patch_after_skip")

    def set_model_output_block_patch(self, patch: Any) -> None:
        self.set_model_patch(patch, "output_block_patch")

    def set_model_emb_patch(self, patch: Any) -> None:
        self.set_model_patch(patch, "emb_patch")

    def set_model_forward_timestep_embed_patch(self, patch: Any) -> None:
        self.set_model_patch(patch, "forward_timestep_embed_patch")

    def set_model_double_block_patch(self, patch: Any) -> None:
        self.set_model_patch(patch, "double_block")

    def set_model_compute_dtype(self, dtype: torch.dtype) -> None:
        self.add_object_patch("manual_cast_dtype", dtype)

    # What has no like in the engine

    def _refuse(self, what: str) -> Any:
        raise NotSupported(
            f"A node uses {what} of ComfyUI's way of patching models, which Easel does not have. It cannot run here."
        )

    def add_wrapper_with_key(self, wrapper_type: str, key: str, wrapper: Any) -> None:
        self._refuse(f"a wrapper round “{wrapper_type}”")

    def add_wrapper(self, wrapper_type: str, wrapper: Any) -> None:
        self.add_wrapper_with_key(wrapper_type, "", wrapper)

    def add_callback_with_key(self, call_type: str, key: str, callback: Any) -> None:
        self._refuse(f"a callback at “{call_type}”")

    def add_callback(self, call_type: str, callback: Any) -> None:
        self.add_callback_with_key(call_type, "", callback)

    def set_injections(self, key: str, injections: Any) -> None:
        self._refuse("injections")


OBJECTS = frozenset({"model_sampling", "latent_format", "manual_cast_dtype"})
"""What of a MODEL may be replaced by `add_object_patch`."""


class PackModel(ModelPatcher):
    """A MODEL of the engine's."""

    @classmethod
    def of(cls, handle: Model) -> PackModel:
        view = cls.__new__(cls)
        ModelPatcher.__init__(view, None, handle.device, torch.device("cpu"))
        view._base = handle
        view._added: list[Any] = []
        view.model_options = from_options(handle.options)
        view._seen = copied(view.model_options)
        view._frozen: tuple[Any, Model] | None = None
        view.model = class_of(handle)(view)
        return view

    def clone(self) -> PackModel:
        made = super().clone()
        made._added = list(self._added)
        made._frozen = None
        made.model = class_of(self._base)(made)
        return made

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

    def __repr__(self) -> str:
        return f"MODEL({self._base.component.title})"


def handle_of(model: Any) -> Model:
    """The engine's handle of what a pack holds as a MODEL. TypeError for anything else."""
    if isinstance(model, PackModel):
        return model.frozen()
    if isinstance(model, Model):
        return model
    raise TypeError(f"this is no MODEL: {type(model).__name__}")
