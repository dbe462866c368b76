"""Small networks that change a larger one."""

from __future__ import annotations

from graph.annotations import MAX_RESOLUTION
from nodes.later.declare import canvas, declare, file, integer, prompt, sockets, waiting_for

LATER = (
    *waiting_for(
        "GLIGEN",
        declare(
            "GLIGENLoader",
            "loaders",
            [file("gligen_name", "gligen")],
            "GLIGEN",
            "Load a GLIGEN model, which puts things into boxes.",
        ),
        declare(
            "GLIGENTextBoxApply",
            "conditioning/gligen",
            [
                *sockets("conditioning_to: CONDITIONING, clip: CLIP, gligen_textbox_model: GLIGEN"),
                prompt("text"),
                *canvas(64, 64, low=8, step=8),
                integer("x", 0, 0, MAX_RESOLUTION, 8),
                integer("y", 0, 0, MAX_RESOLUTION, 8),
            ],
            "CONDITIONING",
            "Let a text hold inside a box, by GLIGEN.",
        ),
    ),
    *waiting_for(
        "PhotoMaker",
        declare(
            "PhotoMakerLoader",
            "_for_testing/photomaker",
            [file("photomaker_model_name", "photomaker")],
            "PHOTOMAKER",
            "Load a PhotoMaker model, which keeps a person's face.",
            experimental=True,
        ),
        declare(
            "PhotoMakerEncode",
            "_for_testing/photomaker",
            [*sockets("photomaker: PHOTOMAKER, image: IMAGE, clip: CLIP"), prompt("text", "photograph of photomaker")],
            "CONDITIONING",
            "Encode a prompt about the person on the pictures.",
            experimental=True,
        ),
    ),
    *waiting_for(
        "model patches",
        declare(
            "ModelPatchLoader",
            "advanced/loaders",
            [file("name", "model_patches")],
            "MODEL_PATCH",
            "Load a model patch: a network that runs beside another's blocks.",
            experimental=True,
        ),
        declare(
            "USOStyleReference",
            "advanced/model_patches/flux",
            sockets("model: MODEL, model_patch: MODEL_PATCH, clip_vision_output: CLIP_VISION_OUTPUT"),
            "MODEL",
            "Give Flux the style of a picture, by USO.",
            experimental=True,
        ),
    ),
)
