"""Families of picture models whose networks come later."""

from __future__ import annotations

from graph.annotations import MAX_RESOLUTION
from nodes.later.declare import (
    BATCH,
    canvas,
    choice,
    declare,
    file,
    integer,
    prompt,
    real,
    sockets,
    toggle,
    waiting_for,
)

LATER = (
    *waiting_for(
        "the Stable Cascade models",
        declare(
            "StableCascade_EmptyLatentImage",
            "latent/stable_cascade",
            [*canvas(1024, 1024, low=256, step=8), integer("compression", 42, 4, 128), BATCH],
            "stage_c: LATENT, stage_b: LATENT",
            "Empty latents for both stages of Stable Cascade.",
        ),
        declare(
            "StableCascade_StageB_Conditioning",
            "conditioning/stable_cascade",
            sockets("conditioning: CONDITIONING, stage_c: LATENT"),
            "CONDITIONING",
            "Give stage B of Stable Cascade the latents of stage C.",
        ),
        declare(
            "StableCascade_StageC_VAEEncode",
            "latent/stable_cascade",
            [*sockets("image: IMAGE, vae: VAE"), integer("compression", 42, 4, 128)],
            "stage_c: LATENT, stage_b: LATENT",
            "Turn pictures into latents for both stages of Stable Cascade.",
        ),
        declare(
            "StableCascade_SuperResolutionControlnet",
            "_for_testing/stable_cascade",
            sockets("image: IMAGE, vae: VAE"),
            "controlnet_input: IMAGE, stage_c: LATENT, stage_b: LATENT",
            "Prepare a picture for Stable Cascade's super-resolution ControlNet.",
            experimental=True,
        ),
        declare(
            "ModelSamplingStableCascade",
            "advanced/model",
            [*sockets("model: MODEL"), real("shift", 2.0, 0.0, 100.0, 0.01)],
            "MODEL",
            "Shift the noise levels of a Stable Cascade model.",
        ),
    ),
    *waiting_for(
        "the HiDream models",
        declare(
            "CLIPTextEncodeHiDream",
            "advanced/conditioning",
            [*sockets("clip: CLIP"), prompt("clip_l"), prompt("clip_g"), prompt("t5xxl"), prompt("llama")],
            "CONDITIONING",
            "Encode a prompt for HiDream, for each of its four text encoders.",
        ),
        declare(
            "QuadrupleCLIPLoader",
            "advanced/loaders",
            [
                file("clip_name1", "text_encoders"),
                file("clip_name2", "text_encoders"),
                file("clip_name3", "text_encoders"),
                file("clip_name4", "text_encoders"),
            ],
            "CLIP",
            "Load HiDream's four text encoders from separate files.",
        ),
    ),
    *waiting_for(
        "the Hunyuan image models",
        declare(
            "CLIPTextEncodeHunyuanDiT",
            "advanced/conditioning",
            [*sockets("clip: CLIP"), prompt("bert"), prompt("mt5xl")],
            "CONDITIONING",
            "Encode a prompt for Hunyuan DiT, for both of its text encoders.",
        ),
        declare(
            "HunyuanRefinerLatent",
            "sd",
            [
                *sockets("positive: CONDITIONING, negative: CONDITIONING, latent: LATENT"),
                real("noise_augmentation", 0.1, 0.0, 1.0, 0.01),
            ],
            "positive: CONDITIONING, negative: CONDITIONING, latent: LATENT",
            "Conditioning and latents for Hunyuan Image's refiner.",
        ),
    ),
    *waiting_for(
        "the Lumina 2 models",
        declare(
            "CLIPTextEncodeLumina2",
            "conditioning",
            [choice("system_prompt", "superior", "alignment"), prompt("user_prompt"), *sockets("clip: CLIP")],
            "CONDITIONING",
            "Encode a prompt for Lumina 2, after one of its two openings.",
            title="CLIP Text Encode for Lumina2",
        ),
    ),
    *waiting_for(
        "the PixArt models",
        declare(
            "CLIPTextEncodePixArtAlpha",
            "advanced/conditioning",
            [
                integer("width", 1024, 0, MAX_RESOLUTION),
                integer("height", 1024, 0, MAX_RESOLUTION),
                prompt("text"),
                *sockets("clip: CLIP"),
            ],
            "CONDITIONING",
            "Encode a prompt with the size of the picture, for PixArt Alpha.",
        ),
    ),
    *waiting_for(
        "the Qwen image models",
        declare(
            "TextEncodeQwenImageEdit",
            "advanced/conditioning",
            [*sockets("clip: CLIP"), prompt("prompt"), *sockets("vae?: VAE, image?: IMAGE")],
            "CONDITIONING",
            "Encode an instruction together with the picture to edit, for Qwen Image Edit.",
        ),
        declare(
            "TextEncodeQwenImageEditPlus",
            "advanced/conditioning",
            [
                *sockets("clip: CLIP"),
                prompt("prompt"),
                *sockets("vae?: VAE, image1?: IMAGE, image2?: IMAGE, image3?: IMAGE"),
            ],
            "CONDITIONING",
            "Encode an instruction together with up to three pictures, for Qwen Image Edit 2509.",
        ),
        declare(
            "QwenImageDiffsynthControlnet",
            "advanced/loaders/qwen",
            [
                *sockets("model: MODEL, model_patch: MODEL_PATCH, vae: VAE, image: IMAGE"),
                real("strength", 1.0, -10.0, 10.0, 0.01),
                *sockets("mask?: MASK"),
            ],
            "MODEL",
            "Guide a Qwen image model by a picture, with a patch of DiffSynth's kind.",
            experimental=True,
        ),
    ),
    *waiting_for(
        "the Chroma Radiance models",
        declare(
            "ChromaRadianceOptions",
            "model_patches/chroma_radiance",
            [
                *sockets("model: MODEL"),
                toggle("preserve_wrapper", True),
                real("start_sigma", 1.0, 0.0, 1.0),
                real("end_sigma", 0.0, 0.0, 1.0),
                integer("nerf_tile_size", -1, -1),
            ],
            "MODEL",
            "Change how Chroma Radiance paints, between two noise levels.",
        ),
    ),
    *waiting_for(
        "the Lotus models",
        declare(
            "LotusConditioning",
            "conditioning/lotus",
            [],
            "conditioning: CONDITIONING",
            "The fixed conditioning of Lotus, which finds depth and normals.",
        ),
    ),
)
