"""`comfy-api-simplified`, as its readme has it: a graph from a file, inputs and results by the titles of nodes."""

import json
import sys

from comfy_api_simplified import ComfyApiWrapper, ComfyWorkflowWrapper

address, graph, picture = sys.argv[1:]
api = ComfyApiWrapper(address)
workflow = ComfyWorkflowWrapper(graph)
workflow.set_node_param("Sampler", "seed", 21)
workflow.set_node_param("Prompt", "text", "a pear")
images = api.queue_and_wait_images(workflow, "Save")
again = api.queue_and_wait_images(workflow, "Save")
sent = api.upload_image(picture)
prompt_id = api.queue_prompt(workflow)["prompt_id"]
try:
    workflow.set_node_param("Sampler", "steps", -1)
    api.queue_prompt(workflow)
    refused = ""
except Exception as error:
    refused = str(error)
api.interrupt()
told = {
    "images": {name: data.hex() for name, data in images.items()},
    "again": {name: data.hex() for name, data in again.items()},
    "sent": sent,
    "known": len(api.get_object_info()),
    "queue": sorted(api.get_queue()),
    "history": list(api.get_history(prompt_id)),
    "stats": sorted(api.get_system_stats()),
    "embeddings": api.get_embeddings(),
    "refused": refused,
}
print(json.dumps(told))
