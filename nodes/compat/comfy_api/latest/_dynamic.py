"""Inputs of several types, and inputs that bring others with them."""
# pyright: basic
# The arguments are those that packs pass, in their order.

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from ._types import ComfyType, ComfyTypeI, ComfyTypeIO, Input, Output, WidgetInput, given


def entries(inputs: Iterable[Input]) -> dict[str, dict[str, Any]]:
    """Inputs as `/object_info` has them: by group and name, `(type, options)`."""
    groups: dict[str, dict[str, Any]] = {"required": {}}
    for item in inputs:
        options = {name: value for name, value in item.as_dict().items() if name != "optional"}
        groups.setdefault("optional" if item.optional else "required", {})[item.id] = (item.get_io_type(), options)
    return groups


class MultiType(ComfyTypeI):
    """An input that takes several types; given an input in place of an id, it has that one's widget."""

    io_type = "COMFY_MULTITYPED_V3"

    class Input(Input):
        def __init__(
            self,
            id: str | Input,
            types: Sequence[type[ComfyType]],
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
            raw_link: bool | None = None,
            advanced: bool | None = None,
        ) -> None:
            self.input_override: Input | None = None
            if isinstance(id, Input):
                override = self.input_override = copy.copy(id)
                if isinstance(override, WidgetInput):
                    override.widget_type = override.get_io_type()
                optional = id.optional or optional
                tooltip = tooltip if id.tooltip is None else id.tooltip
                display_name = display_name if id.display_name is None else id.display_name
                lazy = lazy if id.lazy is None else id.lazy
                id = id.id
            super().__init__(id, display_name, optional, tooltip, lazy, extra_dict, raw_link, advanced)
            self._types = list(types)

        @property
        def io_types(self) -> list[type[ComfyType]]:
            return [kind if isinstance(kind, type) else type(kind) for kind in self._types]

        def get_io_type(self) -> str:
            first = [] if self.input_override is None else [self.input_override.get_io_type()]
            return ",".join(dict.fromkeys([*first, *(kind.io_type for kind in self.io_types)]))

        def as_dict(self) -> dict[str, Any]:
            widget = {} if self.input_override is None else self.input_override.as_dict()
            return {**widget, **super().as_dict()}


class MatchType(ComfyTypeIO):
    """Inputs and outputs of one template are of one type, whichever that is."""

    io_type = "COMFY_MATCHTYPE_V3"

    class Template:
        def __init__(self, template_id: str, allowed_types: Any = None) -> None:
            self.template_id = template_id
            given_types = [] if allowed_types is None else allowed_types
            self.allowed_types = list(given_types) if isinstance(given_types, Iterable) else [given_types]

        def types(self) -> str:
            return ",".join(kind.io_type for kind in self.allowed_types) or "*"

        def as_dict(self) -> dict[str, Any]:
            return {"template_id": self.template_id, "allowed_types": self.types()}

    class Input(Input):
        def __init__(
            self,
            id: str,
            template: MatchType.Template,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
            raw_link: bool | None = None,
            advanced: bool | None = None,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, lazy, extra_dict, raw_link, advanced)
            self.template = template

        def as_dict(self) -> dict[str, Any]:
            return {**super().as_dict(), "template": self.template.as_dict()}

    class Output(Output):
        def __init__(
            self,
            template: MatchType.Template,
            id: str | None = None,
            display_name: str | None = None,
            tooltip: str | None = None,
            is_output_list: bool = False,
        ) -> None:
            super().__init__(id, display_name or id or "MATCHTYPE", tooltip, is_output_list)
            self.template = template


class DynamicInput(Input):
    """An input that brings others with it; `graph/grown.py` says which there are for what a node is given."""


class DynamicOutput(Output):
    """An output of which there may be several."""


class Template:
    """What each input of a row that grows is like."""

    MOST = 100

    def __init__(self, input: Input, names: Sequence[str], min: int, said: dict[str, Any]) -> None:
        if isinstance(input, DynamicInput):
            raise ValueError(f"{input.id}: the inputs of a row that grows cannot bring others with them.")
        if min < 0 or not names or len(names) > self.MOST:
            raise ValueError(
                f"{input.id}: a row that grows has 1 to {self.MOST} inputs, of which 0 or more must be given."
            )
        self.input = copy.copy(input)
        if isinstance(self.input, WidgetInput):
            self.input.force_input = True
        self.names = list(names)
        self.min = min
        self._said = said

    def as_dict(self) -> dict[str, Any]:
        return {"input": entries([self.input]), **self._said, "min": self.min}

    def get_all(self) -> list[Input]:
        found = [copy.copy(self.input) for _ in self.names]
        for item, name in zip(found, self.names, strict=True):
            item.id = name
        return found


class Autogrow(ComfyTypeI):
    """A row of inputs alike: one more appears when the last is used. `execute` gets a dict by name."""

    io_type = "COMFY_AUTOGROW_V3"
    Type = dict[str, Any]

    class TemplatePrefix(Template):
        """Inputs `prefix0`, `prefix1`, ..."""

        def __init__(self, input: Input, prefix: str, min: int = 1, max: int = 10) -> None:
            super().__init__(input, [f"{prefix}{i}" for i in range(max)], min, {"prefix": prefix, "max": max})
            self.prefix = prefix
            self.max = max

    class TemplateNames(Template):
        """Inputs of these names."""

        def __init__(self, input: Input, names: list[str], min: int = 1) -> None:
            super().__init__(input, names[: Template.MOST], min, {"names": names[: Template.MOST]})

    class Input(DynamicInput):
        def __init__(
            self,
            id: str,
            template: Template,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, lazy, extra_dict)
            self.template = template

        def as_dict(self) -> dict[str, Any]:
            return {**super().as_dict(), "template": self.template.as_dict()}

        def get_all(self) -> list[Input]:
            return [self, *self.template.get_all()]

        def validate(self) -> None:
            self.template.input.validate()


class DynamicCombo(ComfyTypeI):
    """A combo whose values bring inputs of their own. `execute` gets a dict: the value under the id, and those."""

    io_type = "COMFY_DYNAMICCOMBO_V3"
    Type = dict[str, Any]

    class Option:
        def __init__(self, key: str, inputs: list[Input]) -> None:
            self.key = key
            self.inputs = inputs

        def as_dict(self) -> dict[str, Any]:
            return {"key": self.key, "inputs": entries(self.inputs)}

    class Input(DynamicInput):
        def __init__(
            self,
            id: str,
            options: list[DynamicCombo.Option],
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
        ) -> None:
            super().__init__(id, display_name, optional, tooltip, lazy, extra_dict)
            self.options = options

        def as_dict(self) -> dict[str, Any]:
            return {**super().as_dict(), "options": [option.as_dict() for option in self.options]}

        def get_all(self) -> list[Input]:
            return [self, *(item for option in self.options for item in option.inputs)]

        def validate(self) -> None:
            for item in self.get_all()[1:]:
                item.validate()


class DynamicSlot(ComfyTypeI):
    """A socket that brings further inputs once it is linked."""

    io_type = "COMFY_DYNAMICSLOT_V3"
    Type = dict[str, Any]

    class Input(DynamicInput):
        def __init__(
            self,
            slot: Input,
            inputs: list[Input],
            display_name: str | None = None,
            tooltip: str | None = None,
            lazy: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
        ) -> None:
            own = slot.display_name or display_name
            super().__init__(
                slot.id, own, True, slot.tooltip or tooltip, slot.lazy or lazy, slot.extra_dict or extra_dict
            )
            self.slot = copy.copy(slot)
            self.inputs = inputs
            if isinstance(self.slot, WidgetInput):
                self.slot.force_input = True

        def as_dict(self) -> dict[str, Any]:
            forced = True if isinstance(self.slot, WidgetInput) else None
            own = given(slotType=self.slot.get_io_type(), inputs=entries(self.inputs), forceInput=forced)
            return {**super().as_dict(), **own}

        def get_all(self) -> list[Input]:
            return [self.slot, *self.inputs]

        def validate(self) -> None:
            for item in self.get_all():
                item.validate()
