# pyright: basic
# The shape of ComfyUI's classes: packs read, call and set what they know of them.
"""`CONTROL_NET` as packs see it, alone and in a conditioning's dict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from models.control import Control
from models.control.handle import KINDS
from models.networks.t2i_adapter import T2iAdapter as T2iNetwork
from nodes.compat.handles.inner import Inside
from nodes.compat.stand_in import NotSupported, Partly


class ControlBase(metaclass=Partly, known_as="comfy.controlnet.ControlBase"):
    """What a ControlNet is, once it is applied: a hint, a strength, a part of the run, and what it is added to."""

    def __init__(self) -> None:
        self.cond_hint_original: Tensor | None = None
        self.cond_hint: Tensor | None = None
        self.strength = 1.0
        self.timestep_percent_range: tuple[float, ...] = (0.0, 1.0)
        self.vae: Any = None
        self.extra_concat_orig: list[Tensor] = []
        self.global_average_pooling = False
        self.previous_controlnet: Any = None
        self.extra_args: dict[str, Any] = {}
        self.concat_mask = False
        self.device = torch.device("cpu")

    def set_cond_hint(
        self,
        cond_hint: Tensor,
        strength: float = 1.0,
        timestep_percent_range: tuple[float, float] = (0.0, 1.0),
        vae: Any = None,
        extra_concat: Any = (),
    ) -> Any:
        """cond_hint: (b, c, h, w) in [0, 1]."""
        self.cond_hint_original, self.strength = cond_hint, strength
        self.timestep_percent_range = tuple(timestep_percent_range)
        self.vae, self.extra_concat_orig = vae, list(extra_concat)
        return self

    def set_previous_controlnet(self, controlnet: Any) -> Any:
        self.previous_controlnet = controlnet
        return self

    def set_extra_arg(self, argument: str, value: Any = None) -> None:
        self.extra_args[argument] = value

    def copy(self) -> Any:
        raise NotSupported(f"{type(self).__name__} does not say how it is copied.")

    def get_models(self) -> list[Any]:
        return [] if self.previous_controlnet is None else self.previous_controlnet.get_models()

    def get_extra_hooks(self) -> list[Any]:
        return []

    def inference_memory_requirements(self, dtype: torch.dtype) -> float:
        return 0.0

    def pre_run(self, model: Any, percent_to_timestep_function: Any) -> None:
        if self.previous_controlnet is not None:
            self.previous_controlnet.pre_run(model, percent_to_timestep_function)

    def cleanup(self) -> None:
        if self.previous_controlnet is not None:
            self.previous_controlnet.cleanup()
        self.cond_hint = None

    def begin(self, ready: Any) -> Any:
        """Asked by the engine of what a conditioning carries: a pack's own kind is not one of its."""
        raise NotSupported(
            f"{type(self).__name__} is a ControlNet that a node pack brings, made for ComfyUI's own networks: "
            "Easel cannot run it. Load the file by Load ControlNet Model."
        )


class ControlNet(ControlBase):
    """A ControlNet of the engine's."""

    _base: Control
    _frozen: Control | None
    control_model: Any

    @classmethod
    def of(cls, handle: Control) -> ControlNet:
        made = ControlNet.__new__(T2IAdapter if _is_adapter(handle) else ControlNet)
        ControlBase.__init__(made)
        made._base, made._frozen = handle, None
        made.control_model = Inside("CONTROL_NET.control_model")
        made.cond_hint_original = handle.hint if _has_hint(handle) else None
        made.strength, made.timestep_percent_range = handle.strength, (handle.start, handle.end)
        made.vae, made.extra_concat_orig = handle.vae, list(handle.masks)
        made.concat_mask = handle.takes_mask
        made.global_average_pooling = handle.source.pooled
        made.previous_controlnet = None if handle.previous is None else ControlNet.of(handle.previous)
        made.device = handle.engine.device
        if handle.kinds:
            made.extra_args["control_type"] = list(handle.kinds)
        return made

    def copy(self) -> ControlNet:
        made = ControlNet.of(self._base)
        made.strength, made.timestep_percent_range = self.strength, self.timestep_percent_range
        made.cond_hint_original, made.extra_args = self.cond_hint_original, dict(self.extra_args)
        made.vae, made.extra_concat_orig = self.vae, list(self.extra_concat_orig)
        made.previous_controlnet = self.previous_controlnet
        return made

    def __deepcopy__(self, memo: Any) -> ControlNet:
        return self.copy()

    def frozen(self) -> Control:
        """The engine's handle, as the pack has left it; the same object while nothing changes."""
        previous = engine_control(self.previous_controlnet)
        vae = getattr(self.vae, "frozen", lambda: self.vae)()
        kinds = tuple(kind for kind in self.extra_args.get("control_type", ()) if 0 <= kind < len(KINDS))
        hint = self.cond_hint_original if self.cond_hint_original is not None else self._base.hint
        state = (hint, self.strength, *self.timestep_percent_range, vae, tuple(self.extra_concat_orig), previous, kinds)
        names = ("hint", "strength", "start", "end", "vae", "masks", "previous", "kinds")
        wanted = dict(zip(names, state, strict=True))
        for known in (self._base, self._frozen):
            if known is not None and all(_alike(getattr(known, name), value) for name, value in wanted.items()):
                return known
        self._frozen = replace(self._base, **wanted)
        return self._frozen

    def begin(self, ready: Any) -> Any:
        return self.frozen().begin(ready)

    def get_models(self) -> list[Any]:
        return []

    def get_control(self, x_noisy: Tensor, t: Tensor, cond: Any, batched_number: int, *_: Any) -> Any:
        raise NotSupported("A node asks a ControlNet for its values itself, in a form that Easel's do not have.")


class T2IAdapter(ControlNet):
    """A T2I-Adapter of the engine's."""


def _alike(a: Any, b: Any) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_alike, a, b))
    return a is b or (isinstance(a, int | float) and a == b)


def _has_hint(handle: Control) -> bool:
    return tuple(handle.hint.shape) != (1, 3, 8, 8) or bool(handle.hint.any())


def _is_adapter(handle: Control) -> bool:
    return isinstance(handle.source.component.network, T2iNetwork)


def engine_control(control: Any) -> Any:
    """The engine's handle of what a conditioning carries."""
    return control.frozen() if isinstance(control, ControlNet) else control
