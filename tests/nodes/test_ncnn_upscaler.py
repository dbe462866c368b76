"""The script that converted the built-in upscaler, against an interpreter of ncnn's files written for this test."""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from models.convert.ncnn_upscaler import FP16_WEIGHTS, Layer, convert, read_param, read_weights
from models.upscale import load_upscaler

FEATURES, CONVOLUTIONS, SCALE = 8, 2, 2


def write_model(folder: Path, half: bool) -> Path:
    """A compact upscaler with random weights, in ncnn's two files."""
    random = np.random.default_rng(5)
    lines, blob = ["Input input 0 1 data", "Split split 1 2 data a b"], b""
    widths = [3, *[FEATURES] * (CONVOLUTIONS + 1), 3 * SCALE**2]
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        size = n_in * n_out * 9
        weights = random.normal(0, 0.2, size)
        lines.append(f"Convolution conv{i} 1 1 {'a' if i == 0 else f'p{i - 1}'} c{i} 0={n_out} 1=3 4=1 5=1 6={size}")
        kind, tag = ("<f2", FP16_WEIGHTS) if half else ("<f4", 0)
        data = weights.astype(kind).tobytes()
        blob += struct.pack("<I", tag) + data + b"\0" * (-len(data) % 4)
        blob += random.normal(0, 0.1, n_out).astype("<f4").tobytes()
        if i < CONVOLUTIONS + 1:
            lines.append(f"PReLU prelu{i} 1 1 c{i} p{i} 0={n_out}")
            blob += random.uniform(0, 0.5, n_out).astype("<f4").tobytes()
    lines += [
        f"PixelShuffle shuffle 1 1 c{CONVOLUTIONS + 1} s 0={SCALE}",
        f"Interp resize 1 1 b r 0=1 1={SCALE}.0 2={SCALE}.0",
        "BinaryOp add 2 1 s r output 0=0",
    ]
    param = folder / "model.param"
    param.write_text("\n".join(["7767517", f"{len(lines)} {len(lines) + 1}", *lines]) + "\n")
    param.with_suffix(".bin").write_bytes(blob)
    return param


def interpret(layers: list[Layer], weights: dict[str, dict[str, torch.Tensor]], x: torch.Tensor) -> torch.Tensor:
    """Run a network as its .param file says, blob by blob."""
    values = {"data": x}
    for layer in layers:
        given = [values[name] for name in layer.inputs]
        own = {name: tensor.float() for name, tensor in weights.get(layer.name, {}).items()}
        match layer.kind:
            case "Input":
                continue
            case "Split":
                results = given * 2
            case "Convolution":
                results = [functional.conv2d(given[0], own["weight"], own["bias"], padding=int(layer.settings[4]))]
            case "PReLU":
                results = [functional.prelu(given[0], own["weight"])]
            case "PixelShuffle":
                results = [functional.pixel_shuffle(given[0], int(layer.settings[0]))]
            case "Interp":
                results = [functional.interpolate(given[0], scale_factor=float(layer.settings[1]))]
            case _:
                results = [given[0] + given[1]]
        values.update(zip(layer.outputs, results, strict=True))
    return values["output"]


@pytest.mark.parametrize("half", [True, False])
def test_the_converted_network_draws_what_the_original_does(tmp_path: Path, half: bool) -> None:
    param = write_model(tmp_path, half)
    layers = read_param(param.read_text())
    weights = read_weights(layers, param.with_suffix(".bin").read_bytes())
    convert(param, tmp_path / "out.safetensors")
    model = load_upscaler(tmp_path / "out.safetensors")
    assert model.scale == SCALE
    x = torch.rand(1, 3, 11, 7)
    with torch.no_grad():
        difference = (model.model(x) - interpret(layers, weights, x)).abs().max()
    assert difference < 1e-5


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    param = write_model(tmp_path, half=True)
    layers, blob = read_param(param.read_text()), param.with_suffix(".bin").read_bytes()
    with pytest.raises(ValueError, match="ends at byte"):
        read_weights(layers, blob[:-4])
    with pytest.raises(ValueError, match="4 bytes of weights are left over"):
        read_weights(layers, blob + b"\0\0\0\0")
    with pytest.raises(ValueError, match="only 16 and 32-bit"):
        read_weights(layers, struct.pack("<I", 0x000D4B38) + blob[4:])
    with pytest.raises(ValueError, match="not an ncnn"):
        read_param("hello")
    param.write_text(param.read_text().replace("PixelShuffle", "Deconvolution"))
    with pytest.raises(ValueError, match="not a compact upscaler: its layers are Convolution PReLU"):
        convert(param, tmp_path / "out.safetensors")
