"""Files that V3 nodes write by the helpers of `ui`: named and numbered as those of Easel's own nodes."""
# pyright: basic

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from graph.context import Context
from models.video import VideoError, pyav
from nodes.compat.host import own_folders, running
from nodes.naming import expand
from nodes.saved import write

OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
CODECS = {"flac": "flac", "mp3": "libmp3lame", "opus": "libopus"}
BIT_RATES = {"64k": 64_000, "96k": 96_000, "128k": 128_000, "192k": 192_000, "320k": 320_000}


def texts_of(cls: Any) -> dict[str, Any]:
    """What a file carries: the prompt, and all that the client added. Nothing without a class, or if it has neither."""
    hidden = getattr(cls, "hidden", None)
    prompt, extra = getattr(hidden, "prompt", None), getattr(hidden, "extra_pnginfo", None)
    return {**({"prompt": prompt} if prompt else {}), **(extra if isinstance(extra, Mapping) else {})}


def save(
    files: Iterable[tuple[str, bytes]], prefix: str, kind: str, cls: Any, width: int, height: int
) -> list[dict[str, str]]:
    """Write these (suffix, data) under the next numbers of a prefix, and say for `/view` where each is."""
    context = running() or Context(folders=own_folders())
    prompt = getattr(getattr(cls, "hidden", None), "prompt", None)
    name = expand(prefix, prompt if isinstance(prompt, Mapping) else None, width, height, datetime.now())
    found: list[dict[str, str]] = []
    for number, (suffix, data) in enumerate(files):
        context.check()
        found.append(write(context, kind, name.replace("%batch_num%", str(number)), suffix, data, number + 1))
    return found


@dataclass(frozen=True)
class EncodedAudio:
    """How a sound becomes a file. `quality`: of mp3 V0, 128k or 320k; of opus 64k to 320k; flac loses nothing."""

    format: str
    quality: str
    texts: Mapping[str, Any]

    def of(self, wave: Any, sample_rate: int) -> bytes:
        """wave: (channels, samples) in [-1, 1]. Raises VideoError where the format is unknown or cannot be written."""
        av = pyav()
        if self.format not in CODECS:
            raise VideoError(f"Sound is saved as {', '.join(CODECS)}, and not as {self.format}")
        buffer = BytesIO()
        try:
            with av.open(buffer, "w", format=self.format) as output:
                output.metadata.update({name: json.dumps(value) for name, value in self.texts.items()})
                self._encode(output, wave, int(sample_rate))
        except av.FFmpegError as error:
            raise VideoError(f"The sound could not be written: {error.strerror or error}") from error
        return buffer.getvalue()

    def _encode(self, output: Any, wave: Any, rate: int) -> None:
        import numpy as np

        av = pyav()
        if wave.shape[0] not in (1, 2):
            raise VideoError(f"Sound is saved with 1 or 2 channels, and this one has {wave.shape[0]}")
        layout = "mono" if wave.shape[0] == 1 else "stereo"
        stream = output.add_stream(CODECS[self.format], rate=self._rate(rate), layout=layout)
        if self.format == "mp3" and self.quality == "V0":
            stream.codec_context.qscale = 1
        elif self.format != "flac" and self.quality in BIT_RATES:
            stream.bit_rate = BIT_RATES[self.quality]
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(wave.detach().float().cpu().numpy()), format="fltp", layout=layout
        )
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=stream.rate)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))

    def _rate(self, rate: int) -> int:
        if self.format != "opus":
            return rate
        return next((known for known in OPUS_RATES if known >= rate), OPUS_RATES[-1])
