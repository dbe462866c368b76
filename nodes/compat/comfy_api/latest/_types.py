"""What a socket type, an input and an output of the V3 schema are."""
# pyright: basic
# The names are those that packs call; their arguments are as loosely typed there.

from __future__ import annotations

from typing import Any, Generic, TypeVar

Self = TypeVar("Self", bound="type[ComfyType]")
Value = TypeVar("Value")


class ClassValue(Generic[Value]):
    """An attribute of a class that is read from its class, and from its objects alike."""

    def __init__(self, read: Any) -> None:
        self._read = read

    def __get__(self, instance: object, owner: type) -> Value:
        return self._read(owner)


def given(**options: Any) -> dict[str, Any]:
    """Those of the options that were given; enumerations by their value."""
    return {name: getattr(value, "value", value) for name, value in options.items() if value is not None}


class Part:
    """An input or an output. `Parent` is the socket type whose part it is."""

    Parent: type[ComfyType] | None = None

    @property
    def io_type(self) -> str:
        return "*" if self.Parent is None else self.Parent.io_type

    @property
    def Type(self) -> Any:  # noqa: N802
        return Any if self.Parent is None else self.Parent.Type

    def get_io_type(self) -> str:
        return self.io_type

    def validate(self) -> None:
        """Raises ValueError where the declaration contradicts itself."""


class Input(Part):
    """A socket without a widget."""

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        extra_dict: dict[str, Any] | None = None,
        raw_link: bool | None = None,
        advanced: bool | None = None,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.optional = optional
        self.tooltip = tooltip
        self.lazy = lazy
        self.extra_dict = {} if extra_dict is None else extra_dict
        self.rawLink = raw_link
        self.advanced = advanced

    def as_dict(self) -> dict[str, Any]:
        """The options as `/object_info` has them, and `optional`."""
        own = given(
            display_name=self.display_name,
            optional=self.optional,
            tooltip=self.tooltip,
            lazy=self.lazy,
            rawLink=self.rawLink,
            advanced=self.advanced,
        )
        return {**own, **given(**self.extra_dict)}

    def get_all(self) -> list[Input]:
        """This input, and those that it may bring with it."""
        return [self]


class WidgetInput(Input):
    """An input for which the page draws a widget."""

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        default: Any = None,
        socketless: bool | None = None,
        widget_type: str | None = None,
        force_input: bool | None = None,
        extra_dict: dict[str, Any] | None = None,
        raw_link: bool | None = None,
        advanced: bool | None = None,
    ) -> None:
        super().__init__(id, display_name, optional, tooltip, lazy, extra_dict, raw_link, advanced)
        self.default = default
        self.socketless = socketless
        self.widget_type = widget_type
        self.force_input = force_input

    def as_dict(self) -> dict[str, Any]:
        own = given(
            default=self.default,
            socketless=self.socketless,
            widgetType=self.widget_type,
            forceInput=self.force_input,
        )
        return {**super().as_dict(), **own}

    def get_io_type(self) -> str:
        return self.widget_type or super().get_io_type()


class Output(Part):
    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
    ) -> None:
        self.id = id
        self.display_name = display_name or id
        self.tooltip = tooltip
        self.is_output_list = is_output_list

    def as_dict(self) -> dict[str, Any]:
        shown = self.display_name or self.id
        return given(display_name=shown, tooltip=self.tooltip, is_output_list=self.is_output_list)


class ComfyType:
    """A socket type: its name, and the classes of its inputs and outputs, which know it as their `Parent`."""

    Type: Any = Any
    io_type: str = ""

    def __init_subclass__(cls, **rest: Any) -> None:
        super().__init_subclass__(**rest)
        for name in ("Input", "Output"):
            part = getattr(cls, name, None)
            if isinstance(part, type) and issubclass(part, Part):
                known = {"Parent": cls, "__module__": cls.__module__, "__qualname__": f"{cls.__qualname__}.{name}"}
                setattr(cls, name, type(name, (part,), known))


class ComfyTypeI(ComfyType):
    """A type of inputs only."""

    Input = Input


class ComfyTypeIO(ComfyTypeI):
    Output = Output


def comfytype(io_type: str, **_: Any) -> Any:
    """Give a class its type's name; one that is no socket type yet becomes one."""

    def name(cls: type) -> type:
        if not issubclass(cls, ComfyType):
            cls = type(cls.__name__, (cls, ComfyTypeIO), {"__module__": cls.__module__, "__doc__": cls.__doc__})
        cls.io_type = io_type  # pyright: ignore[reportAttributeAccessIssue]
        return cls

    return name


def socket(name: str, io_type: str, type_: Any = Any) -> type[ComfyTypeIO]:
    """A type whose inputs are sockets without widgets."""
    known = {"io_type": io_type, "Type": type_, "__module__": __name__}
    return type(name, (ComfyTypeIO,), known)


def Custom(io_type: str) -> type[ComfyTypeIO]:  # noqa: N802
    """A pack's own type."""
    return socket("Custom", str(io_type))
