# pyright: basic
# What a pack's `import nodes` gives: ComfyUI's names, untyped as packs use them.
"""ComfyUI's module `nodes`: core classes by name, every loaded node in NODE_CLASS_MAPPINGS, and a few functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graph.node import MAX_RESOLUTION
from nodes.compat.core_classes import CoreNode, class_of
from nodes.compat.host import host
from nodes.compat.node_methods import CLASSES

__all__ = [
    "EXTENSION_WEB_DIRS",
    "MAX_RESOLUTION",
    "NODE_CLASS_MAPPINGS",
    "NODE_DISPLAY_NAME_MAPPINGS",
    "before_node_execution",
    "common_ksampler",
    "interrupt_processing",
]

EXTENSION_WEB_DIRS: dict[str, str] = {}
"""Folders of scripts by the pack's name; packs add theirs."""


class _Nodes(dict[str, Any]):
    """Every loaded node's class by id, as it is now. What packs put in is kept beside it."""

    def _live(self) -> dict[str, Any]:
        return {name: self[name] for name in self}

    def __getitem__(self, class_type: str) -> Any:
        if dict.__contains__(self, class_type):
            return dict.__getitem__(self, class_type)
        return class_of(class_type)

    def __contains__(self, class_type: object) -> bool:
        return dict.__contains__(self, class_type) or class_type in host().registry

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys([*host().registry, *dict.keys(self)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def get(self, class_type: str, default: Any = None) -> Any:  # type: ignore[override]
        try:
            return self[class_type]
        except LookupError:
            return default

    def keys(self) -> Any:  # type: ignore[override]
        return dict.fromkeys(self).keys()

    def values(self) -> Any:  # type: ignore[override]
        return self._live().values()

    def items(self) -> Any:  # type: ignore[override]
        return self._live().items()

    def copy(self) -> dict[str, Any]:
        return self._live()

    def added(self) -> dict[str, Any]:
        """What packs put in themselves."""
        return dict(dict.items(self))


class _Titles(_Nodes):
    """The same for the nodes' titles."""

    def __getitem__(self, class_type: str) -> Any:
        if dict.__contains__(self, class_type):
            return dict.__getitem__(self, class_type)
        return host().registry[class_type].spec.title or class_type


NODE_CLASS_MAPPINGS = _Nodes()
NODE_DISPLAY_NAME_MAPPINGS = _Titles()


def __getattr__(name: str) -> type[CoreNode]:
    """A core class by its name."""
    if not name.startswith("_"):
        try:
            return class_of(CLASSES.get(name, name))
        except LookupError:
            pass
    raise AttributeError(f"module 'nodes' has no attribute {name!r}")


def common_ksampler(
    model: Any,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Any,
    negative: Any,
    latent: dict[str, Any],
    denoise: float = 1.0,
    disable_noise: bool = False,
    start_step: int | None = None,
    last_step: int | None = None,
    force_full_denoise: bool = False,
) -> tuple[dict[str, Any]]:
    """Sample a LATENT, with progress and previews on the node that runs."""
    from nodes.compat.boundary import from_pack
    from nodes.compat.comfy import samplers
    from nodes.compat.handles.now import context_now
    from nodes.sampling import report

    context, handle = context_now(), from_pack(model)
    found = samplers.sample_latent(
        handle,
        latent,
        seed=seed,
        steps=steps,
        cfg=cfg,
        sampler_name=sampler_name,
        scheduler=scheduler,
        positive=from_pack(positive),
        negative=from_pack(negative),
        denoise=denoise,
        noise=None if not disable_noise else 0,
        start_step=start_step,
        last_step=last_step,
        force_full_denoise=force_full_denoise,
        on_step=report(context, handle),
        check=context.check,
    )
    return (found,)


def before_node_execution() -> None:
    """Ends the node where the person has asked for it."""
    from nodes.compat.handles.now import context_now

    context_now().check()


def interrupt_processing(value: bool = True) -> None:
    from nodes.compat.comfy import model_management

    model_management.interrupt_current_processing(value)
