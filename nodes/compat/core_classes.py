# pyright: basic
# Classes made at run time, in the form that ComfyUI's packs expect.
"""Core nodes as classes that packs instantiate, call and derive from: made from our node types, one each.

`nodes.KSampler().sample(model, seed, ...)` calls the node's function with the running node's context, so that progress,
previews and interrupts are that node's. Handles go in and out as packs see them.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import datetime
from keyword import iskeyword
from pathlib import Path
from typing import Any, ClassVar

from graph.node import Blocked, Expansion, NodeType, Outcome
from nodes.compat.boundary import for_pack, from_pack
from nodes.compat.handles.now import context_now
from nodes.compat.host import host, own_folders
from nodes.compat.node_methods import method_of
from nodes.compat.stand_in import NotSupported


class Answer(tuple[Any, ...]):
    """A node's outputs: a tuple, with what callers of newer nodes look for."""

    ui: Any = None

    @property
    def args(self) -> tuple[Any, ...]:
        return tuple(self)

    result = args


class CoreNode:
    """What all have in common."""

    easel_type: ClassVar[NodeType]
    FUNCTION: ClassVar[str]

    @classmethod
    def execute(cls, *args: Any, **kwargs: Any) -> Any:
        return call(cls.easel_type, args, kwargs)


def call(node_type: NodeType, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """A node's answer: a tuple of its outputs, or a dict with `ui` where it has something to show."""
    spec = node_type.spec
    values = arguments(node_type, args, kwargs)
    outcome = node_type.call(context_now(), {name: from_pack(value) for name, value in values.items()})
    if inspect.isawaitable(outcome):
        raise NotSupported(f"{spec.class_type} runs beside others: a pack's node cannot call it.")
    return answer(outcome)


def arguments(node_type: NodeType, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Values by name, of positional and named arguments. TypeError as of a function's call."""
    spec = node_type.spec
    _, order = method_of(spec.class_type)
    names = [*order, *(name for name in (*(i.name for i in spec.inputs), *spec.hidden) if name not in order)]
    if len(args) > len(names):
        raise TypeError(f"{spec.class_type} takes {len(names)} arguments, and {len(args)} were given")
    values = dict(zip(names, args, strict=False))
    twice = values.keys() & kwargs.keys()
    if twice:
        raise TypeError(f"{spec.class_type} got two values for {', '.join(sorted(twice))}")
    values |= kwargs
    known = {*names, *(name for name in _LEFT_OUT.get(spec.class_type, ()))}
    strange = [name for name in values if name not in known and not spec.open_inputs]
    if strange:
        raise TypeError(f"{spec.class_type} has no input {', '.join(strange)} here")
    for name, usual in _LEFT_OUT.get(spec.class_type, {}).items():
        if values.pop(name, usual) not in (usual, None):
            raise NotSupported(f"{spec.class_type} is called with {name}, which Easel's does not have.")
    return {**_usual(node_type), **values}


def _usual(node_type: NodeType) -> dict[str, Any]:
    """What a widget holds at first, for callers that leave it out as methods' defaults let them."""
    found: dict[str, Any] = {}
    for item in node_type.spec.inputs:
        if "default" in item.options:
            found[item.name] = item.options["default"]
        elif item.choices and item.files is None and not item.optional:
            found[item.name] = item.choices[0]
    return found


def answer(outcome: Outcome) -> Any:
    """An outcome in the form of a class's method."""
    if isinstance(outcome, Blocked):
        from nodes.compat.comfy_execution.graph import ExecutionBlocker

        return Answer((ExecutionBlocker(outcome.message),))
    values = Answer(for_pack(value) for value in outcome.values)
    if isinstance(outcome, Expansion):
        return {"result": values, "expand": outcome.graph, "ui": dict(outcome.ui)}
    return {"ui": {kind: list(shown) for kind, shown in outcome.ui.items()}, "result": values} if outcome.ui else values


_made: dict[str, type[CoreNode]] = {}


def class_of(class_type: str) -> Any:
    """The class of a node type: a pack's own, or one made of ours, always the same. KeyError where there is none."""
    node_type = host().registry[class_type]
    own = getattr(node_type.call, "pack_class", None)
    own = own or getattr(getattr(node_type.call, "__self__", None), "pack_class", None)
    if own is not None:
        return own
    made = _made.get(class_type)
    if made is None or made.easel_type is not node_type:
        made = _made[class_type] = _make(node_type)
    return made


def _make(node_type: NodeType) -> type[CoreNode]:
    spec = node_type.spec
    method, order = method_of(spec.class_type)

    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        return call(node_type, args, kwargs)

    run.__name__ = run.__qualname__ = method
    run.__signature__ = _signature(node_type, order)  # pyright: ignore[reportFunctionMemberAccess]
    body: dict[str, Any] = {
        "__module__": "nodes",
        "__doc__": spec.description,
        "easel_type": node_type,
        "FUNCTION": method,
        "CATEGORY": spec.category,
        "DESCRIPTION": spec.description,
        "RETURN_TYPES": tuple(output.type for output in spec.outputs),
        "RETURN_NAMES": tuple(output.name for output in spec.outputs),
        "OUTPUT_IS_LIST": tuple(output.is_list for output in spec.outputs),
        "OUTPUT_NODE": spec.is_output,
        "INPUT_IS_LIST": spec.input_is_list,
        "DEPRECATED": spec.deprecated,
        "EXPERIMENTAL": spec.experimental,
        "INPUT_TYPES": classmethod(lambda cls: input_types(node_type)),
    }
    if method != "execute":
        body[method] = run
    kinds = {item.name: item.files.kind for item in spec.inputs if item.files is not None}
    if kinds:
        body["IS_CHANGED"] = classmethod(lambda cls, **values: _stamps(kinds, values))
    body |= {name: value for kind, extra in _EXTRAS.items() if kind == spec.class_type for name, value in extra.items()}
    base = _BASES.get(spec.class_type, CoreNode)
    name = "".join(letter if letter.isalnum() or letter == "_" else "" for letter in spec.class_type)
    if base is not CoreNode:
        body.pop(method, None)
    made: Any = type(name, (base,), body)
    return made


def _stamps(kinds: Mapping[str, str], values: Mapping[str, Any]) -> str:
    """Which files a node would read: for classes derived from those of ours."""
    folders = own_folders()
    named = [(kind, values.get(name)) for name, kind in kinds.items()]
    return repr([folders.stamp(kind, name) for kind, name in named if isinstance(name, str)])


def input_types(node_type: NodeType) -> dict[str, Any]:
    """INPUT_TYPES of a node, its files listed now."""
    groups = node_type.spec.object_info(own_folders())["input"]
    return {
        group: {name: entry if isinstance(entry, str) else tuple(entry) for name, entry in specs.items()}
        for group, specs in groups.items()
    }


def _signature(node_type: NodeType, order: tuple[str, ...]) -> inspect.Signature:
    spec = node_type.spec
    names = [*order, *(name for name in (*(i.name for i in spec.inputs), *spec.hidden) if name not in order)]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    found = [inspect.Parameter("self", kind)]
    optional = False
    for name in names:
        if not name.isidentifier() or iskeyword(name):  # given by name alone, as ModelMergeSD1's are
            continue
        declared = spec.input(name)
        optional = optional or declared is None or declared.optional or name in spec.hidden
        found.append(inspect.Parameter(name, kind, default=None if optional else inspect.Parameter.empty))
    return inspect.Signature([*found, inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)])


class SavingImages(CoreNode):
    """Saves pictures where its attributes say; packs set them, and call `save_images`."""

    kind: ClassVar[str] = "output"

    def __init__(self) -> None:
        self.output_dir = str(own_folders().root(self.kind))
        self.type = self.kind
        self.prefix_append = ""
        self.compress_level = 4

    def save_images(
        self, images: Any, filename_prefix: str = "ComfyUI", prompt: Any = None, extra_pnginfo: Any = None
    ) -> dict[str, Any]:
        from models.numbered import write_numbered
        from models.saving import png_bytes
        from nodes.compat.folder_paths import taken_early
        from nodes.context import pnginfo
        from nodes.naming import expand

        context = context_now()
        texts = pnginfo(prompt, extra_pnginfo)
        root = Path(taken_early(self.output_dir))
        name = expand(filename_prefix + self.prefix_append, prompt, images.shape[2], images.shape[1], datetime.now())
        saved: list[dict[str, str]] = []
        for number, pixels in enumerate(images):
            context.check()
            wanted = placed(root, name.replace("%batch_num%", str(number)))
            data = png_bytes(pixels, texts, self.compress_level)
            path = write_numbered(wanted.parent, wanted.name, ".png", data, number + 1)
            folder = path.parent.relative_to(root).as_posix()
            shown = {"filename": path.name, "subfolder": "" if folder == "." else folder, "type": self.type}
            saved.append(shown)
        return {"ui": {"images": saved}}


class PreviewingImages(SavingImages):
    """The same, for pictures that are not kept."""

    kind = "temp"

    def __init__(self) -> None:
        super().__init__()
        import secrets
        import string

        self.prefix_append = "_temp_" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(5))
        self.compress_level = 1


def placed(root: Path, name: str) -> Path:
    """Where a file of this name goes. FileNameError outside of the folder."""
    from graph.folders import inside

    return inside(root, name + "_" if name.endswith(("/", "\\")) or not name else name)


def _crop_pixels(pixels: Any) -> Any:
    """Without the edges that are no multiple of 8, cut off evenly."""
    for axis in (1, 2):
        rest = pixels.shape[axis] % 8
        pixels = pixels.narrow(axis, rest // 2, pixels.shape[axis] - rest)
    return pixels


_LEFT_OUT: dict[str, dict[str, Any]] = {
    "KSamplerAdvanced": {"denoise": 1.0},
    "ControlNetApplyAdvanced": {"extra_concat": []},
    "ControlNetApplySD3": {"extra_concat": []},
    "LatentComposite": {"composite_method": "normal"},
    "LatentBlend": {"blend_mode": "normal"},
}
"""Parameters of ComfyUI's methods that our nodes do not have, and the value that they have if nobody gives one."""


def _vae_names(*_: Any) -> list[str]:
    return list(class_of("VAELoader").INPUT_TYPES()["required"]["vae_name"][0])


_BASES: dict[str, type[CoreNode]] = {"SaveImage": SavingImages, "PreviewImage": PreviewingImages}
_EXTRAS: dict[str, dict[str, Any]] = {
    "ImageScale": {
        "upscale_methods": ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"],
        "crop_methods": ["disabled", "center"],
    },
    "ImageScaleBy": {"upscale_methods": ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]},
    "ImageScaleToTotalPixels": {
        "upscale_methods": ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"],
        "crop_methods": ["disabled", "center"],
    },
    "LatentUpscale": {
        "upscale_methods": ["nearest-exact", "bilinear", "area", "bicubic", "bislerp"],
        "crop_methods": ["disabled", "center"],
    },
    "LatentUpscaleBy": {"upscale_methods": ["nearest-exact", "bilinear", "area", "bicubic", "bislerp"]},
    "VAEEncode": {"vae_encode_crop_pixels": staticmethod(_crop_pixels)},
    "LoadImageMask": {"_color_channels": ["alpha", "red", "green", "blue"]},
    "LoraLoader": {"loaded_lora": None},
    "VAELoader": {"vae_list": staticmethod(_vae_names)},
}
