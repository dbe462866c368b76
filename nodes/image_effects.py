"""What is done to the pixels of pictures: mixing, blurring, sharpening, few colours, noise, edges, colour spaces."""

from __future__ import annotations

from typing import Annotated

from graph.node import Choice, Int, Seed, Slider, node
from models import effects, quantize
from nodes.values import Image

Radius = Annotated[int, Int(min=1, max=31, tooltip="How far a pixel is spread, in pixels.")]


@node("ImageBlend", category="image/postprocessing", search_aliases=("mix", "overlay", "multiply", "screen"))
def blend(
    image1: Image,
    image2: Image,
    blend_factor: Annotated[float, Slider(min=0.0, max=1.0, step=0.01, tooltip="0 is all of the first.")] = 0.5,
    *,
    blend_mode: Annotated[str, Choice(options=tuple(effects.BLENDS))],
) -> Image:
    """Mix two pictures; the second is scaled to the size of the first."""
    return effects.blend(image1, image2, blend_factor, blend_mode)


@node("ImageBlur", category="image/postprocessing", search_aliases=("gaussian", "soften"))
def blur(
    image: Image,
    blur_radius: Radius = 1,
    sigma: Annotated[float, Slider(min=0.1, max=10.0, step=0.1, tooltip="In radii: more is a flatter blur.")] = 1.0,
) -> Image:
    """Blur pictures."""
    return effects.blur(image, blur_radius, sigma)


@node("ImageSharpen", category="image/postprocessing", search_aliases=("unsharp",))
def sharpen(
    image: Image,
    sharpen_radius: Radius = 1,
    sigma: Annotated[float, Slider(min=0.1, max=10.0, step=0.01, tooltip="In radii.")] = 1.0,
    alpha: Annotated[float, Slider(min=0.0, max=5.0, step=0.01, tooltip="How strongly; 0 changes nothing.")] = 1.0,
) -> Image:
    """Sharpen pictures."""
    return effects.sharpen(image, sharpen_radius, sigma, alpha)


@node("ImageQuantize", category="image/postprocessing", search_aliases=("palette", "dither", "posterize"))
def few_colors(
    image: Image,
    colors: Annotated[int, Int(min=1, max=256)] = 256,
    *,
    dither: Annotated[str, Choice(options=quantize.DITHERS, tooltip="How dots make up for the missing colours.")],
) -> Image:
    """Paint pictures with few colours, those that suit each best."""
    return quantize.quantize(image, colors, dither)


@node("ImageAddNoise", category="image", search_aliases=("grain",))
def add_noise(
    image: Image,
    seed: Annotated[int, Seed(tooltip="The same seed gives the same noise.")] = 0,
    strength: Annotated[float, Slider(min=0.0, max=1.0, step=0.01)] = 0.5,
) -> Image:
    """Sprinkle pictures with noise."""
    return effects.add_noise(image, seed, strength)


Threshold = Annotated[float, Slider(min=0.01, max=0.99, step=0.01)]


@node("Canny", category="image/preprocessors", search_aliases=("edges", "outline", "line art"))
def canny(image: Image, low_threshold: Threshold = 0.4, high_threshold: Threshold = 0.8) -> Image:
    """Draw the edges of pictures, white on black. Weak ones, above the low threshold, count where they touch others."""
    return effects.canny(image, low_threshold, high_threshold)


@node("Morphology", category="image/postprocessing", title="ImageMorphology", search_aliases=("dilate", "erode"))
def morphology(
    image: Image,
    *,
    operation: Annotated[str, Choice(options=tuple(effects.MORPHOLOGY))],
    kernel_size: Annotated[int, Int(min=3, max=999, tooltip="Of the square, in pixels.")] = 3,
) -> Image:
    """Let what is bright in pictures shrink (erode) or grow (dilate), or both in turn."""
    return effects.morphology(image, operation, kernel_size)


@node("ImageRGBToYUV", category="image/batch", outputs=("Y", "U", "V"), search_aliases=("luminance", "ycbcr"))
def to_yuv(image: Image) -> tuple[Image, Image, Image]:
    """Take pictures apart into brightness (Y), blueness (U) and redness (V), each a grey picture."""
    return effects.to_yuv(image)


@node("ImageYUVToRGB", category="image/batch", search_aliases=("ycbcr",))
def from_yuv(Y: Image, U: Image, V: Image) -> Image:
    """Put brightness (Y), blueness (U) and redness (V) together again."""
    return effects.from_yuv(Y, U, V)
