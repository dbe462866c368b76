"""How `import comfy.utils` finds `nodes/compat/comfy/utils.py`.

One finder, first in `sys.meta_path` of the process that runs packs. It answers the names of ComfyUI's modules: from our
file of that name, loaded under ComfyUI's name, so that relative names, pickles and `isinstance` work; or, where we have
no file, by an empty module. What such a module lacks is answered by a stand-in (`stand_in.py`). It also knows the
private names under which `own_modules.py` loads what a pack brings itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from nodes.compat import own_modules
from nodes.compat.comfy_root import comfy_root
from nodes.compat.host import host
from nodes.compat.stand_in import ABSENT, is_read, log, no_effect, stand_in
from nodes.packs.watch import note_set

HERE = Path(__file__).resolve().parent
PREFIX = "nodes.compat."

SINGLE = ("folder_paths", "server", "execution", "node_helpers", "latent_preview", "comfyui_version")
TREES = ("comfy", "comfy_execution", "comfy_extras", "comfy_api", "comfy_api_nodes", "comfy_config")
OTHERS = ("nodes.compat.node_classes",)
"""Modules of ours that packs see under another name, and whose missing names have stand-ins too."""

PACKAGES = frozenset(
    {*TREES, "comfy.ldm", "comfy.ldm.modules", "comfy.ldm.modules.diffusionmodules", "comfy.ldm.modules.distributions"}
    | {"comfy.ldm.modules.encoders", "comfy.text_encoders", "comfy.k_diffusion", "comfy.taesd", "comfy.cldm"}
    | {"comfy.t2i_adapter", "comfy.extra_samplers", "comfy.image_encoders", "comfy.audio_encoders"}
    | {"comfy.weight_adapter", "comfy.comfy_types", "comfy_extras.chainner_models"}
)
"""Which of the modules that we have no file for have modules in them, as has every one in `comfy.ldm`."""

LOADED: list[Callable[[ModuleType], None]] = []
"""Called with each module of ComfyUI's names when it has just been loaded."""

HONOURED = frozenset({"comfy.utils.PROGRESS_BAR_ENABLED", "latent_preview.get_previewer"})
"""What a pack may replace in a module of ours, and we read it."""


IMPORTED = {"np": "numpy", "comfy": "comfy", "folder_paths": "folder_paths"} | {
    name: name
    for name in (
        *(
            "collections",
            "copy",
            "functools",
            "hashlib",
            "inspect",
            "json",
            "logging",
            "math",
            "os",
            "random",
            "re",
            "sys",
        ),
        *("time", "torch", "traceback", "numpy"),
    )
}
"""Modules that nearly all of ComfyUI's have among their names."""


class CompatModule(ModuleType):
    """A module of ComfyUI's name. Reading what it lacks gives a stand-in; asking whether it is there says no."""

    def __getattr__(self, name: str) -> Any:
        whole = f"{self.__name__}.{name}"
        if name.startswith("__") or whole in ABSENT:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if hasattr(self, "__path__") and _file(whole) is not None:  # a module of ours that nobody has imported yet
            return importlib.import_module(whole)
        if self.__name__.startswith("comfy_extras.") and (core := _core_class(name)) is not None:
            return core
        if not is_read(sys._getframe(1)):  # pyright: ignore[reportPrivateUsage]
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if (imported := _imported_there(self.__name__, name)) is not None:
            return importlib.import_module(imported)
        return stand_in(f"{shown_name(self.__name__)}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
        whole = f"{shown_name(self.__name__)}.{name}"
        if own_modules.pack_of(frame.f_globals) is not None:
            if name in self.__dict__ and whole not in HONOURED:
                log.warning("%s", no_effect(whole, frame))
            note_set(whole)
        super().__setattr__(name, value)


def _imported_there(module: str, name: str) -> str | None:
    """The module that packs mean by a name which ComfyUI's module has only because it imports it itself."""
    if name in IMPORTED:
        return IMPORTED[name]
    beside = f"comfy.{name}"
    return beside if module.startswith("comfy.") and _file(beside) is not None else None


def shown_name(module: str) -> str:
    """The name under which packs know a module of ours."""
    return "nodes" if module in OTHERS else module


def class_named(name: str) -> Any:
    """A name of ComfyUI's `nodes`. AttributeError where it has none."""
    return getattr(importlib.import_module(OTHERS[0]), name)


def _core_class(name: str) -> Any:
    """A core node's class, whichever module of `comfy_extras` a pack looks for it in; None where there is none."""
    try:
        return class_named(name) if name[0].isupper() else None
    except (AttributeError, LookupError):
        return None


class _FileLoader(SourceFileLoader):
    """Runs our file under ComfyUI's name."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return CompatModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        if module.__name__ in (*SINGLE, *OTHERS):  # packs look for other files beside these
            module.__dict__["__file__"] = str(comfy_root() / f"{shown_name(module.__name__)}.py")
        for tell in LOADED:
            tell(module)


class _EmptyLoader(Loader):
    """A module that Easel has no file for."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return CompatModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = f"ComfyUI's {module.__name__}, which Easel does not have: its names are stand-ins."


class _Same(Loader):
    """A second name for a module that is there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = importlib.import_module(self._name)


class _ByPath(Loader):
    """A module of ComfyUI's that a pack loads by its file's place, where Easel has no such file."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return CompatModule(self._name)

    def exec_module(self, module: ModuleType) -> None:
        there = vars(importlib.import_module(self._name))
        vars(module).update({name: value for name, value in there.items() if not name.startswith("__")})


class _Torchvision(Loader):
    """torchvision, whose compiled operators may be missing: imported as Easel does it, since many packs want it."""

    making = False

    @classmethod
    def spec(cls) -> ModuleSpec | None:
        """None while Easel itself imports it, and where it cannot be had at all."""
        if cls.making:
            return None
        from models.vision_operators import make_torchvision_importable

        cls.making = True
        try:
            make_torchvision_importable()
        except ImportError:
            return None
        finally:
            cls.making = False
        return ModuleSpec("torchvision", cls(), is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        self._module = sys.modules[spec.name]
        self._spec = self._module.__spec__
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # it has run already


_spec_from_file_location = importlib.util.spec_from_file_location


def _spec_by_path(name: str, location: Any = None, **more: Any) -> ModuleSpec | None:
    """`importlib.util.spec_from_file_location`, for files that ComfyUI has beside `folder_paths.py` as well."""
    if isinstance(location, str | os.PathLike) and not os.path.exists(location):
        path = Path(os.fsdecode(location))
        top = path.parent.name
        if top in TREES and path.suffix == ".py" and os.path.realpath(path.parents[1]) in _roots():
            return ModuleSpec(name, _ByPath(f"{top}.{path.stem}"), origin=str(path))
    return _spec_from_file_location(name, location, **more)


def _roots() -> set[str]:
    return {os.path.realpath(place) for place in (comfy_root(), own_modules.ROOT, host().config.get("base") or ".")}


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if target is None and (back := own_modules.thrown_out(fullname)) is not None:
            return back
        if fullname.startswith(PREFIX):
            inner = fullname[len(PREFIX) :]
            if inner.partition(".")[0] in TREES or inner in SINGLE:
                return ModuleSpec(
                    fullname, _Same(inner), is_package=True
                )  # so that our own files may import each other by our name
            return self._host(fullname) if fullname in OTHERS else None
        top = fullname.partition(".")[0]
        if top in TREES or fullname in SINGLE:
            return self._host(fullname)
        if fullname == "torchvision":
            return _Torchvision.spec()
        found = own_modules.find(fullname, path)
        if found is None and fullname == "model_management":  # for packs that put ComfyUI's `comfy` folder on sys.path
            return ModuleSpec(fullname, _Same("comfy.model_management"))
        return found

    def _host(self, fullname: str) -> ModuleSpec | None:
        if fullname in ABSENT or any(fullname.startswith(name + ".") for name in ABSENT):
            return None
        file = _file(fullname.removeprefix(PREFIX))
        if file is not None:
            return _spec(fullname, file)
        return ModuleSpec(fullname, _EmptyLoader(), is_package=_is_package(fullname))


def _is_package(fullname: str) -> bool:
    return fullname in PACKAGES or fullname.rpartition(".")[0] == "comfy.ldm"


def _file(fullname: str) -> Path | None:
    """Our file for a module of ComfyUI's."""
    base = HERE.joinpath(*fullname.split("."))
    if (base / "__init__.py").is_file():
        return base / "__init__.py"
    single = base.with_name(base.name + ".py")
    return single if single.is_file() else None


def _spec(fullname: str, file: Path) -> ModuleSpec:
    folder = [str(file.parent)] if file.name == "__init__.py" else None
    loader = _FileLoader(fullname, str(file))
    spec = importlib.util.spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=folder)
    return cast("ModuleSpec", spec)


_finder = _Finder()


def install(folders: Sequence[Path] = ()) -> None:
    """Answer ComfyUI's names from now on. folders: where packs lie (`custom_nodes`)."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    importlib.util.spec_from_file_location = cast("Any", _spec_by_path)
    own_modules.install(folders)


def uninstall() -> None:
    """Take everything back, and forget the modules that were made: for tests."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    importlib.util.spec_from_file_location = _spec_from_file_location
    own_modules.uninstall()
    for name in list(sys.modules):
        inner = name.removeprefix(PREFIX)
        if inner.partition(".")[0] in TREES or inner in SINGLE or name in OTHERS:
            del sys.modules[name]
