"""Habits of packs with files: they copy and link scripts, load their own from anywhere, and write beside themselves."""

from __future__ import annotations

import sys
from textwrap import dedent

from tests.nodes.habits import Place, place

__all__ = ["place"]


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
