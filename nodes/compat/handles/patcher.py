# pyright: basic
# The shape of ComfyUI's classes: packs read, call and set what they know of them.
"""`comfy.model_patcher`: what any patcher is asked, and the functions that change `model_options`.

A `ModelPatcher` by itself holds a module of a pack's own; a MODEL of the engine's is a `PackModel` (model.py).
"""

from __future__ import annotations

import inspect
from copy import copy
from typing import Any, cast

import torch
from torch import Tensor, nn

from nodes.compat.handles.hooks import refuse_patch
from nodes.compat.handles.options import copied
from nodes.compat.stand_in import NotSupported, Partly


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


class ModelPatcher(metaclass=Partly, known_as="comfy.model_patcher.ModelPatcher"):
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
        found: Any = getattr(self.model, "get_dtype", None)
        if callable(found):
            return cast("torch.dtype | None", found())
        first = next(iter(self.model.parameters()), None) if isinstance(self.model, nn.Module) else None
        return None if first is None else first.dtype

    def memory_required(self, input_shape: Any) -> float:
        found: Any = getattr(self.model, "memory_required", None)
        return cast(float, found(input_shape=input_shape)) if callable(found) else float(self.model_size())

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

    def partially_load(self, device_to: Any, extra_memory: float = 0, force_patch_weights: bool = False) -> int:
        """All of it goes there. Gives the bytes."""
        self.patch_model(device_to)
        return self.model_size()

    def clone_has_same_weights(self, clone: Any) -> bool:
        if not self.is_clone(clone) or self.patches.keys() != clone.patches.keys():
            return False
        return all(list(map(id, those)) == list(map(id, clone.patches[key])) for key, those in self.patches.items())

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

    def add_weight_wrapper(self, name: str, function: Any) -> None:
        self._refuse(f"a function round the weight “{name}”")

    def add_hook_patches(
        self, hook: Any, patches: Any, strength_patch: float = 1.0, strength_model: float = 1.0
    ) -> Any:
        self._refuse("weights that come and go with a hook of the node's own (hooks of LoRAs and models do run)")

    def set_injections(self, key: str, injections: Any) -> None:
        self._refuse("injections")
