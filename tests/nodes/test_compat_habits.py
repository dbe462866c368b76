"""Habits of much used packs in what nodes take and give: each shown by a small pack of our own, run as theirs are."""

from __future__ import annotations

from typing import Any

from easel_testing.run import Bench
from tests.nodes.habits import ANY, TOLD, Place, place

__all__ = ["place"]


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
