"""The base class of V3 nodes, and what they return."""
# pyright: basic
# A node's methods take whatever its inputs are called.

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from ..internal import _ComfyNodeInternal, _NodeOutputInternal
from ._schema import HiddenHolder, Schema
from ._types import ClassValue

Method = TypeVar("Method")


class UIOutput:
    """What a node shows on the page: an object whose `as_dict()` gives lists by kind."""

    def as_dict(self) -> dict[str, Any]:
        raise NotImplementedError


class NodeOutput(_NodeOutputInternal):
    """A node's outputs in their order; or a graph that gives them; or a word for why there are none."""

    def __init__(
        self,
        *args: Any,
        ui: UIOutput | dict[str, Any] | None = None,
        expand: dict[str, Any] | None = None,
        block_execution: str | None = None,
    ) -> None:
        self.args = args
        self.ui = ui
        self.expand = expand
        self.block_execution = block_execution

    @property
    def result(self) -> tuple[Any, ...] | None:
        return self.args or None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NodeOutput:
        """From what V1 nodes return: `ui`, `result` and `expand`."""
        result = data.get("result")
        ui, expand = data.get("ui"), data.get("expand")
        if type(result).__name__ == "ExecutionBlocker":
            return cls(ui=ui, expand=expand, block_execution=getattr(result, "message", None))
        return cls(*(result or ()), ui=ui, expand=expand)

    def __getitem__(self, index: int) -> Any:
        return self.args[index]


def optional(method: Method) -> Method:
    """A method that a node may have: the base class's own counts as none."""
    method.is_default = True  # pyright: ignore[reportAttributeAccessIssue]
    return method


def _from_schema(read: Any) -> ClassValue[Any]:
    return ClassValue(lambda cls: read(cls.GET_SCHEMA()))


class ComfyNode(_ComfyNodeInternal):
    """All methods are class methods, and are called on a locked copy of the class that has `hidden`."""

    RELATIVE_PYTHON_MODULE: str | None = None
    hidden: HiddenHolder = HiddenHolder()

    @classmethod
    def define_schema(cls) -> Schema:
        raise NotImplementedError(f"{cls.__name__} has no define_schema.")

    @classmethod
    @optional
    def execute(cls, **values: Any) -> Any:
        raise NotImplementedError(f"{cls.__name__} has no execute.")

    @classmethod
    @optional
    def validate_inputs(cls, **values: Any) -> bool | str:
        """True, or what is wrong."""
        return True

    @classmethod
    @optional
    def fingerprint_inputs(cls, **values: Any) -> Any:
        """A value that differs when the result would."""
        return None

    @classmethod
    @optional
    def check_lazy_status(cls, **values: Any) -> list[str]:
        """The lazy inputs that are needed: all that are not there yet."""
        return [name for name, value in values.items() if value is None]

    # As V1 classes have it, for packs that look at each other's classes

    @classmethod
    def GET_SCHEMA(cls) -> Schema:  # noqa: N802
        """The schema, asked for anew, since its lists of files change."""
        schema = cls.define_schema()
        if not isinstance(getattr(schema, "node_id", None), str):
            raise ValueError(f"{cls.__name__}.define_schema() must return an io.Schema, not {type(schema).__name__}.")
        schema.finalize()
        schema.validate()
        return schema

    FINALIZE_SCHEMA = GET_SCHEMA

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        return cls.GET_SCHEMA().input_types()

    @classmethod
    def PREPARE_CLASS_CLONE(cls, v3_data: Any = None) -> type[ComfyNode]:  # noqa: N802
        """A copy of the class with its hidden values, for packs that call another's node themselves."""
        hidden = (v3_data or {}).get("hidden_inputs")
        return type(cls.__name__, (cls,), {"hidden": HiddenHolder.from_dict(hidden), "__module__": cls.__module__})

    @classmethod
    def GET_NODE_INFO_V1(cls) -> dict[str, Any]:  # noqa: N802
        return cls.GET_SCHEMA().get_v1_info(cls)

    @classmethod
    def EXECUTE_NORMALIZED(cls, *args: Any, **values: Any) -> NodeOutput:  # noqa: N802
        return _normal(cls.execute(*args, **values))

    @classmethod
    async def EXECUTE_NORMALIZED_ASYNC(cls, *args: Any, **values: Any) -> NodeOutput:  # noqa: N802
        return _normal(await cls.execute(*args, **values))

    FUNCTION = ClassValue[str](
        lambda cls: "EXECUTE_NORMALIZED_ASYNC" if inspect.iscoroutinefunction(cls.execute) else "EXECUTE_NORMALIZED"
    )
    SCHEMA = _from_schema(lambda schema: schema)
    CATEGORY = _from_schema(lambda schema: schema.category)
    DESCRIPTION = _from_schema(lambda schema: schema.description)
    RETURN_TYPES = _from_schema(lambda schema: schema.output_types())
    RETURN_NAMES = _from_schema(lambda schema: schema.output_names())
    OUTPUT_IS_LIST = _from_schema(lambda schema: [output.is_output_list for output in schema.outputs])
    OUTPUT_TOOLTIPS = _from_schema(lambda schema: [output.tooltip for output in schema.outputs])
    OUTPUT_NODE = _from_schema(lambda schema: schema.is_output_node)
    INPUT_IS_LIST = _from_schema(lambda schema: schema.is_input_list)
    NOT_IDEMPOTENT = _from_schema(lambda schema: schema.not_idempotent)
    DEPRECATED = _from_schema(lambda schema: schema.is_deprecated)
    EXPERIMENTAL = _from_schema(lambda schema: schema.is_experimental)
    API_NODE = _from_schema(lambda schema: schema.is_api_node)


def _normal(result: Any) -> NodeOutput:
    if isinstance(result, NodeOutput):
        return result
    if isinstance(result, dict):
        return NodeOutput.from_dict(result)
    if type(result).__name__ == "ExecutionBlocker":
        return NodeOutput(block_execution=result.message)
    return NodeOutput() if result is None else NodeOutput(*result)
