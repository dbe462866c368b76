"""Videos: the value that travels along a VIDEO link, made of pictures or of a file.

Both kinds have the methods that node packs call (`get_components`, `get_dimensions`, `save_to` and others) and neither
ever changes. Files are read and written by PyAV (the package `av`), which is optional.
"""

from __future__ import annotations

import importlib
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
import torch
from torch import Tensor

from models import memory
from models.errors import OutOfMemory


class VideoError(ValueError):
    """A file that is no video, is broken, or cannot be written; the sentence names it."""


class PackageMissing(ImportError):
    """An optional package is not installed; the sentence says which, and how to get it."""


class AudioDict(TypedDict):
    """Sound as ComfyUI's nodes pass it on."""

    waveform: Tensor
    """(b, channels, samples) float32 in [-1, 1]."""
    sample_rate: int
    """Samples a second."""
    path: NotRequired[str]


@dataclass(frozen=True)
class VideoComponents:
    """What a video is made of."""

    images: Tensor
    """(frames, h, w, 3) float32 in [0, 1]."""
    frame_rate: Fraction
    """Pictures a second."""
    audio: AudioDict | None = None
    metadata: Mapping[str, str] | None = None


def pyav() -> Any:
    """The module `av`. PackageMissing where it is not installed."""
    try:
        return importlib.import_module("av")
    except ImportError as error:
        raise PackageMissing(
            "Video files need the package av (PyAV), which is not installed. Install it with "
            "`pip install av` in Easel's environment and start again"
        ) from error


class Video(ABC):
    """A video. `save_to` takes what packs pass on: strings, or enumerations whose values are such strings."""

    @abstractmethod
    def get_components(self) -> VideoComponents: ...

    @abstractmethod
    def get_dimensions(self) -> tuple[int, int]:
        """Width and height in pixels, as they are shown."""

    @abstractmethod
    def get_frame_count(self) -> int: ...

    @abstractmethod
    def get_frame_rate(self) -> Fraction:
        """Pictures a second."""

    @abstractmethod
    def get_stream_source(self) -> str | BytesIO:
        """The file's path, or the file itself in memory."""

    @abstractmethod
    def save_to(
        self,
        path: str | Path | BytesIO,
        format: Any = "auto",
        codec: Any = "auto",
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a file. format: "auto" or "mp4"; codec: "auto" or "h264"; metadata: kept as JSON in the file."""

    def get_duration(self) -> float:
        """In seconds."""
        return float(self.get_frame_count() / self.get_frame_rate())

    def get_container_format(self) -> str:
        """ffmpeg's name of the file's format."""
        return "mp4"


class VideoFromComponents(Video):
    """A video of pictures, and perhaps a sound, in memory."""

    def __init__(self, components: VideoComponents) -> None:
        self._components = components

    def get_components(self) -> VideoComponents:
        return self._components

    def get_dimensions(self) -> tuple[int, int]:
        height, width = self._components.images.shape[1:3]
        return width, height

    def get_frame_count(self) -> int:
        return len(self._components.images)

    def get_frame_rate(self) -> Fraction:
        return Fraction(self._components.frame_rate)

    def get_stream_source(self) -> BytesIO:
        buffer = BytesIO()
        self.save_to(buffer)
        buffer.seek(0)
        return buffer

    def save_to(
        self,
        path: str | Path | BytesIO,
        format: Any = "auto",
        codec: Any = "auto",
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        from models.video_encoding import write_mp4

        if plain(format) not in ("auto", "mp4"):
            raise VideoError(f"Pictures can be saved as mp4, not as {plain(format)}. Choose mp4")
        if plain(codec) not in ("auto", "h264"):
            raise VideoError(f"Pictures can be encoded as h264, not as {plain(codec)}. Choose h264")
        texts = {name: json.dumps(value) for name, value in (metadata or {}).items()}
        write_mp4(path, self._components, texts)


class VideoFromFile(Video):
    """A video in a file, which is read each time something of it is asked for."""

    def __init__(self, file: str | Path | BytesIO) -> None:
        self._file = file

    def get_stream_source(self) -> str | BytesIO:
        if isinstance(self._file, BytesIO):
            self._file.seek(0)
            return self._file
        return str(self._file)

    def get_dimensions(self) -> tuple[int, int]:
        with self._opened() as container:
            stream = container.streams.video[0]
            frame = next(container.decode(stream), None)
            turned = frame is not None and _quarter_turns(frame) % 2 == 1
            return (stream.height, stream.width) if turned else (stream.width, stream.height)

    def get_frame_count(self) -> int:
        with self._opened() as container:
            stream = container.streams.video[0]
            return stream.frames or sum(packet.size > 0 for packet in container.demux(stream))

    def get_frame_rate(self) -> Fraction:
        with self._opened() as container:
            return _rate(container)

    def get_duration(self) -> float:
        with self._opened() as container:
            if container.duration is not None:
                return container.duration / pyav().time_base
        return super().get_duration()

    def get_container_format(self) -> str:
        with self._opened() as container:
            return container.format.name

    def get_components(self) -> VideoComponents:
        """Decode everything. VideoError where the file is damaged; OutOfMemory where it holds more than fits."""
        with self._opened() as container:
            images = self._images(container)
            rate, metadata = _rate(container), dict(container.metadata)
        return VideoComponents(images, rate, self._audio(), metadata)

    def save_to(
        self,
        path: str | Path | BytesIO,
        format: Any = "auto",
        codec: Any = "auto",
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """As it is where format and codec allow that, else encoded anew. What the file said of itself is kept."""
        from models.video_encoding import copy_streams

        with self._opened() as container:
            fits = plain(format) in ("auto", *container.format.name.split(","))
            if fits and plain(codec) in ("auto", container.streams.video[0].codec.name):
                texts = {name: v if isinstance(v, str) else json.dumps(v) for name, v in (metadata or {}).items()}
                copy_streams(container, path, {**container.metadata, **texts}, plain(format))
                return
        VideoFromComponents(self.get_components()).save_to(path, format, codec, metadata)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        av = pyav()
        try:
            with av.open(self.get_stream_source(), "r") as container:
                if not container.streams.video:
                    raise VideoError(f"{self._name} holds no pictures, so it is no video")
                yield container
        except av.FFmpegError as error:
            why = error.strerror or type(error).__name__
            raise VideoError(f"{self._name} cannot be read as a video: {why}. Is it whole?") from error

    @property
    def _name(self) -> str:
        return "The file in memory" if isinstance(self._file, BytesIO) else Path(self._file).name

    def _images(self, container: Any) -> Tensor:
        stream = container.streams.video[0]
        self._check_memory(stream.frames * stream.width * stream.height)
        frames: list[Tensor] = []
        for frame in container.decode(stream):
            pixels = np.rot90(frame.to_ndarray(format="rgb24"), _quarter_turns(frame))
            frames.append(torch.from_numpy(pixels.copy()))
        if not frames:
            raise VideoError(f"{self._name} holds no picture that can be read. Is it whole?")
        self._check_memory(len(frames) * frames[0].shape[0] * frames[0].shape[1])
        return torch.stack(frames) / 255.0

    def _check_memory(self, pixels: int) -> None:
        need, have = pixels * 3 * 5, memory.free(torch.device("cpu"))
        if need > have:
            raise OutOfMemory(f"{self._name} as a batch of pictures", need, have, "the CPU")

    def _audio(self) -> AudioDict | None:
        av = pyav()
        with self._opened() as container:
            if not container.streams.audio:
                return None
            stream = container.streams.audio[0]
            resampler, parts = av.AudioResampler(format="fltp"), []
            for frame in container.decode(stream):
                parts += [part.to_ndarray() for part in resampler.resample(frame)]
            parts += [part.to_ndarray() for part in resampler.resample(None)] if parts else []
            if not parts:
                return None
            waveform = torch.from_numpy(np.concatenate(parts, axis=1))
            return {"waveform": waveform.float().unsqueeze(0), "sample_rate": int(stream.sample_rate)}


def frame_rate(fps: float) -> Fraction:
    """Pictures a second to a thousandth, as files can say it. ValueError where it is not above 0."""
    if not (math.isfinite(fps) and fps > 0):
        raise ValueError(f"fps must be above 0, and is {float(fps):g}: it says how many pictures are shown in a second")
    return Fraction(max(1, round(fps * 1000)), 1000)


def plain(choice: Any) -> str:
    """The word of a choice that may be an enumeration's."""
    return str(getattr(choice, "value", choice))


def _rate(container: Any) -> Fraction:
    rate = container.streams.video[0].average_rate
    return Fraction(rate) if rate else Fraction(1)


def _quarter_turns(frame: Any) -> int:
    """How often a picture is turned left before it is shown: telephones film sideways and say so."""
    return round((getattr(frame, "rotation", 0) or 0) / 90) % 4
