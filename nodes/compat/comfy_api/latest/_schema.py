"""What a V3 node declares of itself."""
# pyright: basic
# Packs pass lists, None or nothing, as they please.

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ._dynamic import DynamicInput, MatchType, entries
from ._types import Input, Output


class Hidden(StrEnum):
    """What a node may ask for besides its inputs."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"
    auth_token_comfy_org = "AUTH_TOKEN_COMFY_ORG"
    api_key_comfy_org = "API_KEY_COMFY_ORG"


class HiddenHolder:
    """`cls.hidden`: what the node asked for, and None for all else."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        return None

    @classmethod
    def from_dict(cls, values: dict[Any, Any] | None) -> HiddenHolder:
        return cls(**{Hidden(kind).name: value for kind, value in (values or {}).items()})


@dataclass
class PriceBadgeDepends:
    """What a price is worked out from."""

    widgets: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    input_groups: list[str] = field(default_factory=list)


@dataclass
class PriceBadge:
    """What a node of a cloud service costs. Kept, and not shown: Easel runs none of these."""

    expr: str
    depends_on: PriceBadgeDepends = field(default_factory=PriceBadgeDepends)
    engine: str = "jsonata"


@dataclass
class Schema:
    node_id: str
    display_name: str | None = None
    category: str = "sd"
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    description: str = ""
    search_aliases: list[str] = field(default_factory=list)
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_dev_only: bool = False
    is_api_node: bool = False
    price_badge: PriceBadge | None = None
    not_idempotent: bool = False
    enable_expand: bool = False
    accept_all_inputs: bool = False
    essentials_category: str | None = None
    has_intermediate_output: bool = False

    def validate(self) -> None:
        """Raises ValueError, with what is wrong, where it contradicts itself."""
        names = [item.id for item in self.inputs if not isinstance(item, DynamicInput)]
        for what, ids in (("input", names), ("output", [output.id for output in self.outputs])):
            twice = [id for id, count in Counter(ids).items() if count > 1]
            if twice:
                raise ValueError(f"{self.node_id} has more than one {what} of the id {twice[0]}.")
        for part in (*self.inputs, *self.outputs):
            part.validate()

    def finalize(self) -> None:
        """Add the hidden inputs that its kind brings, and the ids of outputs without one."""
        self.inputs = list(self.inputs or ())
        self.outputs = list(self.outputs or ())
        asked = list(self.hidden or ())
        if self.is_api_node:
            asked += [Hidden.auth_token_comfy_org, Hidden.api_key_comfy_org]
        if self.is_output_node:
            asked += [Hidden.prompt, Hidden.extra_pnginfo]
        self.hidden = list(dict.fromkeys(asked))
        for index, output in enumerate(self.outputs):
            if output.id is None:
                output.id = f"_{index}_{output.io_type}_"

    def input_types(self) -> dict[str, dict[str, Any]]:
        """As INPUT_TYPES of a V1 class gives it."""
        groups = entries(self.inputs)
        if self.hidden:
            groups["hidden"] = {item.name: (item.value,) for item in self.hidden}
        return groups

    def output_types(self) -> list[str]:
        """MatchType outputs are of the types that their template allows."""
        return [o.template.types() if isinstance(o, MatchType.Output) else o.get_io_type() for o in self.outputs]

    def output_names(self) -> list[str]:
        return [o.display_name or kind for o, kind in zip(self.outputs, self.output_types(), strict=True)]

    def get_v1_info(self, cls: type) -> dict[str, Any]:
        """The entry of `/object_info`, as packs ask a class for it."""
        groups = self.input_types()
        return {
            "input": groups,
            "input_order": {group: list(found) for group, found in groups.items()},
            "output": self.output_types(),
            "output_is_list": [output.is_output_list for output in self.outputs],
            "output_name": self.output_names(),
            "output_tooltips": [output.tooltip or None for output in self.outputs],
            "name": self.node_id,
            "display_name": self.display_name,
            "description": self.description,
            "python_module": getattr(cls, "RELATIVE_PYTHON_MODULE", None) or "nodes",
            "category": self.category,
            "output_node": self.is_output_node,
            "deprecated": self.is_deprecated,
            "experimental": self.is_experimental,
            "api_node": self.is_api_node,
        }
