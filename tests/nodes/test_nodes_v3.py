"""Node classes of ComfyUI's third kind: what `/object_info` says of them, and how they are called."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from graph.context import Context
from graph.errors import DeclarationError
from graph.folders import standard_folders
from graph.node import Blocked, Expansion, NodeType, Results
from graph.registry import Registry
from graph.validate import validate
from nodes.compat import finder
from nodes.compat.host import Host, install


@pytest.fixture(autouse=True)
def host(tmp_path: Path) -> Iterator[Host]:
    """The names of ComfyUI's modules, answered as in the worker."""
    own, temp = tmp_path / "output", tmp_path / "temp"
    found = Host(standard_folders([tmp_path / "models"], input=tmp_path / "input", output=own, temp=temp), Registry())
    install(found)
    finder.install()
    yield found
    finder.uninstall()
    install(None)


def pack(source: str) -> ModuleType:
    """A module that imports `io` and `ui` as packs do."""
    module = ModuleType("v3_pack")
    code = "from comfy_api.latest import io, ui, ComfyExtension\n" + textwrap.dedent(source)
    exec(compile(code, "v3_pack.py", "exec"), module.__dict__)
    return module


def adapt(cls: type, **more: Any) -> NodeType:
    from nodes.compat.comfy_api.adapt import adapt_v3

    return adapt_v3(cls, "custom_nodes.v3", "1", **more)


def node(source: str, **more: Any) -> NodeType:
    return adapt(pack(source).Node, **more)


EVERYTHING = """
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(
                node_id="Everything", display_name="All of it", category="a/b", description="Says.",
                inputs=[
                    io.Image.Input("image", tooltip="a picture"),
                    io.Int.Input("count", default=3, min=1, max=9, step=2, control_after_generate=True,
                                 display_mode=io.NumberDisplay.slider),
                    io.Float.Input("strength", default=0.5, round=0.01, optional=True),
                    io.String.Input("prompt", multiline=True, dynamic_prompts=True),
                    io.Boolean.Input("on", label_on="yes", label_off="no", default=True),
                    io.Combo.Input("mode", options=["a", "b"], default="a"),
                    io.MultiCombo.Input("several", options=["x", "y"], default=["x"], chip=True),
                    io.Combo.Input("file", options=["p.png"], upload=io.UploadType.image,
                                   image_folder=io.FolderType.input),
                    io.MultiType.Input(io.Int.Input("number", default=1), types=[io.Float]),
                    io.Custom("THING").Input("thing", optional=True, lazy=True),
                    io.MatchType.Input("any", template=io.MatchType.Template("t", [io.Image, io.Mask])),
                ],
                outputs=[io.Image.Output("picture", tooltip="turned"), io.Custom("THING").Output(),
                         io.Mask.Output(display_name="masks", is_output_list=True)],
                hidden=[io.Hidden.unique_id], is_output_node=True,
            )
        @classmethod
        def execute(cls, **values):
            return io.NodeOutput(1, 2, 3)
"""


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


def test_an_artist_is_told_of_changed_inputs_and_odd_outputs() -> None:
    source = body("(a.clear(), io.NodeOutput('text'))[1]")
    told: list[str] = []
    node(source).call(Context(warn=told.append), {"a": {"x": 1}})
    assert len(told) == 2
    assert "changed the value of its input a" in told[0]
    assert "gave" in told[1]


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


def body(returns: str, *, outputs: str = "io.Int.Output()", more: str = "", head: str = "def") -> str:
    return f"""
    class ExecutionBlocker:
        def __init__(self, message): self.message = message
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="N", inputs=[io.Int.Input("a", default=1), io.Int.Input("b", optional=True)],
                             outputs=[{outputs}], hidden=[io.Hidden.unique_id, io.Hidden.prompt]{more})
        @classmethod
        {head} execute(cls, a, b=None):
            return {returns}
    """


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        ("io.NodeOutput(a)", Results((7,))),
        ("(a,)", Results((7,))),
        ("None", Results(())),
        ("io.NodeOutput()", Results(())),
        ("{'result': (a,), 'ui': {'text': ['x']}}", Results((7,), {"text": ["x"]})),
        ("io.NodeOutput(a, ui=ui.PreviewText('x'))", Results((7,), {"text": ["x"]})),
        ("io.NodeOutput(ui={'text': ('x',)})", Results((), {"text": ["x"]})),
        ("io.NodeOutput(block_execution='no')", Results((Blocked("no"),))),
        ("ExecutionBlocker('no')", Blocked("no")),
        ("ExecutionBlocker(None)", Blocked(None)),
        ("io.NodeOutput(a).from_dict({'result': (a,)})", Results((7,))),
        ("(cls.hidden.unique_id,)", Results(("5",))),
        ("(cls.hidden.prompt['x'],)", Results(("y",))),
        ("(cls.hidden.extra_pnginfo,)", Results((None,))),
    ],
)
def test_what_execute_may_return(returns: str, expected: Any) -> None:
    values = {"a": 7, "unique_id": "5", "prompt": {"x": "y"}}
    assert node(body(returns)).call(Context(), values) == expected
    waited = node(body(returns, head="async def"))
    assert waited.spec.is_async
    assert asyncio.run(_awaited(waited.call(Context(), values))) == expected


async def _awaited(outcome: Any) -> Any:
    return await outcome


def test_a_graph_in_its_place() -> None:
    returns = "io.NodeOutput(['x', 0], expand={'x': {'class_type': 'Y', 'inputs': {}}})"
    expansion = node(body(returns, more=", enable_expand=True")).call(Context(), {"a": 1})
    assert expansion == Expansion((["x", 0],), {"x": {"class_type": "Y", "inputs": {}}})
    with pytest.raises(TypeError, match="enable_expand"):
        node(body(returns)).call(Context(), {"a": 1})


def test_too_few_outputs_are_told() -> None:
    told: list[str] = []
    context = Context(node_id="1", warn=told.append)
    node(body("io.NodeOutput(1)", outputs="io.Int.Output(), io.Int.Output('second')")).call(context, {"a": 1})
    assert "gave 1 of its 2 outputs" in told[0]


def test_the_class_cannot_be_changed_while_it_runs() -> None:
    with pytest.raises(AttributeError, match="cannot be set"):
        node(body("setattr(cls, 'kept', a)")).call(Context(), {"a": 1})


def test_checks_fingerprints_and_lazy_inputs() -> None:
    own = """
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="N", inputs=[io.Int.Input("a"), io.Int.Input("b", lazy=True)], outputs=[])
        @classmethod
        def validate_inputs(cls, a):
            return True if a < 5 else "too much"
        @classmethod
        def fingerprint_inputs(cls, a, b):
            return (a, cls.hidden.unique_id)
        @classmethod
        def check_lazy_status(cls, a, b):
            return ["b"] if a and b is None else []
        @classmethod
        def execute(cls, a, b):
            return None
    """
    made = node(own)
    assert made.spec.validates == ("a",)
    assert made.validate_inputs is not None
    assert made.validate_inputs({"a": 7}) == "too much"
    assert made.is_changed is not None
    assert made.is_changed(Context(node_id="3"), {"a": 1, "b": None}) == (1, "3")
    assert made.check_lazy is not None
    assert made.check_lazy(Context(), {"a": 1, "b": None}) == ["b"]
    plain = node(body("None"))
    assert (plain.spec.validates, plain.is_changed, plain.check_lazy) == (None, None, None)


GROWING = """
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(
                node_id="Grows",
                inputs=[
                    io.Autogrow.Input("images", template=io.Autogrow.TemplatePrefix(io.Image.Input("image"),
                                      prefix="image", min=1, max=3)),
                    io.DynamicCombo.Input("mode", options=[
                        io.DynamicCombo.Option("plain", []),
                        io.DynamicCombo.Option("strong", [io.Int.Input("strength", min=1, max=5),
                                                          io.Mask.Input("mask", optional=True)]),
                    ]),
                ],
                outputs=[io.String.Output()], is_output_node=True)
        @classmethod
        def execute(cls, images, mode):
            return io.NodeOutput([images, mode])
"""


def test_inputs_that_grow_are_checked() -> None:
    made = node(GROWING)
    picture = {"class_type": "Pic", "inputs": {}}
    source = node(EVERYTHING, class_type="Pic")

    def problems(**inputs: Any) -> list[tuple[str, str | None]]:
        from graph.parse import parse

        prompt = {"1": picture, "2": {"class_type": "Grows", "inputs": inputs}}
        specs = {"Pic": source.spec, "Grows": made.spec}
        report = validate(parse(prompt), specs)
        return [(problem.type, problem.input) for problem in report.problems if problem.node == "2"]

    assert problems(**{"images.image0": ["1", 0], "mode": "plain"}) == []
    assert problems(**{"images.image0": ["1", 0], "mode": "strong", "mode.strength": 2}) == []
    assert problems(mode="plain") == [("required_input_missing", "images.image0")]
    assert problems(**{"images.image0": ["1", 2], "mode": "plain"}) == [("return_type_mismatch", "images.image0")]
    strong = {"images.image0": ["1", 0], "mode": "strong"}
    assert problems(**strong) == [("required_input_missing", "mode.strength")]
    assert problems(**strong, **{"mode.strength": 9}) == [("value_bigger_than_max", "mode.strength")]
    assert problems(**{"images.image0": ["1", 0], "mode": "weak"}) == [("value_not_in_list", "mode")]


MATCHING = """
    kind = io.MatchType.Template("t", [io.Image, io.Mask])
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            row = io.Autogrow.TemplatePrefix(io.MatchType.Input("item", template=kind), prefix="item", min=1, max=3)
            return io.Schema(node_id="Match", inputs=[io.Autogrow.Input("items", template=row)],
                             outputs=[io.MatchType.Output(template=kind)], is_output_node=True)
        @classmethod
        def execute(cls, items):
            return io.NodeOutput(items["item0"])
"""


def test_inputs_that_grow_may_be_of_several_types() -> None:
    from graph.parse import parse

    specs = {"Pic": node(EVERYTHING, class_type="Pic").spec, "Match": node(MATCHING).spec}
    for slot, problems in ((0, []), (1, ["return_type_mismatch"])):
        match = {"class_type": "Match", "inputs": {"items.item0": ["1", slot]}}
        report = validate(parse({"1": {"class_type": "Pic", "inputs": {}}, "2": match}), specs)
        assert [problem.type for problem in report.problems if problem.node == "2"] == problems


def test_inputs_that_grow_reach_execute_in_dicts() -> None:
    made = node(GROWING)
    prompt = {"prompt": {}, "extra_pnginfo": None}
    values = {
        "images.image0": "P",
        "images.image1": "Q",
        "mode": "strong",
        "mode.strength": 2,
        "mode.other": 5,
        "unknown": 5,
    }
    outcome = made.call(Context(), {**values, **prompt})
    assert isinstance(outcome, Results)
    strong = {"mode": "strong", "strength": 2, "mask": None}
    assert outcome.values[0] == [{"image0": "P", "image1": "Q"}, strong]
    outcome = made.call(Context(), {"mode": "plain", **prompt})
    assert isinstance(outcome, Results)
    assert outcome.values[0] == [{}, {"mode": "plain"}]


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


def test_saved_pictures_and_previews(tmp_path: Path, host: Host) -> None:
    source = """
    class Node(io.ComfyNode):
        @classmethod
        def define_schema(cls):
            return io.Schema(node_id="N", inputs=[io.Image.Input("image")], outputs=[], is_output_node=True)
        @classmethod
        def execute(cls, image):
            saved = ui.ImageSaveHelper.get_save_images_ui(image, "sub/name", cls=cls)
            preview = ui.PreviewImage(image, cls=cls)
            mask = ui.PreviewMask(image[..., 0])
            animation = ui.ImageSaveHelper.save_animated_webp(image, "move", io.FolderType.temp, cls, 8, True, 80, 4)
            return io.NodeOutput(ui={**preview.as_dict(), "saved": saved.as_dict()["images"],
                                     "mask": mask.as_dict()["images"], "moving": [animation]})
    """
    values = {"image": torch.zeros(2, 8, 8, 3), "prompt": {"1": {}}, "extra_pnginfo": {"workflow": {"v": 1}}}
    outcome = node(source).call(Context(folders=host.folders), values)
    assert isinstance(outcome, Results)
    assert outcome.ui["animated"] == [False]
    saved = outcome.ui["saved"]
    assert [item["filename"] for item in saved] == ["name_00001_.png", "name_00002_.png"]
    assert (saved[0]["subfolder"], saved[0]["type"]) == ("sub", "output")
    for kind in ("images", "saved", "mask", "moving"):
        for item in outcome.ui[kind]:
            assert (host.folders.root(item["type"]) / item["subfolder"] / item["filename"]).is_file()
    from PIL import Image

    with Image.open(host.folders.root("output") / "sub" / "name_00001_.png") as picture:
        assert picture.info["prompt"] == '{"1": {}}'  # pyright: ignore[reportUnknownMemberType]
        assert picture.info["workflow"] == '{"v": 1}'  # pyright: ignore[reportUnknownMemberType]


@pytest.mark.parametrize("format", ["flac", "mp3", "opus"])
def test_saved_sounds(format: str, host: Host) -> None:
    av = pytest.importorskip("av")
    source = "def save(audio, kind): return ui.AudioSaveHelper.get_save_audio_ui(audio, 's', None, kind, '128k')"
    audio = {"waveform": torch.zeros(1, 2, 8000), "sample_rate": 44100}
    (item,) = pack(source).save(audio, format).as_dict()["audio"]
    assert item["filename"] == f"s_00001_.{format}"
    with av.open(str(host.folders.root("output") / item["filename"])) as sound:
        assert sound.streams.audio[0].codec.name.startswith(format)


def test_progress_from_anywhere() -> None:
    from graph.call import within

    told: list[Any] = []
    source = """
    from comfy_api.v0_0_2 import ComfyAPI, ComfyAPISync
    from PIL import Image
    def work(context, values):
        ComfyAPISync().execution.set_progress(1, 4)
        ComfyAPISync().execution.set_progress(value=2, max_value=4, preview_image=Image.new("RGB", (900, 300)))
    async def wait(context, values):
        await ComfyAPI().execution.set_progress(3, 4)
    """
    module = pack(source)
    context = Context(node_id="9", emit=told.append)
    within(context, module.work, {})
    asyncio.run(_awaited(within(context, module.wait, {})))
    assert [event.value for event in told if event.type == "progress"] == [1, 2, 3]
    (preview,) = [event for event in told if event.type == "preview"]
    assert preview.data[:2] == b"\xff\xd8"
    with pytest.raises(ValueError, match="while a node runs"):
        module.ComfyAPISync().execution.set_progress(1, 2)


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


def test_older_names_and_the_values() -> None:
    source = """
    from comfy_api.v0_0_1 import ComfyAPI as First
    from comfy_api.input import VideoInput, AudioInput
    from comfy_api.input_impl import VideoFromFile, VideoFromComponents
    from comfy_api.util import VideoContainer, VideoCodec, VideoComponents
    from comfy_api.latest import Input, InputImpl, Types
    from comfy_api.latest._io import ComfyNode
    from comfy_api.internal import _ComfyNodeInternal
    from comfy_api.feature_flags import supports_feature
    from comfy_api.latest import VideoFromFile as Third, VideoInput as Fourth
    from comfy_api.latest._input_impl.video_types import VideoFromFile as Fifth
    from comfy_api.latest._util.geometry_types import MESH
    from fractions import Fraction
    alike = Third is Fifth is VideoFromFile and Fourth is VideoInput and io.Mesh.Type is MESH
    same = Types.VideoComponents is VideoComponents and InputImpl.VideoFromFile is VideoFromFile
    is_base = ComfyNode is io.ComfyNode and issubclass(io.ComfyNode, _ComfyNodeInternal)
    known = supports_feature({"s": {"feature_flags": {"f": True}}}, "s", "f")
    def video(images): return InputImpl.VideoFromComponents(Types.VideoComponents(images=images,
                                                            frame_rate=Fraction(8)))
    """
    module = pack(source)
    assert module.same
    assert module.alike
    assert module.is_base
    assert module.known
    from models.video import Video

    made = module.video(torch.zeros(2, 8, 8, 3))
    assert isinstance(made, Video)
    assert isinstance(made, module.Input.Video)
    assert made.get_dimensions() == (8, 8)


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
