"""Training LoRAs."""

from __future__ import annotations

from graph.spec import FileChoice, InputSpec
from nodes.later.declare import choice, declare, integer, real, sockets, text, toggle, waiting_for

LATER = (
    *waiting_for(
        "training",
        declare(
            "LoadImageSetFromFolderNode",
            "loaders",
            [
                InputSpec(name="folder", type="COMBO"),
                choice("resize_method", "None", "Stretch", "Crop", "Pad", default="None", optional=True),
            ],
            "IMAGE",
            "Load all pictures of a folder, to train on.",
            title="Load Image Dataset from Folder",
            experimental=True,
        ),
        declare(
            "LoadImageTextSetFromFolderNode",
            "loaders",
            [
                InputSpec(name="folder", type="COMBO"),
                *sockets("clip: CLIP"),
                choice("resize_method", "None", "Stretch", "Crop", "Pad", default="None", optional=True),
                integer("width", -1, -1, 10000, optional=True),
                integer("height", -1, -1, 10000, optional=True),
            ],
            "IMAGE, CONDITIONING",
            "Load all pictures of a folder with the texts beside them, to train on.",
            title="Load Image and Text Dataset from Folder",
            experimental=True,
        ),
        declare(
            "TrainLoraNode",
            "training",
            [
                *sockets("model: MODEL, latents: LATENT, positive: CONDITIONING"),
                integer("batch_size", 1, 1, 10000),
                integer("grad_accumulation_steps", 1, 1, 1024),
                integer("steps", 16, 1, 100000),
                real("learning_rate", 0.0005, 1e-07, 1.0, 1e-06),
                integer("rank", 8, 1, 128),
                choice("optimizer", "AdamW", "Adam", "SGD", "RMSprop", default="AdamW"),
                choice("loss_function", "MSE", "L1", "Huber", "SmoothL1", default="MSE"),
                integer("seed", 0, 0, 2**64 - 1),
                choice("training_dtype", "bf16", "fp32", default="bf16"),
                choice("lora_dtype", "bf16", "fp32", default="bf16"),
                choice("algorithm", "LoRA", "LoHa", "LoKr", "OFT", default="LoRA"),
                toggle("gradient_checkpointing", True),
                InputSpec(
                    name="existing_lora",
                    type="COMBO",
                    options={"default": "[None]"},
                    files=FileChoice(kind="loras", extra=("[None]",)),
                ),
            ],
            "model_with_lora: MODEL, lora: LORA_MODEL, loss: LOSS_MAP, steps: INT",
            "Train a LoRA on latents and their prompts.",
            title="Train LoRA",
            experimental=True,
        ),
        declare(
            "LoraModelLoader",
            "loaders",
            [*sockets("model: MODEL, lora: LORA_MODEL"), real("strength_model", 1.0, -100.0, 100.0, 0.01)],
            "MODEL",
            "Patch a model with a LoRA that was just trained.",
            title="Load LoRA Model",
            experimental=True,
        ),
        declare(
            "SaveLoRANode",
            "loaders",
            [
                *sockets("lora: LORA_MODEL"),
                text("prefix", "loras/ComfyUI_trained_lora"),
                InputSpec(name="steps", type="INT", optional=True, options={"forceInput": True}),
            ],
            "",
            "Save a LoRA that was just trained.",
            title="Save LoRA Weights",
            output=True,
            experimental=True,
        ),
        declare(
            "LossGraphNode",
            "training",
            [InputSpec(name="loss", type="LOSS_MAP", options={"default": {}}), text("filename_prefix", "loss_graph")],
            "",
            "Plot how the loss fell in training.",
            title="Plot Loss Graph",
            output=True,
            experimental=True,
        ),
    ),
)
