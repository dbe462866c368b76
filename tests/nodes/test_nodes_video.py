"""Pictures that move: what is in the files, what comes back out of them, and what is said where that cannot be."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from graph.context import Context
from graph.errors import FileNameError
from graph.node import Results
from models import memory
from models.errors import OutOfMemory
from models.video import PackageMissing, VideoComponents, VideoError, VideoFromComponents, VideoFromFile
from models.video_encoding import write_webm
from nodes import video as nodes

PROMPT: dict[str, Any] = {"6": {"class_type": "CLIPTextEncode", "inputs": {"text": "ä cat"}}}
EXTRA = {"workflow": {"nodes": [1, "ü"]}, "other": [2]}


@pytest.fixture
def film() -> torch.Tensor:
    """(6, 48, 64, 3): a bright square that walks over a gradient, by 8 pixels a picture."""
    picture = torch.linspace(0, 0.6, 64).expand(6, 48, 64).clone()
    for i in range(6):
        picture[i, 8:24, 8 * i : 8 * i + 16] = 1
    return torch.stack([picture, picture.flip(1), 1 - picture], dim=-1)


@pytest.fixture
def sound() -> Any:
    """Two seconds of two tones, one an ear."""
    t = torch.arange(2 * 44100) / 44100
    tones = torch.stack([torch.sin(2 * torch.pi * pitch * t) for pitch in (440, 220)])
    return {"waveform": tones[None] * 0.5, "sample_rate": 44100}


def only(result: Results, context: Context) -> Path:
    """The one file that was saved, where the page was told."""
    [item] = result.ui["images"]
    assert item["type"] == "output"
    return context.folders.root("output") / item["subfolder"] / item["filename"]


# WEBP and PNG


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG file."""
    at = 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        content = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + content)
        yield kind, content
        at += 12 + length


def test_webp(context: Context, film: torch.Tensor) -> None:
    result = nodes.save_animated_webp(film, context, "a", 7.0, method="fastest", prompt=PROMPT, extra_pnginfo=EXTRA)
    assert result.ui["animated"] == [True]
    path = only(result, context)
    assert path.name == "a_00001_.webp"
    with Pillow.open(path) as file:
        assert file.n_frames == 6
        exif = file.getexif()
        assert exif[0x0110] == "prompt:" + json.dumps(PROMPT)
        assert exif[0x010F] == "workflow:" + json.dumps(EXTRA["workflow"])
        assert exif[0x010E] == "other:[2]"
        for i, expected in enumerate(film):
            file.seek(i)
            file.load()
            assert file.info["duration"] == 142  # whole milliseconds of 1000 / 7
            assert np.array_equal(np.asarray(file.convert("RGB")), (expected * 255).byte().numpy())


def test_webp_that_may_lose_something_is_smaller_by_its_quality(context: Context, film: torch.Tensor) -> None:
    sizes = [
        only(nodes.save_animated_webp(film, context, "a", 6.0, False, quality, method="default"), context)
        .stat()
        .st_size
        for quality in (90, 5)
    ]
    assert sizes[1] < 0.7 * sizes[0]


def test_png(context: Context, film: torch.Tensor) -> None:
    path = only(nodes.save_animated_png(film, context, "b/c", 12.5, 9, PROMPT, EXTRA), context)
    assert path.parent.name == "b"
    with Pillow.open(path) as file:
        assert file.n_frames == 6
        for i, expected in enumerate(film):
            file.seek(i)
            assert file.info["duration"] == 80
            assert np.array_equal(np.asarray(file.convert("RGB")), (expected * 255).byte().numpy())
    found = list(chunks(path.read_bytes()))
    kinds = [kind for kind, _ in found]
    assert kinds.index(b"comf") > kinds.index(b"IDAT")
    texts = dict(content.split(b"\0", 1) for kind, content in found if kind == b"comf")
    assert {name.decode(): json.loads(text) for name, text in texts.items()} == {"prompt": PROMPT, **EXTRA}


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_one_picture_of_any_kind_is_saved_and_stands_still(context: Context, channels: int) -> None:
    for save, options in ((nodes.save_animated_webp, {"method": "default"}), (nodes.save_animated_png, {})):
        result = save(torch.full((1, 8, 8, channels), 0.5), context, **options)
        assert result.ui["animated"] == [False]
        with Pillow.open(only(result, context)) as file:
            assert np.asarray(file.convert("RGB")).tolist() == [[[127, 127, 127]] * 8] * 8


def saves(images: torch.Tensor, context: Context, fps: float, name: str = "a") -> Iterator[Any]:
    """A call of every node that makes a file of pictures."""
    yield lambda: nodes.save_animated_webp(images, context, name, fps, method="default")
    yield lambda: nodes.save_animated_png(images, context, name, fps)
    yield lambda: nodes.save_webm(images, context, name, codec="vp9", fps=fps)
    yield lambda: nodes.create_video(images, fps)


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_told(context: Context, film: torch.Tensor, fps: float) -> None:
    for save in saves(film, context, fps):
        with pytest.raises(ValueError, match=r"fps must be above 0, and is"):
            save()
    assert not any(context.folders.root("output").iterdir())


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (1, 0, 8, 3), (8, 8, 3)])
def test_no_pictures_are_told(context: Context, shape: tuple[int, ...]) -> None:
    for save in saves(torch.zeros(shape), context, 6.0):
        with pytest.raises(ValueError, match="There is no picture to save"):
            save()


def test_channels_that_no_picture_has_are_told(context: Context) -> None:
    for save in saves(torch.zeros(1, 8, 8, 5), context, 6.0):
        with pytest.raises(ValueError, match="1, 3 or 4 channels, and these have 5"):
            save()


def test_names_that_leave_the_folder_are_refused(context: Context, film: torch.Tensor) -> None:
    *files, _ = saves(film, context, 6.0, "../a")
    for save in files:
        with pytest.raises(FileNameError):
            save()


def test_a_side_that_a_format_cannot_say_is_told(context: Context) -> None:
    with pytest.raises(ValueError, match=r"16,383 pixels a side, .* 16,384 x 2.*animated PNG"):
        nodes.save_animated_webp(torch.zeros(1, 2, 16384, 3), context, method="default")
    with pytest.raises(VideoError, match=r"at most 65,535 pixels a side, .* 65,536 x 2"):
        nodes.save_webm(torch.zeros(1, 2, 65536, 3), context, codec="vp9")
    with pytest.raises(VideoError, match=r"at most 16,384 pixels a side, .* 16,386 x 2"):
        nodes.save_video(nodes.create_video(torch.zeros(1, 2, 16386, 3)), context)


@pytest.mark.parametrize(("fps", "each"), [(0.01, 100_000), (1000.0, 1)])
def test_the_slowest_and_the_fastest(context: Context, film: torch.Tensor, fps: float, each: int) -> None:
    for save, options in ((nodes.save_animated_webp, {"method": "default"}), (nodes.save_animated_png, {})):
        with Pillow.open(only(save(film, context, "a", fps, **options), context)) as file:
            file.seek(1)
            file.load()
            assert file.info["duration"] == each


# Videos


def test_a_video_survives_saving(context: Context, film: torch.Tensor, sound: Any) -> None:
    result = nodes.save_video(nodes.create_video(film, 12.5, sound), context, prompt=PROMPT, extra_pnginfo=EXTRA)
    assert result.ui["animated"] == [True]
    path = only(result, context)
    assert (path.name, path.parent.name) == ("ComfyUI_00001_.mp4", "video")
    video = nodes.load_video(f"video/{path.name} [output]", context)
    assert (video.get_dimensions(), video.get_frame_count()) == ((64, 48), 6)
    assert video.get_frame_rate() == Fraction(25, 2)
    assert video.get_duration() == pytest.approx(6 / 12.5, abs=0.04)
    assert "mp4" in video.get_container_format()
    images, audio, fps = nodes.get_video_components(video)
    assert fps == 12.5
    assert images.shape == film.shape
    assert (images - film).abs().mean() < 0.03
    assert (images[3, 8:24, 26:38, 0] > 0.8).all(), "the square of the fourth picture"
    assert audio["sample_rate"] == 44100
    assert audio["waveform"].shape[:2] == (1, 2)
    assert abs(audio["waveform"].shape[2] - 6 / 12.5 * 44100) < 2048, "the sound ends where the pictures end"
    loud = slice(4096, 16384)
    for ear, pitch in enumerate((440, 220)):
        spectrum = torch.fft.rfft(audio["waveform"][0, ear, loud]).abs()
        assert spectrum.argmax().item() * 44100 / 12288 == pytest.approx(pitch, abs=4)
    metadata = video.get_components().metadata
    assert {name: json.loads(metadata[name]) for name in ("prompt", *EXTRA)} == {"prompt": PROMPT, **EXTRA}


def test_a_loaded_video_is_saved_as_it_is_with_the_new_graph(context: Context, film: torch.Tensor, sound: Any) -> None:
    nodes.create_video(film, 8.0, sound).save_to(
        context.folders.root("input") / "a.mp4", metadata={"old": 1, "prompt": 2}
    )
    video = nodes.load_video("a.mp4", context)
    again = VideoFromFile(only(nodes.save_video(video, context, prompt=PROMPT), context)).get_components()
    first = video.get_components()
    assert torch.equal(again.images, first.images)
    assert torch.equal(again.audio["waveform"], first.audio["waveform"])
    assert json.loads(again.metadata["prompt"]) == PROMPT
    assert again.metadata["old"] == "1"


@pytest.mark.parametrize("codec", ["vp9", "av1"])
def test_webm(context: Context, film: torch.Tensor, codec: str, capfd: pytest.CaptureFixture[str]) -> None:
    odd = film[:, :47, :63]
    result = nodes.save_webm(odd, context, "a", codec=codec, fps=10.0, crf=20.0, prompt=PROMPT, extra_pnginfo=EXTRA)
    path = only(result, context)
    assert path.suffix == ".webm"
    found = VideoFromFile(path).get_components()
    assert found.frame_rate == 10
    assert found.audio is None
    assert found.images.shape == odd.shape
    assert (found.images - odd).abs().mean() < 0.03
    metadata = {name.lower(): text for name, text in found.metadata.items()}
    assert json.loads(metadata["prompt"]) == PROMPT
    assert json.loads(metadata["workflow"]) == EXTRA["workflow"]
    assert not capfd.readouterr().err, "encoders are quiet"


def test_higher_crf_makes_smaller_files(film: torch.Tensor) -> None:
    files = [BytesIO(), BytesIO()]
    noisy = (film + 0.1 * torch.randn(film.shape)).clamp(0, 1)
    for file, crf in zip(files, (5.0, 60.0), strict=True):
        write_webm(file, noisy, "vp9", 6.0, crf, {})
    assert len(files[1].getvalue()) < 0.3 * len(files[0].getvalue())


def test_what_does_not_fit_the_format_is_encoded_anew(context: Context, film: torch.Tensor, tmp_path: Path) -> None:
    source = VideoFromFile(only(nodes.save_webm(film, context, "a", codec="vp9"), context))
    source.save_to(tmp_path / "copied.mp4")
    assert torch.equal(VideoFromFile(tmp_path / "copied.mp4").get_components().images, source.get_components().images)

    class Codec(StrEnum):
        """As packs pass it on."""

        H264 = "h264"

    source.save_to(str(tmp_path / "anew.mp4"), codec=Codec.H264, metadata={"workflow": {}})
    again = VideoFromFile(tmp_path / "anew.mp4")
    assert (again.get_components().images - film).abs().mean() < 0.04
    assert again.get_components().metadata["workflow"] == "{}"


def test_videos_in_memory(film: torch.Tensor) -> None:
    made = nodes.create_video(film, 8.0)
    assert (made.get_dimensions(), made.get_frame_count(), made.get_duration()) == ((64, 48), 6, 0.75)
    assert made.get_container_format() == "mp4"
    file = VideoFromFile(made.get_stream_source())
    assert file.get_dimensions() == (64, 48)
    copy = BytesIO()
    file.save_to(copy)
    assert torch.equal(VideoFromFile(copy).get_components().images, file.get_components().images)
    assert file.get_stream_source().tell() == 0


def test_a_video_filmed_sideways_is_turned_upright(tmp_path: Path, film: torch.Tensor) -> None:
    path = tmp_path / "a.mp4"
    nodes.create_video(film, 8.0).save_to(path)
    data = bytearray(path.read_bytes())
    straight = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)  # by 90 degrees to the right
    at = data.index(straight, data.index(b"tkhd"))
    data[at : at + 36] = turned
    path.write_bytes(data)
    video = VideoFromFile(path)
    assert video.get_dimensions() == (48, 64)
    images = video.get_components().images
    assert images.shape == (6, 64, 48, 3)
    assert (images - torch.rot90(film, -1, (1, 2))).abs().mean() < 0.03


@pytest.mark.parametrize(("channels", "rate"), [(1, 44100), (6, 48000), (2, 37000), (1, 8000)])
def test_sounds_of_all_kinds(film: torch.Tensor, channels: int, rate: int) -> None:
    audio: Any = {
        "waveform": 0.3 * torch.sin(torch.arange(rate) / rate * 2000).expand(1, channels, -1),
        "sample_rate": rate,
    }
    found = VideoFromFile(nodes.create_video(film, 6.0, audio).get_stream_source()).get_components().audio
    assert found is not None
    assert found["waveform"].shape[1] == channels
    assert found["sample_rate"] == (48000 if rate == 37000 else rate)
    assert found["waveform"].shape[2] / found["sample_rate"] == pytest.approx(1.0, abs=0.3)
    assert 0.15 < found["waveform"].std() < 0.25


def test_no_sound_and_sounds_that_cannot_be(film: torch.Tensor) -> None:
    silent: Any = {"waveform": torch.zeros(1, 2, 0), "sample_rate": 44100}
    assert VideoFromFile(nodes.create_video(film, 6.0, silent).get_stream_source()).get_components().audio is None
    for channels, rate, sentence in ((3, 44100, "this one has 3"), (1, 0, "0 samples a second")):
        audio: Any = {"waveform": torch.zeros(1, channels, 100), "sample_rate": rate}
        with pytest.raises(VideoError, match=sentence):
            nodes.create_video(film, 6.0, audio).save_to(BytesIO())


def test_what_an_encoder_does_not_take_is_told(context: Context, film: torch.Tensor) -> None:
    with pytest.raises(
        VideoError, match=r"even width and height, and these are 63 x 47. Crop or scale them to 62 x 46"
    ):
        nodes.save_video(nodes.create_video(film[:, :47, :63]), context)
    made = nodes.create_video(film)
    with pytest.raises(VideoError, match="saved as mp4, not as mkv"):
        made.save_to(BytesIO(), format="mkv")
    with pytest.raises(VideoError, match="encoded as h264, not as hevc"):
        made.save_to(BytesIO(), codec="hevc")
    assert not any(context.folders.root("temp").iterdir())
    assert not any(context.folders.root("output").rglob("*.mp4"))


def test_files_that_are_no_video_are_named(context: Context, film: torch.Tensor) -> None:
    root = context.folders.root("input")
    nodes.create_video(film).save_to(root / "good.mp4")
    data = (root / "good.mp4").read_bytes()
    for name, content in (("empty", b""), ("words", b"only words\n" * 9), ("cut", data[: len(data) // 2])):
        (root / f"{name}.mp4").write_bytes(content)
        with pytest.raises(VideoError, match=rf"{name}\.mp4 cannot be read as a video: .*Is it whole"):
            nodes.load_video(f"{name}.mp4", context)
    with pytest.raises(FileNameError, match=r"There is no file 'none\.mp4' in the input folder"):
        nodes.load_video("none.mp4", context)


def test_a_video_damaged_inside_is_told_or_read_as_far_as_it_goes(context: Context, film: torch.Tensor) -> None:
    path = context.folders.root("input") / "a.mp4"
    nodes.create_video(film).save_to(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"mdat") + 4
    length = struct.unpack(">I", data[at - 8 : at - 4])[0] - 8
    data[at : at + length] = b"\xff" * length
    path.write_bytes(data)
    with pytest.raises(VideoError, match=r"a\.mp4 (cannot be read as a video|holds no picture)"):
        nodes.get_video_components(nodes.load_video("a.mp4", context))


def test_a_sound_is_no_video(context: Context, sound: Any) -> None:
    import av

    path = context.folders.root("input") / "a.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(sound["waveform"][0, :1].numpy(), format="fltp", layout="mono")
        frame.sample_rate = 44100
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    with pytest.raises(VideoError, match=r"a\.mp4 holds no pictures, so it is no video"):
        nodes.load_video("a.mp4", context)


def test_more_pictures_than_memory_are_told_before_they_are_read(
    context: Context, film: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes.create_video(film).save_to(context.folders.root("input") / "a.mp4")
    video = nodes.load_video("a.mp4", context)
    monkeypatch.setattr(memory, "free", lambda device: 100_000)
    with pytest.raises(OutOfMemory, match=r"a\.mp4 as a batch of pictures needs 0 MB of memory on the CPU"):
        video.get_components()


def test_without_the_package_the_sentence_names_it(
    context: Context, film: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = nodes.create_video(film)
    made.save_to(context.folders.root("input") / "a.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    for use in (
        lambda: nodes.load_video("a.mp4", context),
        lambda: nodes.save_video(made, context),
        lambda: nodes.save_webm(film, context, codec="vp9"),
    ):
        with pytest.raises(PackageMissing, match=r"need the package av .PyAV., which is not installed.*pip install av"):
            use()
    images, audio, fps = nodes.get_video_components(nodes.create_video(film, 8.0))
    assert torch.equal(images, film), "what needs no file works without it"
    assert (audio, fps) == (None, 8.0)
    nodes.save_animated_webp(film, context, method="default")


def test_a_pack_s_own_video_is_saved(context: Context) -> None:
    class Own:
        """Knows paths only."""

        def get_dimensions(self) -> tuple[int, int]:
            return 4, 2

        def save_to(self, path: str, format: str, codec: str, metadata: Any) -> None:
            Path(path).write_text(f"{format} {codec} {metadata}")

    path = only(nodes.save_video(Own(), context, "%width%x%height%"), context)
    assert (path.name, path.read_text()) == ("4x2_00001_.mp4", "auto auto None")


def test_the_values_cannot_be_changed(film: torch.Tensor) -> None:
    components = VideoComponents(film, Fraction(8))
    with pytest.raises(AttributeError):
        components.images = film  # type: ignore[misc]
    assert VideoFromComponents(components).get_components() is components
