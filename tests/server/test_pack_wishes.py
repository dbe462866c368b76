"""What packs of ComfyUI's want of the server: to see prompts, to queue some, kinds of files of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.harness import Server, running, until

PACK = """
import os
import folder_paths
from comfy.comfy_types import IO
from server import PromptServer

server = PromptServer.instance
place = os.path.join(folder_paths.models_dir, "moods")
os.makedirs(place, exist_ok=True)
folder_paths.folder_names_and_paths["moods"] = ([place], {".mood"})
folder_paths.folder_names_and_paths["output"] = ([os.path.dirname(__file__)], set())

def seen(body):
    if "please" in body:
        body["prompt"]["1"]["inputs"]["text"] = body["please"]
    if "fail" in body:
        raise ValueError("this handler fails")
    return body

server.add_on_prompt_handler(seen)

class Mood:
    @classmethod
    def INPUT_TYPES(cls):
        own = sorted(os.listdir(place))
        return {"required": {
            "mood": (["none"] + folder_paths.get_filename_list("moods"),),
            "own": (own or ["nothing"],),
            "text": ("STRING", {"default": ""}),
        }}
    RETURN_TYPES = ()
    FUNCTION = "go"
    OUTPUT_NODE = True
    def go(self, mood, own, text):
        return {"ui": {"text": [mood, own, text, folder_paths.get_full_path("moods", mood) or ""]}}

class Again:
    INPUT_TYPES = classmethod(lambda cls: {
        "required": {"times": ("INT", {"default": 1})}, "hidden": {"prompt": "PROMPT"}
    })
    RETURN_TYPES = ()
    FUNCTION = "go"
    OUTPUT_NODE = True
    def go(self, times, prompt):
        (number, id, graph, extra, outputs, *_), = server.prompt_queue.currently_running.values()
        if times > 1:
            graph["1"]["inputs"]["times"] = times - 1
            server.prompt_queue.put((-1, f"{id}-again", graph, extra, outputs, {}))
        return {"ui": {"left": [times], "client": [server.client_id, extra["client_id"]]}}

class Gives:
    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    RETURN_TYPES = (IO.ANY,)
    FUNCTION = "go"
    def go(self):
        from nodes import interrupt_processing
        interrupt_processing()
        return (1,)

class End:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"x": (IO.ANY,)}})
    RETURN_TYPES = ()
    FUNCTION = "go"
    OUTPUT_NODE = True
    def go(self, x):
        return {"ui": {"x": ["ran"]}}

NODE_CLASS_MAPPINGS = {"Mood": Mood, "Again": Again, "Gives": Gives, "End": End}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    base = tmp_path_factory.mktemp("base")
    pack = base / "custom_nodes" / "moody" / "__init__.py"
    pack.parent.mkdir(parents=True)
    pack.write_text(PACK)
    with running(base, "--trust-packs") as server:
        server.wait_until_ready()
        yield server


def mood(**inputs: str) -> dict[str, object]:
    return {"1": {"class_type": "Mood", "inputs": {"mood": "none", "own": "nothing", "text": "", **inputs}}}


def test_a_handler_sees_prompts_before_they_are_checked(server: Server) -> None:
    prompt_id = server.prompt(mood(text="asked"), please="changed")
    assert server.result(prompt_id)["outputs"]["1"]["text"][2] == "changed"


def test_a_handler_that_fails_holds_no_prompt_up(server: Server) -> None:
    prompt_id = server.prompt(mood(text="asked"), fail=True)
    assert server.result(prompt_id)["outputs"]["1"]["text"][2] == "asked"
    until(lambda: "a pack's prompt handler failed" in (server.base / "server.log").read_text(), server=server)


def test_files_of_a_kind_that_a_pack_added_are_offered_as_soon_as_they_are_there(server: Server) -> None:
    def offered(name: str) -> list[str]:
        return server.get("/object_info/Mood").json()["Mood"]["input"]["required"][name][0]

    assert offered("mood") == ["none"]
    assert offered("own") == ["nothing"]
    path = server.base / "models" / "moods" / "sad.mood"
    path.write_bytes(b"")
    assert offered("mood") == ["none", "sad.mood"]
    # The pack lists its folder by itself, so it is asked: at the latest when a value is refused for it.
    prompt_id = server.prompt(mood(mood="sad.mood", own="sad.mood"))
    assert server.result(prompt_id)["outputs"]["1"]["text"] == ["sad.mood", "sad.mood", "", str(path)]
    path.unlink()
    until(lambda: offered("own") == ["nothing"], server=server)
    reply = server.post("/prompt", {"prompt": mood(mood="sad.mood")})
    assert reply.status == 400
    assert reply.json()["node_errors"]["1"]["errors"][0]["type"] == "value_not_in_list"


def test_no_pack_says_where_the_persons_own_files_lie(server: Server) -> None:
    assert server.get("/view?filename=__init__.py&type=output").status == 404


def test_a_node_queues_its_prompt_again_for_its_client(server: Server) -> None:
    prompt = {"1": {"class_type": "Again", "inputs": {"times": 3}}}
    prompt_id = server.prompt(prompt, client_id="somebody")
    last = server.result(f"{prompt_id}-again-again")
    assert last["outputs"]["1"] == {"left": [1], "client": ["somebody", "somebody"]}


def test_a_node_may_end_its_job(server: Server) -> None:
    prompt = {"1": {"class_type": "Gives", "inputs": {}}, "2": {"class_type": "End", "inputs": {"x": ["1", 0]}}}
    entry = server.result(server.prompt(prompt))
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"
    assert entry["outputs"] == {}
