"""Node classes of ComfyUI's third kind: what `/object_info` says of them, and what may be declared."""

from __future__ import annotations

import pytest

from graph.context import Context
from graph.errors import DeclarationError
from graph.node import Results
from nodes.compat.host import Host
from tests.nodes.v3_packs import EVERYTHING, adapt, host, node, pack

__all__ = ["host"]


def test_object_info() -> None:
    info = node(EVERYTHING).spec.object_info(None)
    required = info["input"]["required"]
    assert required["image"] == ["IMAGE", {"tooltip": "a picture"}]
    slider = {"default": 3, "min": 1, "max": 9, "step": 2, "control_after_generate": True, "display": "slider"}
    assert required["count"] == ["INT", slider]
    assert info["input"]["optional"]["strength"] == ["FLOAT", {"default": 0.5, "round": 0.01}]
    assert required["prompt"] == ["STRING", {"multiline": True, "dynamicPrompts": True}]
    assert required["mode"] == ["COMBO", {"options": ["a", "b"], "multiselect": False, "default": "a"}]
    assert required["several"][1]["multiselect"] is True
    assert required["several"][1]["multi_select"] == {"chip": True}
    assert required["file"][1]["image_upload"] is True
    assert required["file"][1]["image_folder"] == "input"
    assert required["number"] == ["INT,FLOAT", {"default": 1, "widgetType": "INT"}]
    assert info["input"]["optional"]["thing"] == ["THING", {"lazy": True}]
    assert required["any"][0] == "IMAGE,MASK"
    hidden = {"unique_id": ["UNIQUE_ID"], "hidden prompt": ["PROMPT"], "extra_pnginfo": ["EXTRA_PNGINFO"]}
    assert info["input"]["hidden"] == hidden
    assert info["output"] == ["IMAGE", "THING", "MASK"]
    assert info["output_name"] == ["picture", "THING", "masks"]
    assert info["output_is_list"] == [False, False, True]
    assert info["output_tooltips"] == ["turned", None, None]
    assert info["python_module"] == "custom_nodes.v3"
    assert [info[name] for name in ("deprecated", "experimental", "api_node")] == [False, False, False]
    assert info["name"] == "Everything"
    assert info["display_name"] == "All of it"


def test_a_choice_of_files_is_listed_anew_without_the_pack(host: Host) -> None:
    source = """
    import enum
    from nodes.compat.file_names import FileNames
    class Which(enum.Enum):
        one = "1"
        two = "2"
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            loras = FileNames(["a.safetensors"], kind="loras")
            return io.Schema(node_id="N", outputs=[], inputs=[io.Combo.Input("lora", options=["None"] + loras),
                io.Combo.Input("which", options=Which, default=Which.two),
                io.Combo.Input("far", remote=io.RemoteOptions("/list", True))])
        @classmethod
        def execute(cls, **values): return None
    """
    spec = node(source).spec
    files = spec.inputs[0].files
    assert files is not None
    assert (files.kind, files.first) == ("loras", ("None",))
    assert spec.inputs[1].config(None) == ["COMBO", {"options": ["1", "2"], "default": "2", "multiselect": False}]
    remote = {"route": "/list", "refresh_button": True, "control_after_refresh": "first"}
    assert spec.inputs[2].config(None) == ["COMBO", {"multiselect": False, "remote": remote}]


def test_a_base_class_of_the_packs_own() -> None:
    module = pack("""
    class ComfyNode(io.ComfyNode):
        @classmethod
        def execute(cls, a): return io.NodeOutput(a + cls.more)
        @classmethod
        def validate_inputs(cls, a): return a > 0
    class Node(ComfyNode):
        more = 2
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="N", inputs=[io.Int.Input("a")], outputs=[io.Int.Output()])
    """)
    made = adapt(module.Node)
    assert made.call(Context(), {"a": 5}) == Results((7,))
    assert made.spec.validates == ("a",)


def test_a_mapping_may_name_a_class_otherwise() -> None:
    spec = node(EVERYTHING, class_type="Other", title="Another").spec
    assert (spec.class_type, spec.title) == ("Other", "Another")


def test_a_declaration_that_contradicts_itself() -> None:
    twice = EVERYTHING.replace('io.Image.Input("image"', 'io.Image.Input("count"')
    with pytest.raises(DeclarationError, match="more than one input of the id count"):
        node(twice)
    lacking = "class Node(io.ComfyNode):\n    @classmethod\n    def define_schema(cls): return io.Schema(node_id='N')\n"
    with pytest.raises(DeclarationError, match="no execute"):
        adapt(pack(lacking).Node)
    nothing = "class Node(io.ComfyNode):\n    @classmethod\n    def define_schema(cls): return None\n"
    with pytest.raises(DeclarationError, match=r"must return an io\.Schema, not NoneType"):
        adapt(pack(nothing).Node)


def test_every_type_can_be_declared() -> None:
    """Each has a name, and inputs and outputs that know it."""
    io = pack("").io
    special = {"ComfyType", "ComfyTypeI", "ComfyTypeIO", "_ComfyType", "MatchType", "MultiType"}
    dynamic = {"Autogrow", "DynamicCombo", "DynamicSlot"}
    types = {
        name: kind
        for name, kind in vars(io).items()
        if isinstance(kind, type) and issubclass(kind, io.ComfyType) and name not in special | dynamic
    }
    assert len(types) > 80
    for name, kind in types.items():
        made = kind.Input("a", options=["x"]) if name in ("Combo", "MultiCombo") else kind.Input("a", tooltip="t")
        assert made.get_io_type() == kind.io_type != ""
        assert made.Parent is kind
        assert "optional" in made.as_dict()
        if hasattr(kind, "Output"):
            assert kind.Output().io_type == kind.io_type


def test_other_packs_may_read_a_class_as_one_of_the_first_kind() -> None:
    cls = pack(EVERYTHING).Node
    assert list(cls.INPUT_TYPES()["required"])[:2] == ["image", "count"]
    assert cls.RETURN_TYPES == ["IMAGE", "THING", "MASK"]
    assert cls.OUTPUT_NODE is True
    assert cls.SCHEMA.node_id == "Everything"
    assert getattr(cls(), cls.FUNCTION)(image=1).result == (1, 2, 3)
    copy = cls.PREPARE_CLASS_CLONE({"hidden_inputs": {"UNIQUE_ID": "9"}})
    assert (copy.hidden.unique_id, copy.hidden.prompt) == ("9", None)
    assert copy.EXECUTE_NORMALIZED(image=1)[2] == 3
