"""What Krita's plugin for AI images asks for when it connects, and what comes after the nodes of `nodes/krita.py`.

A pack that brings one of these takes its place.
"""

from __future__ import annotations

from graph.annotations import MAX_RESOLUTION
from nodes.later.declare import choice, declare, file, integer, real, sockets, text, waiting_for

BLURS = ("gaussian", "linear")
DEPTH_ANYTHING = tuple(f"depth_anything_v2_vit{size}.pth" for size in "glbs")

LATER = (
    *waiting_for(
        "ControlNet preprocessors",
        declare(
            "InpaintPreprocessor",
            "ControlNet Preprocessors/others",
            sockets("image: IMAGE, mask: MASK"),
            "IMAGE",
            "Mark what is to be drawn anew, as ControlNets for inpainting read it.",
            title="Inpaint Preprocessor",
        ),
        declare(
            "DepthAnythingV2Preprocessor",
            "ControlNet Preprocessors/Normal and Depth Estimators",
            [
                *sockets("image: IMAGE"),
                choice("ckpt_name", *DEPTH_ANYTHING, default="depth_anything_v2_vitl.pth", optional=True),
                integer("resolution", 512, 64, MAX_RESOLUTION, 64, optional=True),
            ],
            "IMAGE",
            "Estimate how far away everything in a picture is.",
            title="Depth Anything V2 - Relative",
        ),
    ),
    *waiting_for(
        "IP-Adapter",
        declare(
            "IPAdapterModelLoader",
            "ipadapter/loaders",
            [file("ipadapter_file", "ipadapter")],
            "IPADAPTER",
            "Load an IP-Adapter, which lets a picture be followed as a prompt is.",
            title="IPAdapter Model Loader",
        ),
        declare(
            "IPAdapter",
            "ipadapter",
            [
                *sockets("model: MODEL, ipadapter: IPADAPTER, image: IMAGE"),
                real("weight", 1.0, -1.0, 3.0, 0.05),
                real("start_at", 0.0, 0.0, 1.0, 0.001),
                real("end_at", 1.0, 0.0, 1.0, 0.001),
                choice("weight_type", "standard", "prompt is more important", "style transfer"),
                *sockets("attn_mask?: MASK"),
            ],
            "MODEL",
            "Have a model follow a picture.",
        ),
    ),
    *waiting_for(
        "translation",
        declare(
            "ETN_Translate",
            "external_tooling",
            [text("text", multiline=True)],
            "STRING",
            "Translate a prompt into English.",
            title="Translate Text",
        ),
    ),
    *waiting_for(
        "the inpaint models",
        declare(
            "INPAINT_LoadFooocusInpaint",
            "inpaint",
            [file("head", "inpaint"), file("patch", "inpaint")],
            "INPAINT_PATCH",
            "Load Fooocus' patch, which lets SDXL models fill what is missing.",
            title="Load Fooocus Inpaint",
        ),
        declare(
            "INPAINT_LoadInpaintModel",
            "inpaint",
            [file("model_name", "inpaint")],
            "INPAINT_MODEL",
            "Load a small network that fills what is missing, such as LaMa or MAT.",
            title="Load Inpaint Model",
        ),
        declare(
            "INPAINT_ShrinkMask",
            "inpaint",
            [
                *sockets("mask: MASK"),
                integer("shrink", 16, 0, 8096, 1),
                integer("blur", 7, 0, 8096, 1),
                choice("blur_type", *BLURS, default="gaussian"),
            ],
            "mask: MASK",
            "Make a mask smaller, with a soft border.",
            title="Shrink Mask",
        ),
        declare(
            "INPAINT_StabilizeMask",
            "inpaint",
            [*sockets("mask: MASK"), real("epsilon", 0.01, 0.0, 1.0, 0.0001)],
            "mask: MASK",
            "Make what is nearly white in a mask quite white.",
            title="Stabilize Mask",
        ),
        declare(
            "INPAINT_ColorMatch",
            "inpaint",
            [
                *sockets("target: IMAGE, reference: IMAGE, exclude_mask?: MASK"),
                real("strength", 1.0, 0.0, 1.0, 0.01, optional=True),
            ],
            "image: IMAGE",
            "Give a picture the colours of another.",
            title="Color Match",
        ),
    ),
)
