"""Text encoders from files, and prompts through them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from graph.context import Context
from graph.errors import FileNameError
from graph.node import MAX_RESOLUTION, Choice, File, Int, Slider, Text, node
from nodes.context import engine, present
from nodes.values import Clip, Conditioning, ConditioningList

Prompt = Annotated[
    str,
    Text(
        multiline=True,
        dynamic_prompts=True,
        tooltip="(word:1.2) weighs a word, embedding:name inserts a textual inversion, {a|b} picks one by chance.",
    ),
]
EncoderFile = Annotated[str, File(kind="text_encoders", tooltip="A file in the text_encoders folder.")]
Device = Annotated[
    str,
    Choice(
        options=("default", "cpu"),
        advanced=True,
        optional=True,
        tooltip="cpu: leave the graphics card's memory to the diffusion model. Slower.",
    ),
]
Pixels = Annotated[int, Int(min=0, max=MAX_RESOLUTION, tooltip="In pixels, as the training pictures' sizes were.")]


def files_for_prompts(context: Context) -> dict[str, Any]:
    """What `Clip.encode` needs of the folders: where textual inversions are, and T5's tokenizer."""
    from models.text.t5_tokenizer import find_tokenizer

    folders = context.folders

    def find_embedding(name: str) -> Path | None:
        names = [name, *(name + end for end in (".safetensors", ".pt", ".bin", ".sft"))]
        try:
            found = next((path for n in names if (path := folders.find("embeddings", n))), None)
        except FileNameError:
            return None
        if found is not None:
            return found
        deeper = [n for n in folders.list("embeddings") if any(n.endswith(f"/{wanted}") for wanted in names)]
        return folders.find("embeddings", deeper[0]) if deeper else None

    def find_t5() -> Path | None:
        others = [root for kind in folders.kinds.values() for root in kind.roots]
        return find_tokenizer(folders.roots("text_encoders"), folders.roots("diffusers"), others)

    return {"find_embedding": find_embedding, "find_tokenizer": find_t5}


def _saying(conditioning: ConditioningList, **values: Any) -> ConditioningList:
    return [[states, {**options, **values}] for states, options in conditioning]


@node("CLIPLoader", category="advanced/loaders", title="Load CLIP", search_aliases=("text encoder",))
def load_clip(
    clip_name: EncoderFile,
    type: Annotated[
        str,
        Choice(
            options=(
                *("stable_diffusion", "stable_cascade", "sd3", "stable_audio", "mochi", "ltxv", "pixart", "cosmos"),
                *("lumina2", "wan", "hidream", "chroma", "ace", "omnigen2", "qwen_image", "hunyuan_image"),
            ),
            tooltip="Which family of models the prompts are for.",
        ),
    ],
    context: Context,
    device: Device = "default",
) -> Clip:
    """Load a text encoder from a file of its own."""
    path = context.folders.resolve("text_encoders", clip_name)
    return engine(context).load_clip([path], type, on_cpu=device == "cpu")


@node("DualCLIPLoader", category="advanced/loaders", search_aliases=("text encoder", "flux", "sdxl"))
def load_two_clips(
    clip_name1: EncoderFile,
    clip_name2: EncoderFile,
    type: Annotated[
        str,
        Choice(
            options=("sdxl", "sd3", "flux", "hunyuan_video", "hidream", "hunyuan_image"),
            tooltip="sdxl: CLIP-L and OpenCLIP-G. sd3: any two of these and T5. flux: CLIP-L and T5.",
        ),
    ],
    context: Context,
    device: Device = "default",
) -> Clip:
    """Load the two text encoders that a family uses together, in any order."""
    paths = [context.folders.resolve("text_encoders", name) for name in (clip_name1, clip_name2)]
    return engine(context).load_clip(paths, type, on_cpu=device == "cpu")


@node("TripleCLIPLoader", category="advanced/loaders", search_aliases=("text encoder", "sd3"))
def load_three_clips(
    clip_name1: EncoderFile, clip_name2: EncoderFile, clip_name3: EncoderFile, context: Context
) -> Clip:
    """Load Stable Diffusion 3's three text encoders: CLIP-L, OpenCLIP-G and T5, in any order."""
    paths = [context.folders.resolve("text_encoders", name) for name in (clip_name1, clip_name2, clip_name3)]
    return engine(context).load_clip(paths, "sd3")


@node(
    "CLIPTextEncode",
    category="conditioning",
    title="CLIP Text Encode (Prompt)",
    tooltips=("What the sampler steers towards, or away from.",),
    search_aliases=("prompt", "text", "positive", "negative"),
)
def encode_text(text: Prompt, clip: Clip, context: Context) -> Conditioning:
    """Turn a prompt into what guides a diffusion model."""
    return present(clip, "CLIP").encode(text, **files_for_prompts(context))


@node("CLIPSetLastLayer", category="conditioning", title="CLIP Set Last Layer", search_aliases=("clip skip",))
def set_last_layer(
    clip: Clip,
    stop_at_clip_layer: Annotated[int, Int(min=-24, max=-1, tooltip="-1 is the last layer, -2 the one before.")] = -1,
) -> Clip:
    """Take a prompt's meaning from an earlier layer of the text encoder, as some models were trained."""
    return present(clip, "CLIP").with_last_layer(stop_at_clip_layer)


@node("CLIPTextEncodeSDXL", category="advanced/conditioning", search_aliases=("prompt", "xl"))
def encode_text_for_sdxl(
    clip: Clip,
    *,
    width: Pixels = 1024,
    height: Pixels = 1024,
    crop_w: Pixels = 0,
    crop_h: Pixels = 0,
    target_width: Pixels = 1024,
    target_height: Pixels = 1024,
    text_g: Prompt,
    text_l: Prompt,
    context: Context,
) -> Conditioning:
    """A prompt for each of Stable Diffusion XL's encoders, and the size that the model is told.

    width, height: of the picture that it would have been trained on; crop: where that was cut; target: what was left.
    """
    parts = {"g": text_g, "l": text_l}
    conditioning = present(clip, "CLIP").encode_parts(parts, **files_for_prompts(context), rest=text_g)
    return _saying(
        conditioning,
        width=width,
        height=height,
        crop_w=crop_w,
        crop_h=crop_h,
        target_width=target_width,
        target_height=target_height,
    )


@node("CLIPTextEncodeSDXLRefiner", category="advanced/conditioning", search_aliases=("prompt", "xl"))
def encode_text_for_the_refiner(
    *,
    ascore: Annotated[float, Slider(min=0.0, max=1000.0, step=0.01, tooltip="How beautiful: about 2 to 7.")] = 6.0,
    width: Pixels = 1024,
    height: Pixels = 1024,
    text: Prompt,
    clip: Clip,
    context: Context,
) -> Conditioning:
    """A prompt for Stable Diffusion XL's refiner, with the size and the beauty that the model is told."""
    conditioning = present(clip, "CLIP").encode(text, **files_for_prompts(context))
    return _saying(conditioning, aesthetic_score=ascore, width=width, height=height)


@node("CLIPTextEncodeSD3", category="advanced/conditioning", search_aliases=("prompt",))
def encode_text_for_sd3(
    clip: Clip,
    clip_l: Prompt,
    clip_g: Prompt,
    t5xxl: Prompt,
    empty_padding: Annotated[
        str,
        Choice(
            options=("none", "empty_prompt"),
            tooltip="What an empty text stands for: none leaves its encoder out, empty_prompt encodes the emptiness.",
        ),
    ],
    context: Context,
) -> Conditioning:
    """A prompt for each of Stable Diffusion 3's text encoders."""
    parts = {"l": clip_l, "g": clip_g, "t5xxl": t5xxl}
    given = {name: text if text or empty_padding != "none" else None for name, text in parts.items()}
    return present(clip, "CLIP").encode_parts(given, **files_for_prompts(context))


@node("CLIPTextEncodeFlux", category="advanced/conditioning/flux", search_aliases=("prompt",))
def encode_text_for_flux(
    clip: Clip,
    clip_l: Prompt,
    t5xxl: Prompt,
    context: Context,
    guidance: Annotated[float, Slider(min=0.0, max=100.0, step=0.1, tooltip="How closely to follow the prompt.")] = 3.5,
) -> Conditioning:
    """A prompt for each of Flux's text encoders, and the guidance that the model was distilled with."""
    parts = {"l": clip_l, "t5xxl": t5xxl}
    return _saying(
        present(clip, "CLIP").encode_parts(parts, **files_for_prompts(context), rest=clip_l), guidance=guidance
    )


@node("CLIPTextEncodeControlnet", category="_for_testing/conditioning", experimental=True)
def encode_text_for_controlnet(clip: Clip, conditioning: Conditioning, text: Prompt, context: Context) -> Conditioning:
    """Give a ControlNet a prompt of its own, beside the one that the model follows."""
    (states, options), *_ = present(clip, "CLIP").encode(text, **files_for_prompts(context))
    return _saying(conditioning, cross_attn_controlnet=states, pooled_output_controlnet=options.get("pooled_output"))


@node("T5TokenizerOptions", category="_for_testing/conditioning", experimental=True)
def set_t5_options(
    clip: Clip,
    min_padding: Annotated[int, Int(min=0, max=10000, tooltip="Filling tokens after the prompt, at least.")] = 0,
    min_length: Annotated[int, Int(min=0, max=10000, tooltip="Tokens in all, at least; Flux is used to 256.")] = 0,
) -> Clip:
    """Set how far T5's prompts are filled up."""
    return present(clip, "CLIP").with_tokenizer_options(padding=min_padding, least=min_length)
