"""What answers a name of ComfyUI's that Easel has nothing for.

Packs import many names that they hardly use: to inherit from, for an annotation, for an `isinstance`. A stand-in is a
real class, so all of that works; whoever calls it is told in a sentence what is missing. A question whether the name is
there (`hasattr`, `getattr` with a default) is answered with no.
"""

from __future__ import annotations

import dis
import logging
import sys
from abc import ABCMeta
from collections.abc import Iterator
from types import FrameType
from typing import Any, NoReturn

log = logging.getLogger("packs")

ABSENT = frozenset(
    {
        "comfy.sd3_clip",
        "comfy.multigpu",
        "comfy.samplers.CFGNoisePredictor",
        "comfy.samplers.wrap_model",
        "comfy.sd.load_controlnet",
        "comfy.diffusers_convert.load_diffusers",
        "comfy.model_management.unload_model_clones",
    }
)
"""Modules and names that packs try first and do without: older or newer ComfyUIs have them. Importing one fails."""

_AREAS = (
    ("comfy.ldm", "model networks"),
    ("comfy.text_encoders", "text encoders"),
    ("comfy.model_base", "model classes"),
    ("comfy.supported_models", "model classes"),
    ("comfy.model_detection", "model detection"),
    ("comfy.model_patcher", "way of patching models"),
    ("comfy.ops", "layers"),
    ("comfy.hooks", "hooks"),
    ("comfy.lora", "way of applying LoRAs"),
    ("comfy_extras", "own nodes"),
    ("comfy_api_nodes", "paid nodes"),
    ("comfy_api", "interface for nodes"),
    ("nodes", "own nodes"),
    ("server", "server"),
    ("execution", "executor"),
)

_READS = frozenset({"LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"})


class NotSupported(NotImplementedError):
    """Something of ComfyUI's was used that Easel does not have."""


def sentence(name: str) -> str:
    """What a person is told who runs into the missing name."""
    area = next((area for start, area in _AREAS if name == start or name.startswith(start + ".")), "own code")
    return f"{name} is a part of ComfyUI's {area}, which Easel does not have: what needs it cannot run here."


def is_read(frame: FrameType) -> bool:
    """Whether the code in this frame reads a name by `a.b` or `from a import b` right now, and does not ask for it.

    `hasattr` and `getattr` are calls there.
    """
    at = frame.f_lasti
    return at >= 0 and dis.opname[frame.f_code.co_code[at]] in _READS


class _StandIn(ABCMeta):
    """The type of stand-ins. (Of ABCMeta, so that a pack's class may inherit from a stand-in and from a protocol.)"""

    def __getattr__(cls, name: str) -> Any:
        of = cls.__dict__.get("easel_stand_in_for") or _inherited(cls)
        if name.startswith("__") or of is None or not is_read(sys._getframe(1)):  # pyright: ignore[reportPrivateUsage]
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        return stand_in(f"{of}.{name}")

    def __setattr__(cls, name: str, value: Any) -> None:
        of = cls.__dict__.get("easel_stand_in_for")
        if of is not None and not name.startswith("_"):
            log.warning("%s", no_effect(f"{of}.{name}", sys._getframe(1)))  # pyright: ignore[reportPrivateUsage]
        super().__setattr__(name, value)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        of = cls.__dict__.get("easel_stand_in_for")
        if of is not None:
            raise NotSupported(sentence(of))
        return super().__call__(*args, **kwargs)

    def __iter__(cls) -> Iterator[Any]:
        _refuse(cls)

    def __getitem__(cls, key: Any) -> Any:
        _refuse(cls)

    def __len__(cls) -> int:
        _refuse(cls)

    def __contains__(cls, item: Any) -> bool:
        _refuse(cls)

    def __bool__(cls) -> bool:
        return True


class Partly(ABCMeta):
    """The type of classes that we have, of which ComfyUI's have more: reading what ours lacks gives a stand-in.

    class ModelPatcher(metaclass=Partly, known_as="comfy.model_patcher.ModelPatcher"):
    """

    def __new__(
        mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], known_as: str = "", **options: Any
    ) -> Partly:
        if known_as:
            namespace["easel_known_as"] = known_as
        return super().__new__(mcls, name, bases, namespace, **options)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__") or not is_read(sys._getframe(1)):  # pyright: ignore[reportPrivateUsage]
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        known = next(
            (c.__dict__["easel_known_as"] for c in cls.__mro__ if "easel_known_as" in c.__dict__), cls.__name__
        )
        return stand_in(f"{known}.{name}")

    def __setattr__(cls, name: str, value: Any) -> None:
        frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
        # (Python itself sets what begins with an underscore; a pack's own class is its own affair.)
        if "easel_known_as" in cls.__dict__ and not name.startswith("_"):
            log.warning("%s", no_effect(f"{cls.__dict__['easel_known_as']}.{name}", frame))
        super().__setattr__(name, value)


def _refuse(cls: type) -> NoReturn:
    raise NotSupported(sentence(_inherited(cls) or cls.__name__))


def _inherited(cls: type) -> str | None:
    """What the nearest stand-in among a class's parents stands for."""
    return next((c.__dict__["easel_stand_in_for"] for c in cls.__mro__ if "easel_stand_in_for" in c.__dict__), None)


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    raise NotSupported(sentence(str(_inherited(type(self)))))


_known: dict[str, type] = {}


def stand_in(name: str) -> type:
    """The stand-in for a dotted name, such as `comfy.ldm.modules.attention.BasicTransformerBlock`; always the same."""
    if name not in _known:
        module, _, short = name.rpartition(".")
        body = {
            "easel_stand_in_for": name,
            "__module__": module,
            "__qualname__": short,
            "__doc__": sentence(name),
            "__init__": _init,
        }
        _known[name] = _StandIn(short, (), body)
    return _known[name]


def is_stand_in(value: object) -> bool:
    """Whether this is a stand-in itself (a class that a pack derives from one is not)."""
    return isinstance(value, type) and "easel_stand_in_for" in vars(value)


def stands_for(value: object) -> str | None:
    """The name that this class, or the nearest of its parents that is a stand-in, stands for."""
    return _inherited(value) if isinstance(value, type) else None


def no_effect(name: str, frame: FrameType | None) -> str:
    """What the log says where a pack replaces something that Easel never asks."""
    place = f" ({frame.f_code.co_filename}, line {frame.f_lineno})" if frame is not None else ""
    return f"a pack replaces {name}{place}: Easel does not use ComfyUI's code, so this changes nothing here."
