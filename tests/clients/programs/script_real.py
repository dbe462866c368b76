"""`comfy-script`'s real mode: nodes as functions that run at once, in this process, with no server."""

import io
import json
import sys

from comfy_script.runtime.real import ComfyUIArgs, Workflow, load

folder, base = sys.argv[1:]
load(folder, ComfyUIArgs("--base-directory", base, "--cpu"))
from comfy_script.runtime.real.nodes import *  # noqa: E402, F403

with Workflow():
    model, clip, vae = CheckpointLoaderSimple("easel-emoji.safetensors")  # noqa: F405
    positive, negative = CLIPTextEncode("a red apple", clip), CLIPTextEncode("", clip)  # noqa: F405
    latent = EmptyLatentImage(64, 64, 1)  # noqa: F405
    latent = KSampler(model, 26, 2, 4.0, "euler", "normal", positive, negative, latent, 1)  # noqa: F405
    image = VAEDecode(latent, vae)  # noqa: F405
    saved = SaveImage(image, "real")  # noqa: F405

from PIL import Image  # noqa: E402

buffer = io.BytesIO()
pixels = (image[0].numpy() * 255).astype("uint8")
Image.fromarray(pixels).save(buffer, "PNG")
print(json.dumps({"image": buffer.getvalue().hex(), "saved": saved["ui"]["images"]}))
