"""Writing video files: MP4 with H.264 and AAC, WEBM with VP9 or AV1, and copies that are not encoded anew."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from models.animation import check_frames
from models.video import AudioDict, VideoComponents, VideoError, frame_rate, pyav

Target = str | Path | BytesIO

WEBM_CODECS: Mapping[str, tuple[str, str]] = {"vp9": ("libvpx-vp9", "yuv420p"), "av1": ("libsvtav1", "yuv420p10le")}
"""ffmpeg's encoders, and how they store pixels."""

_LARGEST = {"h264": 16_384, "libvpx-vp9": 65_535, "libsvtav1": 16_384}
"""Pixels a side that an encoder takes."""

_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}

_KEEP_NAMES = {"movflags": "use_metadata_tags"}
"""Without this an MP4 file keeps a few texts of fixed names only."""


def write_mp4(target: Target, video: VideoComponents, texts: Mapping[str, str]) -> None:
    """Encode as H.264, and the sound as AAC, cut where the pictures end.

    VideoError where the pictures have a size that H.264 does not take, ValueError where there are none.
    """
    images, rate = video.images, frame_rate(float(video.frame_rate))
    check_frames(images, float(rate))
    height, width = images.shape[1:3]
    if width % 2 or height % 2:
        raise VideoError(
            f"H.264 takes pictures of an even width and height, and these are {width} x {height}. "
            f"Crop or scale them to {width - width % 2 or 2} x {height - height % 2 or 2} first, or save a WEBM"
        )
    with _writing(target, "mp4", _KEEP_NAMES, texts) as output:
        stream = _video_stream(output, "h264", "yuv420p", images, rate)
        sound = _audio_stream(output, video.audio)
        _encode(output, stream, images)
        if sound is not None and video.audio is not None:
            samples = math.ceil(video.audio["sample_rate"] / rate * len(images))
            _encode_audio(output, sound, video.audio, samples)


def write_webm(target: Target, images: Tensor, codec: str, fps: float, crf: float, texts: Mapping[str, str]) -> None:
    """Encode (b, h, w, c) in [0, 1]. codec: "vp9" or "av1". crf: 0 (best) to 63 (smallest)."""
    check_frames(images, fps)
    encoder, pixels = WEBM_CODECS[codec]
    options = {"crf": str(crf)}
    if codec == "av1":
        options["preset"] = "6"
        os.environ.setdefault("SVT_LOG", "1")  # else the encoder prints a page for each file
    with _writing(target, "webm", {}, texts) as output:
        stream = _video_stream(output, encoder, pixels, images, frame_rate(fps))
        stream.bit_rate = 0
        stream.options = options
        _encode(output, stream, images)


def copy_streams(source: Any, target: Target, texts: Mapping[str, str], format: str) -> None:
    """Write an opened file's pictures, sound and subtitles as they are. format: "auto" takes the target's, or its own.

    VideoError where the target's format cannot hold them.
    """
    av = pyav()
    own = source.format.name.split(",")[0] if format == "auto" else format
    with _writing(target, own if isinstance(target, BytesIO) else None, _KEEP_NAMES, texts) as output:
        kinds = (av.VideoStream, av.AudioStream, av.subtitles.stream.SubtitleStream)
        streams = {s: output.add_stream_from_template(s, opaque=True) for s in source.streams if isinstance(s, kinds)}
        for packet in source.demux(list(streams)):
            if packet.dts is not None:
                packet.stream = streams[packet.stream]
                output.mux(packet)


@contextmanager
def _writing(target: Target, format: str | None, options: Mapping[str, str], texts: Mapping[str, str]) -> Iterator[Any]:
    av = pyav()
    try:
        where = target if isinstance(target, BytesIO) else str(target)
        with av.open(where, "w", format=format, options=dict(options)) as output:
            output.metadata.update(texts)
            yield output
    except av.FFmpegError as error:
        raise VideoError(f"The video could not be written: {error.strerror or error}") from error


def _video_stream(output: Any, encoder: str, pixels: str, images: Tensor, rate: Fraction) -> Any:
    height, width = images.shape[1:3]
    if max(width, height) > _LARGEST[encoder]:
        raise VideoError(
            f"{encoder} takes pictures of at most {_LARGEST[encoder]:,} pixels a side, and these are "
            f"{width:,} x {height:,}. Scale them down first"
        )
    try:
        stream = output.add_stream(encoder, rate=rate)
    except pyav().codec.codec.UnknownCodecError:
        raise VideoError(
            f"The package av that is installed was built without {encoder}. Choose another codec"
        ) from None
    stream.width, stream.height, stream.pix_fmt = width, height, pixels
    return stream


def _encode(output: Any, stream: Any, images: Tensor) -> None:
    av = pyav()
    for image in images:
        colour = image.expand(-1, -1, 3) if image.shape[-1] == 1 else image[..., :3]
        pixels = (colour.detach().float().cpu() * 255).clamp(0, 255).numpy().astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


def _audio_stream(output: Any, audio: AudioDict | None) -> Any:
    """A stream for the sound, or None where there is none to be heard."""
    if audio is None or audio["waveform"].shape[-1] == 0:
        return None
    channels = audio["waveform"].shape[-2]
    if channels not in _LAYOUTS:
        raise VideoError(f"A video's sound has 1, 2, 6 or 8 channels, and this one has {channels}")
    rate = audio["sample_rate"]
    if rate <= 0:
        raise VideoError(f"The sound says that it has {rate} samples a second; there must be more than none")
    return output.add_stream("aac", rate=rate if rate in _AAC_RATES else 48000, layout=_LAYOUTS[channels])


def _encode_audio(output: Any, stream: Any, audio: AudioDict, samples: int) -> None:
    av = pyav()
    waveform = audio["waveform"].reshape(-1, *audio["waveform"].shape[-2:])[0, :, :samples]
    sound = np.ascontiguousarray(waveform.detach().float().cpu().numpy())
    frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout=stream.layout.name)
    frame.sample_rate, frame.pts = audio["sample_rate"], 0
    resampler = av.AudioResampler(format="fltp", layout=stream.layout.name, rate=stream.rate)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        output.mux(stream.encode(part))
    output.mux(stream.encode(None))
