"""Pictures that move: saved as WEBP, PNG, MP4 and WEBM, loaded, put together and taken apart."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

from graph.context import Context
from graph.node import Choice, File, Int, Results, Slider, Toggle, node
from models.animation import WEBP_METHODS, check_frames, png_animation_bytes, webp_bytes
from models.video import VideoComponents, VideoFromComponents, VideoFromFile, frame_rate
from models.video_encoding import WEBM_CODECS, write_webm
from nodes.context import pnginfo
from nodes.naming import expand
from nodes.output import PREFIX, PngInfo, Prompt
from nodes.saved import write
from nodes.values import Audio, Image, Video

Rate = Annotated[float, Slider(min=0.01, max=1000.0, step=0.01, tooltip="Pictures a second.")]


@node("SaveAnimatedWEBP", category="image/animation", output=True, search_aliases=("video", "movie", "gif"))
def save_animated_webp(
    images: Image,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "ComfyUI",
    fps: Rate = 6.0,
    lossless: Annotated[bool, Toggle(tooltip="Keep every pixel as it is. Files are larger.")] = True,
    quality: Annotated[
        int, Int(min=0, max=100, tooltip="Higher is better and larger; for lossless files, slower and smaller.")
    ] = 80,
    *,
    method: Annotated[str, Choice(options=tuple(WEBP_METHODS), tooltip="Slower makes smaller files.")],
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save pictures as one WEBP file that shows them one after the other. It carries the graph that made it."""
    texts = pnginfo(prompt, extra_pnginfo)
    data = webp_bytes(images, texts, fps, lossless, quality, WEBP_METHODS[method])
    return _saved(context, filename_prefix, images.shape[1:3], ".webp", data, prompt, moving=len(images) > 1)


@node("SaveAnimatedPNG", category="image/animation", output=True, search_aliases=("video", "movie", "apng"))
def save_animated_png(
    images: Image,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "ComfyUI",
    fps: Rate = 6.0,
    compress_level: Annotated[int, Int(min=0, max=9, tooltip="Higher makes smaller files, and takes longer.")] = 4,
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save pictures as one PNG file that shows them one after the other. It carries the graph that made it."""
    data = png_animation_bytes(images, pnginfo(prompt, extra_pnginfo), fps, compress_level)
    return _saved(context, filename_prefix, images.shape[1:3], ".png", data, prompt, moving=len(images) > 1)


@node("SaveWEBM", category="image/video", output=True, experimental=True, search_aliases=("video", "movie"))
def save_webm(
    images: Image,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "ComfyUI",
    *,
    codec: Annotated[str, Choice(options=tuple(WEBM_CODECS), tooltip="av1 makes smaller files, and takes longer.")],
    fps: Annotated[float, Slider(min=0.01, max=1000.0, step=0.01, tooltip="Pictures a second.")] = 24.0,
    crf: Annotated[
        float, Slider(min=0, max=63.0, step=1, tooltip="Higher is smaller and worse; 0 is the best quality.")
    ] = 32.0,
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save pictures as a WEBM video. It carries the graph that made it."""
    buffer = BytesIO()
    texts = {name: json.dumps(value) for name, value in pnginfo(prompt, extra_pnginfo).items()}
    write_webm(buffer, images, codec, fps, crf, texts)
    return _saved(context, filename_prefix, images.shape[1:3], ".webm", buffer.getvalue(), prompt)


@node("SaveVideo", category="image/video", title="Save Video", output=True, search_aliases=("movie", "mp4"))
def save_video(
    video: Video,
    context: Context,
    filename_prefix: Annotated[str, PREFIX] = "video/ComfyUI",
    format: Annotated[str, Choice(options=("auto", "mp4"))] = "auto",
    codec: Annotated[
        str, Choice(options=("auto", "h264"), tooltip="auto: a loaded video is not encoded anew.")
    ] = "auto",
    prompt: Prompt = None,
    extra_pnginfo: PngInfo = None,
) -> Results:
    """Save a video as MP4. It carries the graph that made it."""
    width, height = video.get_dimensions()
    temp = context.folders.root("temp")
    temp.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=temp) as folder:
        path = Path(folder) / "video.mp4"
        # By its path and not in memory: packs bring videos of their own, and not all of those can do that.
        video.save_to(str(path), format=format, codec=codec, metadata=pnginfo(prompt, extra_pnginfo) or None)
        data = path.read_bytes()
    return _saved(context, filename_prefix, (height, width), ".mp4", data, prompt)


@node("LoadVideo", category="image/video", title="Load Video", search_aliases=("open", "movie", "upload"))
def load_video(
    file: Annotated[str, File(kind="input", upload="video", tooltip="A file in the input folder.")], context: Context
) -> Video:
    """Load a video. Its pictures are read when a node asks for them."""
    video = VideoFromFile(context.folders.resolve("input", file))
    video.get_dimensions()  # a file that is none is told here, and not by a node further on
    return video


@node("CreateVideo", category="image/video", title="Create Video", search_aliases=("combine", "movie"))
def create_video(
    images: Image,
    fps: Annotated[float, Slider(min=1.0, max=120.0, step=1.0, tooltip="Pictures a second.")] = 30.0,
    audio: Audio | None = None,
) -> Video:
    """Make a video of pictures, and of a sound if there is one."""
    check_frames(images, fps)
    return VideoFromComponents(VideoComponents(images, frame_rate(fps), audio))


@node(
    "GetVideoComponents",
    category="image/video",
    title="Get Video Components",
    outputs=("images", "audio", "fps"),
    search_aliases=("split", "frames", "extract"),
)
def get_video_components(video: Video) -> tuple[Image, Audio, float]:
    """Take a video apart into its pictures, its sound, and how many pictures it shows in a second."""
    components = video.get_components()
    return components.images, components.audio, float(components.frame_rate)


def _saved(
    context: Context,
    prefix: str,
    size: Any,
    suffix: str,
    data: bytes,
    prompt: Mapping[str, Any] | None,
    moving: bool = True,
) -> Results:
    height, width = size
    name = expand(prefix, prompt, width, height, datetime.now())
    file = write(context, "output", name.replace("%batch_num%", "0"), suffix, data)
    return Results(ui={"images": [file], "animated": [moving]})
