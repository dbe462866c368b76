# pyright: basic
"""ComfyUI's `comfy.patcher_extension`: wrappers and callbacks by name, kept in a model's options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class CallbacksMP:
    """Names of moments in a model's life."""

    ON_CLONE = "on_clone"
    ON_LOAD = "on_load_after"
    ON_DETACH = "on_detach_after"
    ON_CLEANUP = "on_cleanup"
    ON_PRE_RUN = "on_pre_run"
    ON_PREPARE_STATE = "on_prepare_state"
    ON_APPLY_HOOKS = "on_apply_hooks"
    ON_REGISTER_ALL_HOOK_PATCHES = "on_register_all_hook_patches"
    ON_INJECT_MODEL = "on_inject_model"
    ON_EJECT_MODEL = "on_eject_model"

    @classmethod
    def init_callbacks(cls) -> dict[str, dict[str | None, list[Callable[..., Any]]]]:
        return {}


class WrappersMP:
    """Names of what a wrapper goes round."""

    OUTER_SAMPLE = "outer_sample"
    PREPARE_SAMPLING = "prepare_sampling"
    SAMPLER_SAMPLE = "sampler_sample"
    PREDICT_NOISE = "predict_noise"
    CALC_COND_BATCH = "calc_cond_batch"
    APPLY_MODEL = "apply_model"
    DIFFUSION_MODEL = "diffusion_model"

    @classmethod
    def init_wrappers(cls) -> dict[str, dict[str | None, list[Callable[..., Any]]]]:
        return {}


def _add(
    kind: str, call_type: str, key: str | None, function: Callable[..., Any], options: dict[str, Any], model: bool
) -> None:
    within = options.setdefault("transformer_options", {}) if model else options
    within.setdefault(kind, {}).setdefault(call_type, {}).setdefault(key, []).append(function)


def _all(kind: str, call_type: str, options: dict[str, Any], model: bool) -> list[Callable[..., Any]]:
    within = options.get("transformer_options", {}) if model else options
    return [function for functions in within.get(kind, {}).get(call_type, {}).values() for function in functions]


def add_callback(
    call_type: str, callback: Callable[..., Any], transformer_options: dict[str, Any], is_model_options: bool = False
) -> None:
    add_callback_with_key(call_type, None, callback, transformer_options, is_model_options)


def add_callback_with_key(
    call_type: str,
    key: str | None,
    callback: Callable[..., Any],
    transformer_options: dict[str, Any],
    is_model_options: bool = False,
) -> None:
    _add("callbacks", call_type, key, callback, transformer_options, is_model_options)


def get_all_callbacks(
    call_type: str, transformer_options: dict[str, Any], is_model_options: bool = False
) -> list[Callable[..., Any]]:
    return _all("callbacks", call_type, transformer_options, is_model_options)


def get_callbacks_with_key(
    call_type: str, key: str | None, transformer_options: dict[str, Any], is_model_options: bool = False
) -> list[Callable[..., Any]]:
    within = transformer_options.get("transformer_options", {}) if is_model_options else transformer_options
    return within.get("callbacks", {}).get(call_type, {}).get(key, [])


def add_wrapper(
    wrapper_type: str, wrapper: Callable[..., Any], transformer_options: dict[str, Any], is_model_options: bool = False
) -> None:
    add_wrapper_with_key(wrapper_type, None, wrapper, transformer_options, is_model_options)


def add_wrapper_with_key(
    wrapper_type: str,
    key: str | None,
    wrapper: Callable[..., Any],
    transformer_options: dict[str, Any],
    is_model_options: bool = False,
) -> None:
    _add("wrappers", wrapper_type, key, wrapper, transformer_options, is_model_options)


def get_all_wrappers(
    wrapper_type: str, transformer_options: dict[str, Any], is_model_options: bool = False
) -> list[Callable[..., Any]]:
    return _all("wrappers", wrapper_type, transformer_options, is_model_options)


def get_wrappers_with_key(
    wrapper_type: str, key: str | None, transformer_options: dict[str, Any], is_model_options: bool = False
) -> list[Callable[..., Any]]:
    within = transformer_options.get("transformer_options", {}) if is_model_options else transformer_options
    return within.get("wrappers", {}).get(wrapper_type, {}).get(key, [])


class WrapperExecutor:
    """A function within its wrappers, each of which gets what is inside as its first argument."""

    def __init__(
        self, original: Callable[..., Any], class_obj: Any, wrappers: list[Callable[..., Any]], idx: int = 0
    ) -> None:
        self.original = original
        self.class_obj = class_obj
        self.wrappers = list(wrappers)
        self.idx = idx
        self.is_last = idx == len(self.wrappers)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What a wrapper calls to go on inwards."""
        following = WrapperExecutor(self.original, self.class_obj, self.wrappers, self.idx + 1)
        return following.execute(*args, **kwargs)

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        if not self.is_last:
            return self.wrappers[self.idx](self, *args, **kwargs)
        return self.original(*args, **kwargs)

    @classmethod
    def new_executor(
        cls, original: Callable[..., Any], wrappers: list[Callable[..., Any]], idx: int = 0
    ) -> WrapperExecutor:
        return cls(original, class_obj=None, wrappers=wrappers, idx=idx)

    @classmethod
    def new_class_executor(
        cls, original: Callable[..., Any], class_obj: Any, wrappers: list[Callable[..., Any]], idx: int = 0
    ) -> WrapperExecutor:
        return cls(original, class_obj, wrappers, idx=idx)


class PatcherInjection:
    """What to do to a model when it is loaded, and how to undo it."""

    def __init__(self, inject: Callable[..., Any], eject: Callable[..., Any]) -> None:
        self.inject = inject
        self.eject = eject


def copy_nested_dicts(input_dict: dict[Any, Any]) -> dict[Any, Any]:
    """Dicts and lists copied at every depth, what they hold shared."""
    return {name: _copied(value) for name, value in input_dict.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return copy_nested_dicts(value)
    return value.copy() if isinstance(value, list) else value


def merge_nested_dicts(dict1: dict[Any, Any], dict2: dict[Any, Any], copy_dict1: bool = True) -> dict[Any, Any]:
    """The second into the first: dicts are merged, lists joined, all else replaced."""
    merged = copy_nested_dicts(dict1) if copy_dict1 else dict1
    for name, value in dict2.items():
        old = merged.get(name)
        if isinstance(value, dict):
            merged[name] = merge_nested_dicts(old if isinstance(old, dict) else {}, value)
        elif isinstance(value, list) and isinstance(old, list):
            merged[name] = old + value
        else:
            merged[name] = value
    return merged
