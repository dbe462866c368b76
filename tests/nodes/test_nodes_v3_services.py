"""What `comfy_api` gives node classes of the third kind: saved files, progress, older names and values."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import torch

from graph.context import Context
from graph.node import Results
from nodes.compat.host import Host
from tests.nodes.v3_packs import awaited, host, node, pack

__all__ = ["host"]


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
    asyncio.run(awaited(within(context, module.wait, {})))
    assert [event.value for event in told if event.type == "progress"] == [1, 2, 3]
    (preview,) = [event for event in told if event.type == "preview"]
    assert preview.data[:2] == b"\xff\xd8"
    with pytest.raises(ValueError, match="while a node runs"):
        module.ComfyAPISync().execution.set_progress(1, 2)


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
