"""Habits of much used packs: each shown by a small pack of our own, loaded and run as theirs are."""

from __future__ import annotations

import importlib
import logging
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from easel_testing.run import Bench, Ran
from graph.folders import Folders, standard_folders
from graph.job import Job
from graph.node import node
from graph.packs import PackOnDisk
from graph.parse import parse
from graph.registry import Registry
from nodes.compat import finder, host
from nodes.packs.load import Loader, ToLoad
from nodes.packs.report import PackReport

LISTS = list[str]


@dataclass
class Place:
    """A base directory with packs in it."""

    base: Path
    folders: Folders
    registry: Registry

    def load(self, text: str, name: str = "habit", **files: str) -> PackReport:
        folder = self.base / "custom_nodes" / name
        for path, content in {"__init__.py": text, **files}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content)
        pack = PackOnDisk(folder)
        return Loader(self.registry, [self.base / "web"]).load(ToLoad(name, pack, pack.code_hash()))

    def run(self, graph: dict[str, Any]) -> Ran:
        return Bench(self.registry, self.folders).graph(graph)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    (tmp_path / "system").mkdir()  # or all of it would be within the system's folder for temporary files, which is free
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "system"))
    own = {name: tmp_path / name for name in ("input", "output", "temp")}
    for folder in (*own.values(), tmp_path / "custom_nodes"):
        folder.mkdir()
    folders = standard_folders([tmp_path / "models"], input=own["input"], output=own["output"], temp=own["temp"])
    registry = Registry(told.type)
    host.install(host.Host(folders, registry, {"base": str(tmp_path), "user": str(tmp_path / "user")}))
    finder.install([tmp_path / "custom_nodes"])
    path, before = list(sys.path), set(sys.modules)
    TOLD.clear()
    yield Place(tmp_path, folders, registry)
    finder.uninstall()
    host.install(None)
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if str(tmp_path) in name:
            del sys.modules[name]


TOLD: LISTS = []


@node("Told")
def told(text: str) -> str:
    """Says that it ran."""
    TOLD.append(text)
    return text


ANY = """
class Any(str):
    def __ne__(self, other): return False
any = Any("*")
"""

SWITCH = (
    ANY
    + """
import inspect

class All:
    def __contains__(self, name): return True
    def __getitem__(self, name): return any, {"lazy": True}

class Switch:
    @classmethod
    def INPUT_TYPES(cls):
        row = {"input1": (any, {"lazy": True})}
        if inspect.stack()[2].function == "get_input_info":
            row = All()
        return {"required": {"select": ("INT", {"default": 1})}, "optional": row}
    RETURN_TYPES = (any,)
    FUNCTION = "go"
    def check_lazy_status(self, select, **rest): return [f"input{select}"]
    def go(self, select, **rest): return (rest[f"input{select}"],)
NODE_CLASS_MAPPINGS = {"Switch": Switch}
"""
)


def test_of_a_row_that_grows_only_the_chosen_input_is_computed(place: Place) -> None:
    assert not place.load(SWITCH).problems
    ran = place.run(
        {
            "1": {"class_type": "Told", "inputs": {"text": "one"}},
            "2": {"class_type": "Told", "inputs": {"text": "two"}},
            "3": {"class_type": "Told", "inputs": {"text": "three"}},
            "4": {
                "class_type": "Switch",
                "inputs": {"select": 2, "input1": ["1", 0], "input2": ["2", 0], "input3": ["3", 0]},
            },
        }
    )
    assert ran.value("4") == "two"
    assert TOLD == ["two"]


MORE = (
    ANY
    + """
class Answers(tuple):
    def __getitem__(self, index): return super().__getitem__(min(index, 0))

class Deal:
    @classmethod
    def INPUT_TYPES(cls): return {"required": {"to": ("INT", {"default": 1, "min": 1}), "text": ("STRING", {})}}
    RETURN_TYPES = Answers((any,))
    FUNCTION = "go"
    def go(self, to, text):
        if text == "held":
            from comfy_execution.graph import ExecutionBlocker
            return ExecutionBlocker(None)
        return [None] * (to - 1) + [text]
NODE_CLASS_MAPPINGS = {"Deal": Deal}
"""
)


def dealt(text: str) -> dict[str, Any]:
    return {
        "1": {"class_type": "Deal", "inputs": {"to": 3, "text": text}},
        "2": {"class_type": "Told", "inputs": {"text": ["1", 2]}},
    }


def test_outputs_that_the_page_has_made_are_those_that_the_function_gives(place: Place) -> None:
    assert not place.load(MORE).problems
    assert place.registry["Deal"].spec.to_json()["open_outputs"]
    assert place.run(dealt("third")).value("2") == "third"
    place.run(dealt("held"))
    assert TOLD == ["third"], "a node that was held back holds back what reads an output of the page's"


FORMATS = """
class Whatever(dict):
    def __contains__(self, name): return True
    def __getitem__(self, name): return super().get(name, (None, {}))

class Combine:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"format": (["gif", "mp4"],)}, "hidden": Whatever({"unique_id": "UNIQUE_ID"})}
    RETURN_TYPES = ("STRING",)
    FUNCTION = "go"
    def go(self, format, unique_id, **rest): return (f"{format} {unique_id} {rest}",)
NODE_CLASS_MAPPINGS = {"Combine": Combine}
"""


def test_widgets_that_a_choice_brings_on_the_page_reach_the_function(place: Place) -> None:
    assert not place.load(FORMATS).problems
    graph = {"5": {"class_type": "Combine", "inputs": {"format": "mp4", "crf": 19}}}
    assert place.run(graph).value("5") == "mp4 5 {'crf': 19}"


EITHER = """
class Either(str):
    def __new__(cls, name, others):
        made = super().__new__(cls, name)
        made.others = others
        return made
    def __ne__(self, other): return other not in self.others

class Takes:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"images": (Either("IMAGE", ["IMAGE", "LATENT"]),),
                             "rate": (Either("FLOAT", ["FLOAT", "INT"]), {"default": 8})}}
    RETURN_TYPES = (Either("IMAGE", ["IMAGE", "LATENT"]),)
    FUNCTION = "go"
    def go(self, images, rate): return (images,)
NODE_CLASS_MAPPINGS = {"Takes": Takes}
"""


def test_a_type_that_stands_for_several(place: Place) -> None:
    assert not place.load(EITHER).problems
    spec = place.registry["Takes"].spec
    assert [item.type for item in (*spec.inputs, *spec.outputs)] == ["IMAGE,LATENT", "FLOAT", "IMAGE,LATENT"]


SHORT = """
class Short:
    @classmethod
    def INPUT_TYPES(cls): return {"required": {}}
    RETURN_TYPES = ("FLOAT", "INT")
    FUNCTION = "go"
    def go(self): return (0.5,)

class Done:
    @classmethod
    def INPUT_TYPES(cls): return {"required": {"value": ("FLOAT", {})}}
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "go"
    def go(self, value): return "done"
NODE_CLASS_MAPPINGS = {"Short": Short, "Done": Done}
"""


def test_a_function_that_gives_fewer_values_than_its_class_says_serves_those(place: Place) -> None:
    assert not place.load(SHORT).problems
    ran = place.run(
        {"1": {"class_type": "Short", "inputs": {}}, "2": {"class_type": "Done", "inputs": {"value": ["1", 0]}}}
    )
    assert ran.executed == ["1", "2"]
    assert "Short of the pack habit gave 1 of its 2 outputs: what reads INT gets nothing." in ran.warnings


COPIES = """
import folder_paths, inspect, os, shutil
from server import PromptServer

HERE = os.path.dirname(os.path.realpath(__file__))
beside = os.path.join(os.path.dirname(folder_paths.__file__), "web", "extensions", "Habit")
os.makedirs(beside, exist_ok=True)
shutil.copy(os.path.join(HERE, "js", "habit.js"), beside)

linked = os.path.join(os.path.dirname(inspect.getfile(PromptServer)), "web", "extensions", "habit-linked")
os.symlink(os.path.join(HERE, "js"), linked)
assert os.path.isfile(os.path.join(linked, "habit.js"))
os.unlink(linked)
with open(os.path.join(HERE, "settings.ini"), "w") as file:
    file.write("seen")
NODE_CLASS_MAPPINGS = {}
"""


def test_scripts_are_copied_or_linked_to_where_comfyui_had_them(place: Place) -> None:
    report = place.load(COPIES, **{"js/habit.js": "export {}\n"})
    assert not report.problems
    assert (place.base / "web" / "extensions" / "Habit" / "habit.js").is_file()


OUTSIDE = """
import os
os.unlink(os.path.join(os.path.dirname(__file__), "old-link"))
"""


def test_a_link_in_a_packs_folder_is_its_own_wherever_it_leads(place: Place) -> None:
    elsewhere = place.base / "elsewhere.txt"
    elsewhere.write_text("kept")
    folder = place.base / "custom_nodes" / "habit"
    folder.mkdir()
    (folder / "old-link").symlink_to(elsewhere)
    assert not place.load(OUTSIDE).problems
    assert elsewhere.read_text() == "kept"


GLOB = """
import glob, importlib.util, os, sys

NODE_CLASS_MAPPINGS = {}
py = os.path.join(os.path.dirname(__file__), "py")
for file in glob.glob("*.py", root_dir=py):
    name = os.path.splitext(file)[0]
    spec = importlib.util.spec_from_file_location(name, os.path.join(py, file))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    NODE_CLASS_MAPPINGS.update(getattr(module, "NODE_CLASS_MAPPINGS", {}))
"""
ONE = """
class {name}:
    @classmethod
    def INPUT_TYPES(cls): return {{"required": {{}}}}
    RETURN_TYPES = ("STRING",)
    FUNCTION = "go"
    def go(self):
        import models
        return (models.WHO,)
NODE_CLASS_MAPPINGS = {{"{name}": {name}}}
"""


def test_files_that_a_pack_loads_under_plain_names_stay_its_own(place: Place) -> None:
    for name in ("First", "Second"):
        files = {"py/models.py": f"WHO = '{name}'\n", "py/one.py": ONE.format(name=name)}
        assert not place.load(GLOB, name, **files).problems
    import models

    assert not hasattr(models, "WHO")
    for name in ("First", "Second"):
        assert place.run({"1": {"class_type": name, "inputs": {}}}).value("1") == name


HIDDEN = """
class Batches:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}, "hidden": {"prompt": "PROMPT", "me": "UNIQUE_ID", "version": "1.2.0", "size": "STRING"}}
    RETURN_TYPES = ("STRING",)
    FUNCTION = "go"
    @classmethod
    def IS_CHANGED(cls, prompt, me): return "as ever"
    def go(self, prompt, me, size="as it is"):
        return (f"{prompt[me]['inputs'].get('again', 0)} {size}",)
NODE_CLASS_MAPPINGS = {"Batches": Batches}
"""


def test_of_the_hidden_inputs_those_are_given_that_there_are(place: Place) -> None:
    assert not place.load(HIDDEN).problems
    bench = Bench(place.registry, place.folders)
    for inputs, expected in (({}, "0 as it is"), ({"size": "512"}, "0 512"), ({"again": 1}, "1 as it is")):
        assert bench.graph({"1": {"class_type": "Batches", "inputs": inputs}}).value("1") == expected
    again = bench.graph({"1": {"class_type": "Batches", "inputs": {"again": 1}}})
    assert again.executed == [], "a pack that queues a prompt again writes into it what is new, and nothing else is"


def test_a_pack_tells_runs_apart_by_their_numbers(place: Place) -> None:
    server: Any = importlib.import_module("server")  # ComfyUI's, as packs get it
    queue, seen = server.PromptServer.instance.prompt_queue, list[tuple[int, str]]()
    for name in ("a", "a", "b"):
        host.host().job = Job(prompt_id=name, graph=parse({}), targets=())
        [(number, prompt_id, *_)] = queue.currently_running.values()
        seen.append((number, prompt_id))
    assert seen[0] == seen[1] != seen[2]
    assert [prompt_id for _, prompt_id in seen] == ["a", "a", "b"]


def test_nodes_that_a_pack_puts_into_comfyuis_own_mappings(place: Place) -> None:
    text = """
        import nodes
        class Put:
            CATEGORY, FUNCTION, RETURN_TYPES = "t", "go", ("STRING",)
            @classmethod
            def INPUT_TYPES(cls): return {"required": {}}
            def go(self): return ("put",)
        nodes.NODE_CLASS_MAPPINGS["PutThere"] = Put
        nodes.NODE_DISPLAY_NAME_MAPPINGS.update({"PutThere": "Put There"})
    """
    report = place.load(dedent(text), "puts")
    assert (report.node_types, report.problems) == (["PutThere"], [])
    spec = place.registry["PutThere"].spec
    assert (spec.title, spec.module) == ("Put There", "custom_nodes.puts")
    assert place.load("", "after").node_types == []


LEAKS = """
from comfy.samplers import math, model_management
import comfy.model_management, comfy.sd, nodes
assert math.gcd(4, 6) == 2
assert model_management is comfy.model_management
assert comfy.sd.comfy is comfy
assert nodes.np.int64
assert not hasattr(comfy.sd, "nothing_of_the_kind")

from server import PromptServer

async def guard(request, handler):
    return await handler(request)

PromptServer.instance.app.middlewares.append(guard)
PromptServer.instance.on_prompt_handlers.append(lambda asked: {**asked, "seen": True})
NODE_CLASS_MAPPINGS = {}
"""


def test_what_packs_take_from_where_comfyui_merely_imports_it(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    told: list[dict[str, Any]] = []
    host.host().tell = told.append
    assert not place.load(LEAKS).problems
    server: Any = importlib.import_module("server")
    assert server.PromptServer.instance.trigger_on_prompt({"prompt": {}}) == {"prompt": {}, "seen": True}
    assert told == [{"type": "prompt_handlers", "count": 1}], "the server has to know that it is to ask"
    with caplog.at_level(logging.WARNING):
        importlib.import_module("nodes.compat.routes").ROUTES._collect()
    assert "pack habit adds what is to see every request to the server (guard)" in caplog.text


BY_MAIN = """
import importlib, os, folder_paths, __main__

asked = importlib.import_module("__main__")
assert asked is __main__ and os.path.basename(__main__.__file__) == "main.py"
scripts = os.path.join(os.path.dirname(os.path.realpath(__main__.__file__)), "web", "extensions", "ByMain")
os.makedirs(scripts, exist_ok=True)
open(os.path.join(scripts, "by_main.js"), "w").close()

folder_paths.filename_list_cache.clear()
folder_paths.cache_helper.clear()
with folder_paths.cache_helper:
    assert folder_paths.get_filename_list("loras") == []
NODE_CLASS_MAPPINGS = {}
"""


def test_comfyuis_folder_is_found_by_its_main_module(place: Place) -> None:
    main = sys.modules["__main__"]
    assert not place.load(BY_MAIN).problems
    assert (place.base / "web" / "extensions" / "ByMain" / "by_main.js").is_file()
    assert sys.modules["__main__"] is main


MONITOR = """
import os, threading

HERE = os.path.dirname(__file__)
go, done = threading.Event(), threading.Event()
said = []

def watch():
    go.wait(20)
    try:
        open(os.path.join(HERE, "monitor.log"), "w").close()
    except OSError as error:
        said.append(error)
    done.set()

first = threading.Thread(target=lambda: threading.Thread(target=watch).start())
first.start()
first.join()
NODE_CLASS_MAPPINGS = {}
"""


def test_a_thread_that_a_pack_leaves_behind_is_not_the_next_packs(place: Place) -> None:
    assert not place.load(MONITOR, "left_behind").problems
    wakes = """
        import sys
        monitor = next(module for name, module in sys.modules.items() if name.endswith("left_behind"))
        monitor.go.set()
        assert monitor.done.wait(20) and not monitor.said, monitor.said
        NODE_CLASS_MAPPINGS = {}
    """
    report = place.load(dedent(wakes), "after")
    assert (report.problems, report.notes) == ([], [])
    assert (place.base / "custom_nodes" / "left_behind" / "monitor.log").is_file()
