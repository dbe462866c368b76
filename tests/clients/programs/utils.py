"""`comfyui-utils`, as its end-to-end example has it: callbacks while a graph runs, then the picture's file."""

import asyncio
import json
import sys
from pathlib import Path

from comfyui_utils import comfy

address = sys.argv[1]
GRAPH = Path(sys.argv[2]).read_text()
told = {"position": [], "progress": [], "completed": [], "data": ""}


class Callbacks(comfy.Callbacks):
    async def queue_position(self, position):
        told["position"].append(position)

    async def in_progress(self, node_id, progress, total):
        told["progress"].append([node_id, progress, total])

    async def completed(self, outputs, cached):
        told["completed"].append([outputs, cached])


async def main():
    api = comfy.ComfyAPI(address.removeprefix("http://"))
    prompt = json.loads(GRAPH)
    prompt["5"]["inputs"]["seed"] = 22
    await api.submit(prompt, Callbacks())

    async def keep(data):
        told["data"] = data.read().hex()

    await api.fetch(told["completed"][0][0]["images"][0], keep)
    await api.submit(prompt, Callbacks())
    prompt["5"]["inputs"]["steps"] = -1
    try:
        await api.submit(prompt, Callbacks())
    except ValueError as error:
        told["refused"] = str(error)


asyncio.run(main())
print(json.dumps(told))
