"""The jobs of the soak: a mix as a team would queue it, the same each time."""

from __future__ import annotations

import json
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

MODEL = "easel-emoji.safetensors"
LORAS = ("soak-a.safetensors", "soak-b.safetensors")
LORA_OF = "input_blocks_3_1_transformer_blocks_0_attn1_to_q"
WIDTH = 96
"""Of the weight that the LoRAs change."""
WORDS = ("a fox", "a rocket", "a pizza", "a volcano", "an octopus", "a ghost", "a red apple", "a sunflower")
LONG_STEPS = 2000
"""Of the job that is stopped: far more than it is left time for."""

Graph = dict[str, Any]


def write_loras(folder: Path) -> None:
    """Two small LoRAs that fit the built-in model."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(LORAS):
        draw = np.random.default_rng(number)
        arrays = {
            f"lora_unet_{LORA_OF}.lora_down.weight": draw.normal(size=(4, WIDTH)),
            f"lora_unet_{LORA_OF}.lora_up.weight": draw.normal(size=(WIDTH, 4)) / 8,
        }
        header: dict[str, Any] = {}
        data = b""
        for key, array in arrays.items():
            plain = array.astype("<f4")
            header[key] = {
                "dtype": "F32",
                "shape": list(plain.shape),
                "data_offsets": [len(data), len(data) + plain.nbytes],
            }
            data += plain.tobytes()
        said = json.dumps(header).encode()
        (folder / name).write_bytes(struct.pack("<Q", len(said)) + said + data)


def picture(number: int, side: int = 64) -> bytes:
    """A PNG that no other number has."""
    draw = random.Random(number)
    rows = b"".join(b"\0" + draw.randbytes(3 * side) for _ in range(side))

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def kind_of(number: int) -> str:
    """Of twenty jobs: eight without a model, seven with it, two with a LoRA, an error, a stopped one, an upload."""
    return (["plain"] * 8 + ["model"] * 7 + ["lora"] * 2 + ["error", "stopped", "upload"])[number * 7 % 20]


def graph_of(number: int, uploaded: str = "") -> Graph:
    """What job `number` runs."""
    draw = random.Random(number)
    kind = kind_of(number)
    if kind == "plain":
        return _plain(draw)
    if kind == "upload":
        return {
            "1": _node("LoadImage", image=uploaded),
            "2": _node("ImageScaleBy", image=["1", 0], upscale_method="bilinear", scale_by=draw.choice((0.5, 2.0))),
            "3": _node("SaveImage", images=["2", 0], filename_prefix="soak/upload"),
        }
    if kind == "error":
        return {
            "1": _node("EmptyImage", width=64, height=64, batch_size=1, color=draw.randrange(2**24)),
            "2": _node("SaveImage", images=["1", 0], filename_prefix="../outside"),
        }
    return _with_model(draw, kind)


def _plain(draw: random.Random) -> Graph:
    side = draw.choice((64, 128, 192))
    return {
        "1": _node("EmptyImage", width=side, height=side, batch_size=draw.choice((1, 2)), color=draw.randrange(2**24)),
        "2": _node("ImageInvert", image=["1", 0]),
        "3": _node("ImageBlur", image=["2", 0], blur_radius=draw.randrange(1, 5), sigma=1.0),
        "4": _node("PreviewImage", images=["3", 0]),
        "5": _node("StringConcatenate", string_a=str(draw.random()), string_b="b" * 1000, delimiter=" "),
        "6": _node("PreviewAny", source=["5", 0]),
    }


def _with_model(draw: random.Random, kind: str) -> Graph:
    model: list[Any] = ["1", 0]
    clip: list[Any] = ["1", 1]
    graph: Graph = {"1": _node("CheckpointLoaderSimple", ckpt_name=MODEL)}
    if kind == "lora":
        graph["8"] = _node(
            "LoraLoader",
            model=model,
            clip=clip,
            lora_name=draw.choice(LORAS),
            strength_model=round(draw.uniform(0.1, 1.0), 2),
            strength_clip=0.5,
        )
        model, clip = ["8", 0], ["8", 1]
    side = draw.choice((64, 96, 128))
    return graph | {
        "2": _node("CLIPTextEncode", clip=clip, text=f"{draw.choice(WORDS)}, number {draw.randrange(10**6)}"),
        "3": _node("CLIPTextEncode", clip=clip, text=""),
        "4": _node(
            "EmptyLatentImage", width=side, height=draw.choice((64, 96, 128)), batch_size=draw.choice((1, 1, 2))
        ),
        "5": _node(
            "KSampler",
            model=model,
            positive=["2", 0],
            negative=["3", 0],
            latent_image=["4", 0],
            seed=draw.randrange(2**32),
            steps=LONG_STEPS if kind == "stopped" else draw.choice((2, 3, 4)),
            cfg=3.0,
            sampler_name=draw.choice(("euler", "dpmpp_2m", "euler_ancestral")),
            scheduler="karras",
            denoise=1.0,
        ),
        "6": _node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": _node("SaveImage", images=["6", 0], filename_prefix="soak/picture"),
    }


def _node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}
