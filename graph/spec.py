"""Plain data that describes node types, so that a process that has none of their code can validate a graph.

A `NodeSpec` crosses the link as JSON and is kept on disk; `object_info` gives the entry that clients read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from graph.needs import Memory, Needs
from graph.renamed import Renamed
from graph.types import JsonObject

__all__ = ["FileChoice", "FileGroup", "FileNames", "InputSpec", "Memory", "Needs", "NodeSpec", "OutputSpec", "Renamed"]

ABSENT_TYPES = frozenset({"WEBCAM", "LOAD_3D", "LOAD_3D_ANIMATION", "AUDIO_RECORD"})
"""Types whose value a page makes: a camera's picture, a 3D view, a recording."""
WIDGET_TYPES = ABSENT_TYPES | {
    *("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"),
    *("MARKDOWN", "COLOR", "CURVE", "BOUNDING_BOX"),
}
"""Types whose inputs can hold a constant typed by the user."""

UPLOAD_FLAGS = ("image_upload", "video_upload", "animated_image_upload", "audio_upload", "file_upload")


class FileNames(Protocol):
    """What lists the files of a kind: `graph.folders.Folders`."""

    def list(self, kind: str, media: str | None = None) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileGroup:
    """One value of a combo that stands for several files, and is offered while all of them are there."""

    value: str
    """Such as `taesd`."""
    kind: str
    """The folder kind of the files, such as `vae_approx`."""
    starts: tuple[str, ...]
    """What each file's name begins with: `taesd_encoder.`, `taesd_decoder.`."""

    def files(self, folders: FileNames) -> tuple[str, ...] | None:
        """Their names, in the order of `starts`; None where one is missing."""
        names = folders.list(self.kind)
        found = [next((name for name in names if name.startswith(start)), None) for start in self.starts]
        return None if None in found else tuple(name for name in found if name is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChoice:
    """A combo whose values are the files of one folder kind."""

    kind: str
    """A model folder such as `checkpoints`, or `input`."""
    media: str | None = None
    """Only files of this content: `image`, `audio`, `video`; None for all."""
    groups: tuple[FileGroup, ...] = ()
    """Values that stand for several files, listed after the files."""
    extra: tuple[str, ...] = ()
    """Values that are no files, listed last, such as `pixel_space`."""
    first: tuple[str, ...] = ()
    """Values that are no files, listed first, such as `None`."""

    def group(self, value: Any) -> FileGroup | None:
        return next((group for group in self.groups if group.value == value), None)

    def values(self, folders: FileNames | None) -> list[str]:
        """All that may be chosen now."""
        if folders is None:
            return [*self.first, *self.extra]
        there = [group.value for group in self.groups if group.files(folders) is not None]
        return [*self.first, *folders.list(self.kind, self.media), *there, *self.extra]

    def is_file(self, value: Any) -> bool:
        """Whether such a value names a file, or a group of files."""
        return value not in self.extra and value not in self.first

    def to_json(self) -> JsonObject:
        groups = [{"value": g.value, "kind": g.kind, "starts": list(g.starts)} for g in self.groups]
        data: JsonObject = {"kind": self.kind, "media": self.media, "extra": list(self.extra)}
        if self.first:
            data["first"] = list(self.first)
        return {**data, "groups": groups} if groups else data

    @classmethod
    def from_json(cls, data: JsonObject) -> FileChoice:
        groups = tuple(
            FileGroup(value=g["value"], kind=g["kind"], starts=tuple(g["starts"])) for g in data.get("groups", ())
        )
        first = tuple(data.get("first", ()))
        return cls(kind=data["kind"], media=data["media"], groups=groups, extra=tuple(data["extra"]), first=first)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """One input: a socket, a widget, or both."""

    name: str
    type: str
    """`INT`, `IMAGE`, ..., a union `A,B`, `*` for anything, or `COMBO`."""
    optional: bool = False
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """As in `/object_info`: default, min, max, step, tooltip, lazy, forceInput, ..."""
    choices: tuple[Any, ...] | None = None
    """A combo's allowed values; None where `files` lists them or nobody knows them."""
    files: FileChoice | None = None
    string_combo: bool = False
    """True where `/object_info` writes `["COMBO", {"options": [...]}]` and not `[[...], {}]`."""

    @property
    def is_combo(self) -> bool:
        return self.type == "COMBO"

    @property
    def is_lazy(self) -> bool:
        return bool(self.options.get("lazy"))

    @property
    def has_widget(self) -> bool:
        """Whether the editor draws a field for it: its type is a widget's and it is no mere socket."""
        return (self.type in WIDGET_TYPES or "widgetType" in self.options) and not self.options.get("forceInput")

    def allowed(self, folders: FileNames | None) -> list[Any] | None:
        """A combo's values now, or None where any value is allowed (no combo, or options fetched elsewhere)."""
        if self.files is not None:
            return [*self.files.values(folders)]
        return None if self.choices is None else list(self.choices)

    def config(self, folders: FileNames | None) -> list[Any]:
        """The entry `[type, options]` of `/object_info`."""
        options = dict(self.options)
        if not self.is_combo:
            return [self.type, options] if options else [self.type]
        allowed = self.allowed(folders)
        if self.string_combo:
            return ["COMBO", options if allowed is None else {"options": allowed, **options}]
        return [allowed or [], options] if options else [allowed or []]

    def to_json(self) -> JsonObject:
        data: JsonObject = {"name": self.name, "type": self.type}
        if self.optional:
            data["optional"] = True
        if self.options:
            data["options"] = dict(self.options)
        if self.choices is not None:
            data["choices"] = list(self.choices)
        if self.files is not None:
            data["files"] = self.files.to_json()
        if self.string_combo:
            data["string_combo"] = True
        return data

    @classmethod
    def from_json(cls, data: JsonObject) -> InputSpec:
        choices = data.get("choices")
        files = data.get("files")
        return cls(
            name=data["name"],
            type=data["type"],
            optional=data.get("optional", False),
            options=data.get("options", {}),
            choices=None if choices is None else tuple(choices),
            files=files and FileChoice.from_json(files),
            string_combo=data.get("string_combo", False),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """One output."""

    type: str
    name: str
    is_list: bool = False
    """The function returns a list, of which each element is one value."""
    tooltip: str | None = None
    choices: tuple[Any, ...] | None = None
    """A combo output's values."""

    @property
    def wire_type(self) -> Any:
        """As `/object_info` has it: a combo output is its list of values."""
        return list(self.choices) if self.choices is not None else self.type


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """All that can be said of a node type without its code."""

    class_type: str
    """Its identity in files: never changes."""
    title: str = ""
    category: str = ""
    description: str = ""
    inputs: tuple[InputSpec, ...] = ()
    """Required and optional ones, in the order of declaration."""
    hidden: Mapping[str, str] = field(default_factory=dict[str, str])
    """Parameter name to `PROMPT`, `EXTRA_PNGINFO`, `UNIQUE_ID`, `DYNPROMPT`, `AUTH_TOKEN_COMFY_ORG`, ..."""
    outputs: tuple[OutputSpec, ...] = ()
    is_output: bool = False
    """Runs for its effect or its `ui` results, so it can be a target."""
    input_is_list: bool = False
    not_idempotent: bool = False
    """Equal inputs may give other results, so equal nodes do not share one."""
    has_is_changed: bool = False
    """Its fingerprint is asked of its code, once a prompt."""
    validates: tuple[str, ...] | None = None
    """What its own VALIDATE_INPUTS checks: inputs, `*` for all, `input_types` for links' types. None: it has none."""
    open_inputs: bool = False
    """Takes inputs that it does not declare."""
    open_lazy: bool = False
    """Links into inputs that it does not declare are lazy."""
    open_outputs: bool = False
    """Has, after those that it declares, as many outputs as its function gives."""
    is_async: bool = False
    changing: bool = False
    """Its choices follow files that its own code looks up: they are asked for anew when somebody wants to know."""
    memory: Memory | None = None
    needs: Needs | None = None
    unkeyed: tuple[str, ...] = ()
    """Inputs that its results do not depend on: another value is no reason to run."""
    renamed: tuple[Renamed, ...] = ()
    """What graphs may hold in place of its names of now."""
    help: str = ""
    """More of it than the description, as markdown: the whole docstring."""
    module: str = "nodes"
    """As clients expect it: `nodes`, or `custom_nodes.<pack>`."""
    version: str = ""
    """Changes when its code does: part of every key."""
    deprecated: bool = False
    experimental: bool = False
    api_node: bool = False
    search_aliases: tuple[str, ...] = ()
    verbose_info: bool = False
    """True where `/object_info` always states deprecated, experimental, api_node and output_tooltips."""
    later: str = ""
    """What a run of it needs and this version lacks, such as `video models`; empty for a type that runs. Graphs hold
    such nodes; validation refuses to run them."""

    def input(self, name: str) -> InputSpec | None:
        return next((spec for spec in self.inputs if spec.name == name), None)

    def object_info(self, folders: FileNames | None) -> JsonObject:
        """The entry under `/object_info`; files are listed now."""
        groups: dict[str, JsonObject] = {"required": {}}
        for spec in self.inputs:
            groups.setdefault("optional" if spec.optional else "required", {})[spec.name] = spec.config(folders)
        if self.hidden:
            groups["hidden"] = {name: [kind] if self.verbose_info else kind for name, kind in self.hidden.items()}
        info: JsonObject = {
            "input": groups,
            "input_order": {group: list(specs) for group, specs in groups.items()},
            "output": [output.wire_type for output in self.outputs],
            "output_is_list": [output.is_list for output in self.outputs],
            "output_name": [output.name for output in self.outputs],
            "name": self.class_type,
            "display_name": self.title or self.class_type,
            "description": self.description,
            "python_module": self.module,
            "category": self.category,
            "output_node": self.is_output,
        }
        tooltips = [output.tooltip for output in self.outputs]
        if self.verbose_info or any(tooltips):
            info["output_tooltips"] = [tip or "" for tip in tooltips] if not self.verbose_info else tooltips
        for name in ("deprecated", "experimental", "api_node"):
            if self.verbose_info or getattr(self, name):
                info[name] = getattr(self, name)
        if self.search_aliases:
            info["search_aliases"] = list(self.search_aliases)
        if self.later:
            info["easel_later"] = self.later
        if self.needs is not None:
            info["easel_needs"] = self.needs.to_json()
        if self.renamed:
            info["easel_renamed"] = [one.to_json() for one in self.renamed]
        return info

    def to_json(self) -> JsonObject:
        data: JsonObject = {
            "class_type": self.class_type,
            "title": self.title,
            "category": self.category,
            "description": self.description,
            "inputs": [spec.to_json() for spec in self.inputs],
            "hidden": dict(self.hidden),
            "outputs": [
                {
                    "type": output.type,
                    "name": output.name,
                    "is_list": output.is_list,
                    "tooltip": output.tooltip,
                    "choices": None if output.choices is None else list(output.choices),
                }
                for output in self.outputs
            ],
            "validates": None if self.validates is None else list(self.validates),
            "memory": self.memory and {"bytes_per": self.memory.bytes_per, "inputs": list(self.memory.inputs)},
            "module": self.module,
            "version": self.version,
            "search_aliases": list(self.search_aliases),
        }
        optional: JsonObject = {
            "later": self.later,
            "help": self.help,
            "needs": self.needs and self.needs.to_json(),
            "unkeyed": list(self.unkeyed),
            "renamed": [one.to_json() for one in self.renamed],
        }
        data.update({name: value for name, value in optional.items() if value})
        data.update({name: True for name in _FLAGS if getattr(self, name)})
        return data

    @classmethod
    def from_json(cls, data: JsonObject) -> NodeSpec:
        validates = data["validates"]
        memory = data["memory"]
        return cls(
            class_type=data["class_type"],
            title=data["title"],
            category=data["category"],
            description=data["description"],
            inputs=tuple(InputSpec.from_json(item) for item in data["inputs"]),
            hidden=data["hidden"],
            outputs=tuple(
                OutputSpec(
                    type=item["type"],
                    name=item["name"],
                    is_list=item["is_list"],
                    tooltip=item["tooltip"],
                    choices=None if item["choices"] is None else tuple(item["choices"]),
                )
                for item in data["outputs"]
            ),
            validates=None if validates is None else tuple(validates),
            memory=memory and Memory(memory["bytes_per"], tuple(memory["inputs"])),
            module=data["module"],
            version=data["version"],
            search_aliases=tuple(data["search_aliases"]),
            later=data.get("later", ""),
            help=data.get("help", ""),
            needs=Needs.from_json(data["needs"]) if data.get("needs") else None,
            unkeyed=tuple(data.get("unkeyed", ())),
            renamed=tuple(Renamed.from_json(item) for item in data.get("renamed", ())),
            **{name: data.get(name, False) for name in _FLAGS},
        )


_FLAGS = (
    "is_output",
    "input_is_list",
    "not_idempotent",
    "has_is_changed",
    "open_inputs",
    "open_lazy",
    "open_outputs",
    "is_async",
    "changing",
    "deprecated",
    "experimental",
    "api_node",
    "verbose_info",
)
