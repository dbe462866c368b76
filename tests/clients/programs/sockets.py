"""A program on `websocket-client` and urllib, in the three styles in which scripts for ComfyUI are written: post and
forget, wait for the end and read the history, and take pictures from the websocket."""

import json
import sys
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

import websocket

address, graph = sys.argv[1:]
host = address.removeprefix("http://")
client_id = str(uuid.uuid4())


def queue(prompt, **more):
    data = json.dumps({"prompt": prompt, **more}).encode()
    return json.loads(urllib.request.urlopen(urllib.request.Request(f"http://{host}/prompt", data=data)).read())


def wait(socket, prompt_id):
    """Until the job's `executing` without a node; gives binary messages of the node that ran when each came."""
    node, found = None, {}
    while True:
        message = socket.recv()
        if isinstance(message, str):
            data = json.loads(message)
            if data["type"] == "executing" and data["data"].get("prompt_id") == prompt_id:
                node = data["data"]["node"]
                if node is None:
                    return found
        else:
            found.setdefault(node, []).append(message)


prompt = json.loads(Path(graph).read_text())
prompt["5"]["inputs"]["seed"] = 23
posted = queue(prompt)

socket = websocket.WebSocket()
socket.connect(f"ws://{host}/ws?clientId={client_id}")
prompt["5"]["inputs"]["seed"] = 24
first = queue(prompt, client_id=client_id)["prompt_id"]
stray = wait(socket, first)
history = json.loads(urllib.request.urlopen(f"http://{host}/history/{first}").read())[first]
views = []
for node in history["outputs"].values():
    for image in node.get("images", []):
        query = urllib.parse.urlencode({name: image[name] for name in ("filename", "subfolder", "type")})
        views.append(urllib.request.urlopen(f"http://{host}/view?{query}").read().hex())

prompt["7"] = {"class_type": "SaveImageWebsocket", "inputs": {"images": ["6", 0]}}
prompt["4"]["inputs"]["batch_size"] = 3
streamed = wait(socket, queue(prompt, client_id=client_id)["prompt_id"])
socket.close()
told = {
    "posted": posted,
    "stray": {node: len(messages) for node, messages in stray.items()},
    "views": views,
    "heads": {node: [message[:8].hex() for message in messages] for node, messages in streamed.items()},
    "streamed": {node: [message[8:].hex() for message in messages] for node, messages in streamed.items()},
}
print(json.dumps(told))
