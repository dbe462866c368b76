"""Nodes with the core nodes' names and sockets that paint instead of sampling: a run takes tenths of a second.

The page cannot tell them from the real ones. A picture is a blot whose colour and outline come from the words and the
seed, so that another seed visibly gives another picture.
"""

from __future__ import annotations

import io
import json
import logging
import math
import random
import time
from typing import Annotated, Any

from PIL import Image as Picture
from PIL import ImageDraw
from PIL.PngImagePlugin import PngInfo

from graph.context import Context
from graph.node import Choice, File, Hidden, Int, Results, Seed, Slider, Socket, Text, Toggle, node
from graph.registry import Registry
from nodes.later import wan

Model = Annotated[object, Socket("MODEL")]
Clip = Annotated[object, Socket("CLIP")]
Vae = Annotated[object, Socket("VAE")]
Conditioning = Annotated[object, Socket("CONDITIONING")]
Latent = Annotated[object, Socket("LATENT")]
Image = Annotated[object, Socket("IMAGE")]
Mask = Annotated[object, Socket("MASK")]

STEP_SECONDS = 0.02
"""A step of the sampler: long enough that one can see it, and stop it."""


@node("CheckpointLoaderSimple", category="loaders", title="Load Checkpoint")
def load(ckpt_name: Annotated[str, File(kind="checkpoints")]) -> tuple[Model, Clip, Vae]:
    return "model", "clip", "vae"


@node("CLIPTextEncode", category="conditioning", title="CLIP Text Encode (Prompt)")
def encode(text: Annotated[str, Text(multiline=True, dynamic_prompts=True)], clip: Clip) -> Conditioning:
    return text


@node("EmptyLatentImage", category="latent", title="Empty Latent Image")
def empty(
    width: Annotated[int, Int(min=16, max=16384, step=8)] = 512,
    height: Annotated[int, Int(min=16, max=16384, step=8)] = 512,
    batch_size: Annotated[int, Int(min=1, max=4096)] = 1,
) -> Latent:
    return width, height, batch_size


@node("KSampler", category="sampling", description="Makes a picture out of noise, step by step.")
def sample(
    context: Context,
    model: Model,
    seed: Annotated[int, Seed()],
    steps: Annotated[int, Int(min=1, max=10000)],
    cfg: Annotated[float, Slider(min=0.0, max=100.0, step=0.1, round=0.01)],
    sampler_name: Annotated[str, Choice(options=("euler", "heun", "dpmpp_2m"))],
    scheduler: Annotated[str, Choice(options=("normal", "karras"))],
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Annotated[float, Slider(min=0.0, max=1.0, step=0.01)] = 1.0,
) -> Latent:
    width, height, count = latent_image  # pyright: ignore
    if "fail" in str(positive):
        raise ValueError("The words ask for a failure.")
    for step in range(steps):
        context.check()
        time.sleep(STEP_SECONDS)
        context.progress(step + 1, steps)
        out = io.BytesIO()
        _paint(str(positive), seed, 128, 128, (step + 1) / steps).save(out, "JPEG")
        context.preview(out.getvalue())
    return [_paint(str(positive), seed + index, width, height, 1.0) for index in range(count)]


@node("VAEDecode", category="latent", title="VAE Decode")
def decode(samples: Latent, vae: Vae) -> Image:
    return samples


@node("ImageInvert", category="image", title="Invert Image")
def invert(image: Image) -> Image:
    return [Picture.eval(picture, lambda value: 255 - value) for picture in image]  # type: ignore[attr-defined]


@node("ImageScaleBy", category="image/upscaling", title="Upscale Image By")
def scale(
    image: Image,
    upscale_method: Annotated[str, Choice(options=("nearest-exact", "lanczos"))],
    scale_by: Annotated[float, Slider(min=0.01, max=8.0, step=0.01)] = 1.0,
    keep: Annotated[bool, Toggle()] = False,
) -> Image:
    return [picture.resize((round(picture.width * scale_by), round(picture.height * scale_by))) for picture in image]  # type: ignore[attr-defined]


@node("LoadImage", category="image", title="Load Image")
def load_image(context: Context, image: Annotated[str, File(kind="input", upload="image")]) -> tuple[Image, Mask]:
    picture = Picture.open(context.folders.resolve("input", image)).convert("RGB")
    return [picture], None


@node("LoadImageMask", category="mask", title="Load Image (as Mask)")
def load_mask(
    image: Annotated[str, File(kind="input", upload="image")],
    channel: Annotated[str, Choice(options=("alpha", "red", "green", "blue"))],
) -> Mask:
    return None


@node("LoadVideo", category="video", title="Load Video")
def load_video(file: Annotated[str, File(kind="input", upload="video")]) -> Annotated[object, Socket("VIDEO")]:
    return file


@node("LoadAudio", category="audio", title="Load Audio")
def load_audio(audio: Annotated[str, File(kind="input", upload="audio")]) -> Annotated[object, Socket("AUDIO")]:
    return audio


@node("ImageCrop", category="image/transform", title="Image Crop")
def crop(
    image: Image,
    width: Annotated[int, Int(min=1, max=16384)] = 512,
    height: Annotated[int, Int(min=1, max=16384)] = 512,
    x: Annotated[int, Int(min=0, max=16384)] = 0,
    y: Annotated[int, Int(min=0, max=16384)] = 0,
) -> Image:
    return [picture.crop((x, y, x + width, y + height)) for picture in image]  # type: ignore[attr-defined]


@node("ImageCropV2", category="image/transform", title="Crop to a Box")
def crop_to_box(image: Image, crop_region: Annotated[object, Socket("BOUNDING_BOX")]) -> Image:
    return image


@node("SaveImage", category="image", title="Save Image", output=True)
def save(
    context: Context,
    images: Image,
    filename_prefix: Annotated[str, Text()] = "easel",
    prompt: Annotated[Any, Hidden("PROMPT")] = None,
    extra_pnginfo: Annotated[Any, Hidden("EXTRA_PNGINFO")] = None,
) -> Results:
    folder = context.folders.roots("output")[0]
    saved: list[dict[str, str]] = []
    for picture in images:  # type: ignore[attr-defined]
        text = PngInfo()
        text.add_text("prompt", json.dumps(prompt))
        for name, value in (extra_pnginfo or {}).items():
            text.add_text(name, json.dumps(value))
        number = len(list(folder.glob("*.png"))) + 1
        name = f"{filename_prefix}_{number:05}_.png"
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / name, pnginfo=text)
        saved.append({"filename": name, "subfolder": "", "type": "output"})
    return Results(ui={"images": saved})


@node("PreviewImage", category="image", title="Preview Image", output=True)
def preview(context: Context, images: Image) -> Results:
    folder = context.folders.root("temp")
    folder.mkdir(parents=True, exist_ok=True)
    shown: list[dict[str, str]] = []
    for picture in images:  # type: ignore[attr-defined]
        name = f"look_{len(list(folder.glob('*.png'))) + 1:05}_.png"
        picture.save(folder / name)
        shown.append({"filename": name, "subfolder": "", "type": "temp"})
    return Results(ui={"images": shown})


@node("PreviewAny", category="utils", title="Preview Any", output=True)
def preview_any(source: Annotated[Any, Socket("*")]) -> Results:
    return Results(ui={"text": [str(source)]})


@node("Warned", category="tests", title="Warned")
def warned(context: Context, image: Image) -> Image:
    """Passes a picture on and says that something was amiss."""
    context.warn("There is no textual inversion “cat” for this model; it is left out of the prompt.")
    return image


@node("TellResult", category="tests", output=True)
def tell(ui: Annotated[str, Text(multiline=True)]) -> Results:
    """Give the page any result, as JSON."""
    return Results(ui=json.loads(ui))


def _paint(words: str, seed: int, width: int, height: int, share: float) -> Picture.Image:
    """A soft blot on a pale ground; `share` of the noise is gone."""
    chance = random.Random(f"{words}|{seed}")
    hue = chance.random()
    picture = Picture.new("HSV", (96, 96), (int(hue * 255), 18, 250))
    draw = ImageDraw.Draw(picture)
    lobes, size = chance.randint(3, 8), 30
    for layer in range(3):
        points = []
        for turn in range(180):
            angle = turn * math.tau / 180
            radius = (size - layer * 8) * (1 + 0.22 * math.sin(lobes * angle + layer))
            points.append((48 + radius * math.cos(angle), 48 + radius * math.sin(angle)))
        draw.polygon(points, fill=(int((hue + 0.08 * layer) * 255) % 256, 150, 215 + layer * 15))
    picture = picture.convert("RGB")
    if share < 1.0:
        noise = Picture.frombytes("RGB", (96, 96), random.Random(seed).randbytes(96 * 96 * 3))
        picture = Picture.blend(noise, picture, share)
    return picture.resize((width, height), Picture.Resampling.BICUBIC)


@node("Murmur", category="tests", output=True)
def murmur(text: Annotated[str, Text()] = "") -> Results:
    """Says something in the log."""
    logging.getLogger("palette").warning(text)
    return Results(ui={"text": [text]})


@node("Asks", category="tests")
def asks(
    api_key: Annotated[str, Text()] = "", question: Annotated[str, Text()] = ""
) -> Annotated[str, Socket("STRING")]:
    """Somebody's service, which wants a key."""
    return question


def registry() -> Registry:
    nodes: list[Any] = [
        *(load, encode, empty, sample, decode, invert, scale),
        *(load_image, load_mask, load_video, load_audio, crop, crop_to_box),
        *(save, preview, preview_any, warned, tell, murmur, asks),
    ]
    return Registry(*nodes, later=[spec for spec in wan.LATER if spec.class_type == "WanImageToVideo"])


def slow_registry() -> Registry:
    """As a worker that has to import much first."""
    time.sleep(3.0)
    return registry()
