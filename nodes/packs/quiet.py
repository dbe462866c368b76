"""Whether the import of a pack did anything beyond declaring nodes and serving files.

One that did must happen at every start, since others may build on what it did: a route, a folder, a function of a
library that it exchanged. One that did not may wait until somebody needs its nodes (`resting.py`). In doubt it did.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from nodes.compat.finder import LOADED, OTHERS, SINGLE, TREES, CompatModule
from nodes.packs.watch import Watched, listen

OURS = frozenset({"graph", "models", "nodes", "worker"})
LIBRARIES = frozenset(
    {"builtins", "json", "logging", "os", "random", "shutil", "subprocess", "threading", "warnings"}
    | {"asyncio", "importlib", "aiohttp.web", "safetensors.torch", "PIL.Image", "numpy", "transformers", "diffusers"}
    | {"torch", "torch.cuda", "torch.hub", "torch.nn", "torch.nn.functional", "torch.nn.modules.module"}
)
"""Modules beside ours whose names packs are known to exchange."""
LONGEST = 5_000
"""Items of a list or dict that are looked at one by one."""
SET_BY_LIBRARIES = ("QT_", "LD_LIBRARY_PATH", "OPENCV_", "KMP_")
"""Environment variables that imports of common libraries set, and nobody else reads."""

Look = dict[str, dict[str, object]]

_fresh: Look = {}
"""Of ComfyUI's modules as they were when they had just been loaded, before whoever imported them went on."""


def note_fresh(module: ModuleType) -> None:
    """One of ComfyUI's names was loaded."""
    _fresh.update(_parts(module, whole=True))


class Surroundings:
    """How the process stands before an import."""

    def __init__(self, after: Surroundings | None = None) -> None:
        """after: of the import just before this one, whose last look is this one's first."""
        listen()  # it exchanges functions itself
        _fresh.clear()
        known = None if after is None else after._after
        self._before, self._state = (_look(), _state()) if known is None else known
        self._after: tuple[Look, dict[str, object]] | None = None

    def disturbed_by(self, seen: Watched) -> str:
        """What the import changed, as a few words; empty for one that only declared. seen: what was heard of it."""
        if seen.wrote or seen.noted or seen.refused:
            return "files, programs or the network"
        if seen.set:
            return f"{seen.set[0]} was set"
        now = _state()
        for name, value in self._state.items():
            if name == "a thread" and now[name] <= value:  # pyright: ignore[reportOperatorIssue]
                continue  # some may have ended
            if name == "a setting of torch" and value is None:
                continue  # it was loaded meanwhile
            if now[name] != value:
                return name
        before, after = {**_fresh, **self._before}, _look()
        self._after = after, now
        for place, names in before.items():
            for name, value in names.items():
                found = after.get(place, {}).get(name, _GONE)
                if found != value:
                    return f"{place}.{name} is another"
            if _is_theirs(place):
                more = [name for name in after.get(place, {}) if name not in names]
                if more:
                    return f"{place}.{more[0]} is new"
        return ""


_GONE = object()
_PLAIN = (str, int, float, bool, type(None))


def _look() -> Look:
    """What the names in the modules that packs may exchange something in stand for."""
    found: Look = {}
    for name, module in list(sys.modules.items()):
        if isinstance(module, CompatModule):
            found.update(_parts(module, whole=True))
        elif name.partition(".")[0] in OURS or name in LIBRARIES:
            found.update(_parts(module, whole=False))
    return found


def _parts(module: ModuleType, *, whole: bool) -> Iterator[tuple[str, dict[str, object]]]:
    """The module's names, and those of its classes, with what they stand for.

    whole: also what its lists, dicts and options hold, as packs add to ComfyUI's; in ours these change by themselves.
    """
    names = {
        name: value
        for name, value in list(vars(module).items())
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    yield module.__name__, {name: id(value) for name, value in names.items()}
    for name, value in names.items():
        place = f"{module.__name__}.{name}"
        if isinstance(value, type) and value.__module__.startswith(
            module.__name__
        ):  # torch.nn names what its parts have
            held = {
                inner: held for inner, held in list(vars(value).items()) if not inner.startswith("_") or inner in _CALLS
            }
            yield place, {inner: _token(one) if whole else id(one) for inner, one in held.items()}
        elif whole and isinstance(value, list | dict | set | argparse.Namespace):
            yield place, {"content": _token(value)}


_CALLS = frozenset({"__init__", "__call__", "__new__"})


def _token(value: Any) -> object:
    """Another where a list or dict holds something else by now, or the name stands for something else."""
    if isinstance(value, argparse.Namespace):
        value = vars(value)
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, dict) and dict.__len__(value) <= LONGEST:  # pyright: ignore[reportUnknownArgumentType]
        items: list[tuple[Any, Any]] = list(dict.items(value))  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
        return tuple((_same(key), _same(held)) for key, held in items)
    if isinstance(value, list | tuple | set) and len(value) <= LONGEST:  # pyright: ignore[reportUnknownArgumentType]
        return tuple(map(_same, value))  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
    return id(value)


def _same(value: Any) -> object:
    """An item as it is compared: plain ones by value, and lists of them, such as folders by kind."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list | tuple | set | frozenset) and len(value) <= LONGEST:  # pyright: ignore[reportUnknownArgumentType]
        return tuple(map(_flat, value))  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
    return id(value)


def _flat(value: Any) -> object:
    if isinstance(value, list | set):
        return tuple(one if isinstance(one, _PLAIN) else id(one) for one in value)  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]
    return value if isinstance(value, _PLAIN) else id(value)


def _is_theirs(place: str) -> bool:
    root = place.partition(".")[0]
    return root in TREES or root in SINGLE or place.startswith(OTHERS)


def _state() -> dict[str, object]:
    """What else an import may leave behind."""
    routes: Any = sys.modules.get("nodes.compat.routes")
    server: Any = sys.modules.get("server")
    torch: Any = sys.modules.get("torch")
    prompt_server: Any = getattr(getattr(server, "PromptServer", None), "instance", None)
    return {
        "a thread": {thread.ident for thread in threading.enumerate()},
        "an environment variable": {
            name: value for name, value in os.environ.items() if not name.startswith(SET_BY_LIBRARIES)
        },
        "sys.path": tuple(sys.path),
        "an importer": (tuple(map(id, sys.meta_path)), tuple(map(id, sys.path_hooks))),
        "a signal": tuple(map(signal.getsignal, (signal.SIGINT, signal.SIGTERM))),
        "a hook": (id(sys.excepthook), id(sys.stdout), id(sys.stderr), id(threading.excepthook)),
        "the log": (tuple(map(id, logging.getLogger().handlers)), logging.getLogger().level),
        "a route": 0 if routes is None else routes.ROUTES.added(),
        "a look at prompts": 0 if prompt_server is None else len(prompt_server.on_prompt_handlers),
        "a setting of torch": None if torch is None else _settings(torch),
    }


def _settings(torch: Any) -> tuple[object, ...]:
    backends = torch.backends
    return (
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        backends.cudnn.benchmark,
        backends.cuda.matmul.allow_tf32,
    )


LOADED.append(note_fresh)
