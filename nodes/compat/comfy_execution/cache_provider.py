# pyright: basic
"""ComfyUI's `comfy_execution.cache_provider`: other places to keep results in.

Easel keeps results itself and asks no other place, which is allowed to any provider: to it, nothing is ever looked up.
What a pack registers is kept here, so that it can be taken back.
"""

from __future__ import annotations

import hashlib
import json
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("easel.packs")


@dataclass
class CacheContext:
    """Which node's results are meant."""

    node_id: str
    class_type: str
    cache_key_hash: str


@dataclass
class CacheValue:
    """Results of one node."""

    outputs: list[Any]
    ui: dict[str, Any] | None = None


class CacheProvider(ABC):
    """What packs derive theirs from."""

    @abstractmethod
    async def on_lookup(self, context: CacheContext) -> CacheValue | None:
        """The results that are kept for these inputs."""

    @abstractmethod
    async def on_store(self, context: CacheContext, value: CacheValue) -> None:
        """Keep these."""

    def should_cache(self, context: CacheContext, value: CacheValue | None = None) -> bool:
        return True

    def on_prompt_start(self, prompt_id: str) -> None:  # noqa: B027
        """A prompt starts."""

    def on_prompt_end(self, prompt_id: str) -> None:  # noqa: B027
        """A prompt has ended."""


_providers: list[CacheProvider] = []


def register_cache_provider(provider: CacheProvider) -> None:
    if provider not in _providers:
        _providers.append(provider)
        log.warning("%s keeps results elsewhere: Easel keeps them itself and does not ask it", type(provider).__name__)


def unregister_cache_provider(provider: CacheProvider) -> None:
    if provider in _providers:
        _providers.remove(provider)


def _get_cache_providers() -> tuple[CacheProvider, ...]:
    return tuple(_providers)


def _has_cache_providers() -> bool:
    return bool(_providers)


def _serialize_cache_key(cache_key: Any) -> str | None:
    """One text for each key of plain values; None for those with anything else in them."""
    try:
        text = json.dumps(_plain(cache_key), sort_keys=True)
    except (TypeError, ValueError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return ["set", sorted((_plain(each) for each in value), key=str)]
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    return value
