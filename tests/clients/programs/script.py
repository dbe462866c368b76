"""`comfy-script` with a server: nodes as functions, the graph queued when the workflow ends."""

import io
import json
import sys

from comfy_script.runtime import Workflow, client, load

address = sys.argv[1]
load(address)
from comfy_script.runtime.nodes import *  # noqa: E402, F403

with Workflow():
    model, clip, vae = CheckpointLoaderSimple(Checkpoints.easel_emoji)  # noqa: F405
    positive, negative = CLIPTextEncode("a red apple", clip), CLIPTextEncode("", clip)  # noqa: F405
    latent = EmptyLatentImage(64, 64, 1)  # noqa: F405
    latent = KSampler(model, 25, 2, 4.0, Samplers.euler, Schedulers.normal, positive, negative, latent, 1)  # noqa: F405
    image = VAEDecode(latent, vae)  # noqa: F405
    saved = SaveImage(image, "script")  # noqa: F405

kept = []
for picture in saved.wait().wait():
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    kept.append(buffer.getvalue().hex())
print(json.dumps({"images": kept, "known": len(client.get_nodes_info())}))
