"""The socket types whose inputs have a widget."""
# pyright: basic
# The arguments are those that packs pass, in their order.

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Any

from ._types import ComfyTypeI, ComfyTypeIO, Output, WidgetInput, given


class FolderType(StrEnum):
    input = "input"
    output = "output"
    temp = "temp"


class UploadType(StrEnum):
    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"
    model = "file_upload"


class NumberDisplay(StrEnum):
    number = "number"
    slider = "slider"
    gradient_slider = "gradientslider"


class ControlAfterGenerate(StrEnum):
    fixed = "fixed"
    increment = "increment"
    decrement = "decrement"
    randomize = "randomize"


class RemoteOptions:
    """Where the page fetches a combo's values."""

    def __init__(
        self,
        route: str,
        refresh_button: bool,
        control_after_refresh: str = "first",
        timeout: int | None = None,
        max_retries: int | None = None,
        refresh: int | None = None,
    ) -> None:
        self.route = route
        self.refresh_button = refresh_button
        self.control_after_refresh = control_after_refresh
        self.timeout = timeout
        self.max_retries = max_retries
        self.refresh = refresh

    def as_dict(self) -> dict[str, Any]:
        return given(**vars(self))


class RemoteItemSchema:
    """Which parts of what was fetched are a choice's value, name and picture."""

    def __init__(
        self,
        value_field: str,
        label_field: str,
        preview_url_field: str | None = None,
        preview_type: str = "image",
        description_field: str | None = None,
        search_fields: list[str] | None = None,
    ) -> None:
        self.value_field = value_field
        self.label_field = label_field
        self.preview_url_field = preview_url_field
        self.preview_type = preview_type
        self.description_field = description_field
        self.search_fields = search_fields

    def as_dict(self) -> dict[str, Any]:
        return given(**vars(self))


class RemoteComboOptions:
    """Where the page fetches choices that have pictures."""

    def __init__(
        self,
        route: str,
        item_schema: RemoteItemSchema,
        refresh_button: bool = True,
        auto_select: str | None = None,
        timeout: int | None = None,
        max_retries: int | None = None,
        refresh: int | None = None,
        response_key: str | None = None,
    ) -> None:
        self.route = route
        self.item_schema = item_schema
        self.refresh_button = refresh_button
        self.auto_select = auto_select
        self.timeout = timeout
        self.max_retries = max_retries
        self.refresh = refresh
        self.response_key = response_key

    def as_dict(self) -> dict[str, Any]:
        return given(**{**vars(self), "item_schema": self.item_schema.as_dict()})


class Boolean(ComfyTypeIO):
    io_type = "BOOLEAN"
    Type = bool

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: bool | None = None,
            label_on: str | None = None,
            label_off: str | None = None,
            socketless: bool | None = None,
            force_input: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
            raw_link: bool | None = None,
            advanced: bool | None = None,
        ) -> None:
            common = (socketless, None, force_input, extra_dict, raw_link, advanced)
            super().__init__(id, display_name, optional, tooltip, lazy, default, *common)
            self.label_on = label_on
            self.label_off = label_off

        def as_dict(self) -> dict[str, Any]:
            return {**super().as_dict(), **given(label_on=self.label_on, label_off=self.label_off)}


class Int(ComfyTypeIO):
    io_type = "INT"
    Type = int

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: int | None = None,
            min: int | None = None,
            max: int | None = None,
            step: int | None = None,
            control_after_generate: bool | ControlAfterGenerate | None = None,
            display_mode: NumberDisplay | None = None,
            socketless: bool | None = None,
            force_input: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
            raw_link: bool | None = None,
            advanced: bool | None = None,
        ) -> None:
            common = (socketless, None, force_input, extra_dict, raw_link, advanced)
            super().__init__(id, display_name, optional, tooltip, lazy, default, *common)
            self.min = min
            self.max = max
            self.step = step
            self.control_after_generate = control_after_generate
            self.display_mode = display_mode

        def as_dict(self) -> dict[str, Any]:
            own = given(
                min=self.min,
                max=self.max,
                step=self.step,
                control_after_generate=self.control_after_generate,
                display=self.display_mode,
            )
            return {**super().as_dict(), **own}


class Float(ComfyTypeIO):
    io_type = "FLOAT"
    Type = float

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: float | None = None,
            min: float | None = None,
            max: float | None = None,
            step: float | None = None,
            round: float | None = None,
            display_mode: NumberDisplay | None = None,
            gradient_stops: list[dict[str, Any]] | None = None,
            socketless: bool | None = None,
            force_input: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
            raw_link: bool | None = None,
            advanced: bool | None = None,
        ) -> None:
            common = (socketless, None, force_input, extra_dict, raw_link, advanced)
            super().__init__(id, display_name, optional, tooltip, lazy, default, *common)
            self.min = min
            self.max = max
            self.step = step
            self.round = round
            self.display_mode = display_mode
            self.gradient_stops = gradient_stops

        def as_dict(self) -> dict[str, Any]:
            own = given(
                min=self.min,
                max=self.max,
                step=self.step,
                round=self.round,
                display=self.display_mode,
                gradient_stops=self.gradient_stops,
            )
            return {**super().as_dict(), **own}


class String(ComfyTypeIO):
    io_type = "STRING"
    Type = str

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            multiline: bool = False,
            placeholder: str | None = None,
            default: str | None = None,
            dynamic_prompts: bool | None = None,
            socketless: bool | None = None,
            force_input: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
            raw_link: bool | None = None,
            advanced: bool | None = None,
        ) -> None:
            common = (socketless, None, force_input, extra_dict, raw_link, advanced)
            super().__init__(id, display_name, optional, tooltip, lazy, default, *common)
            self.multiline = multiline
            self.placeholder = placeholder
            self.dynamic_prompts = dynamic_prompts

        def as_dict(self) -> dict[str, Any]:
            own = given(multiline=self.multiline, placeholder=self.placeholder, dynamicPrompts=self.dynamic_prompts)
            return {**super().as_dict(), **own}


class Combo(ComfyTypeIO):
    io_type = "COMBO"
    Type = str

    class Input(WidgetInput):
        Type = str  # pyright: ignore[reportAssignmentType]

        def __init__(
            self,
            id: str,
            options: Any = None,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: Any = None,
            control_after_generate: bool | ControlAfterGenerate | None = None,
            upload: UploadType | None = None,
            image_folder: FolderType | None = None,
            remote: RemoteOptions | None = None,
            socketless: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
            raw_link: bool | None = None,
            advanced: bool | None = None,
            *,
            remote_combo: RemoteComboOptions | None = None,
        ) -> None:
            common = (socketless, None, None, extra_dict, raw_link, advanced)
            super().__init__(id, display_name, optional, tooltip, lazy, default, *common)
            self.multiselect = False
            # A list of files stays the list that it is: it knows what it lists.
            values: Any = options or ()
            has_members = any(isinstance(option, Enum) for option in values)
            self.options: list[Any] | None = [_value(option) for option in values] if has_members else options
            self.control_after_generate = control_after_generate
            self.upload = upload
            self.image_folder = image_folder
            self.remote = remote
            self.remote_combo = remote_combo

        def as_dict(self) -> dict[str, Any]:
            upload = {} if self.upload is None else {UploadType(self.upload).value: True}
            own = given(
                multiselect=self.multiselect,
                options=self.options,
                control_after_generate=self.control_after_generate,
                image_folder=self.image_folder,
                remote=None if self.remote is None else self.remote.as_dict(),
                remote_combo=None if self.remote_combo is None else self.remote_combo.as_dict(),
            )
            return {**super().as_dict(), **own, **upload}

    class Output(Output):
        def __init__(
            self,
            id: str | None = None,
            display_name: str | None = None,
            options: list[str] | None = None,
            tooltip: str | None = None,
            is_output_list: bool = False,
        ) -> None:
            super().__init__(id, display_name, tooltip, is_output_list)
            self.options = [] if options is None else options


class MultiCombo(ComfyTypeI):
    """A combo of which several values may be chosen."""

    io_type = "COMBO"
    Type = list[str]

    class Input(Combo.Input):
        def __init__(
            self,
            id: str,
            options: list[str],
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: list[str] | None = None,
            placeholder: str | None = None,
            chip: bool | None = None,
            control_after_generate: bool | ControlAfterGenerate | None = None,
            socketless: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
            raw_link: bool | None = None,
            advanced: bool | None = None,
        ) -> None:
            super().__init__(
                id,
                options,
                display_name,
                optional,
                tooltip,
                lazy,
                default,
                control_after_generate,
                socketless=socketless,
                extra_dict=extra_dict,
                raw_link=raw_link,
                advanced=advanced,
            )
            self.multiselect = True
            self.placeholder = placeholder
            self.chip = chip

        def as_dict(self) -> dict[str, Any]:
            several = given(placeholder=self.placeholder, chip=self.chip)
            return {**super().as_dict(), "multi_select": several or True}


class Webcam(ComfyTypeIO):
    io_type = "WEBCAM"
    Type = str

    class Input(WidgetInput):
        Type = str  # pyright: ignore[reportAssignmentType]

        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            default: str | None = None,
            socketless: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
            raw_link: bool | None = None,
            advanced: bool | None = None,
        ) -> None:
            common = (socketless, None, None, extra_dict, raw_link, advanced)
            super().__init__(id, display_name, optional, tooltip, lazy, default, *common)


def _value(option: Any) -> Any:
    """A combo's values may be an enumeration's members."""
    return option.value if isinstance(option, Enum) else option
