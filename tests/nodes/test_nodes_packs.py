"""Packs: classes adapted, failures kept apart and told with file and line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from graph.context import Context
from graph.errors import DeclarationError
from graph.node import Blocked, Expansion, Results
from graph.packs import PackOnDisk
from graph.registry import Registry
from graph.spec import NodeSpec
from nodes.adapter import adapt, read_result
from nodes.compat import finder
from nodes.packs.load import load_packs
from nodes.packs.report import PackReport

EXAMPLE = Path(__file__).resolve().parents[2] / "custom_nodes"


class AnyType(str):
    """As packs write "anything": a string that differs from nothing."""

    __slots__ = ()

    def __ne__(self, other: object) -> bool:
        return False


class Takes(dict[str, Any]):
    """As packs write "any input": a dict that has every name."""

    def __contains__(self, key: object) -> bool:
        return True


class Full:
    CATEGORY = "tests"
    DESCRIPTION = "All that a class can say."
    RETURN_TYPES = ("INT", AnyType("*"), ["a", "b"])
    RETURN_NAMES = ("number",)
    OUTPUT_IS_LIST = (False, True)
    OUTPUT_TOOLTIPS = ("the number",)
    OUTPUT_NODE = True
    FUNCTION = "go"
    NOT_IDEMPOTENT = True
    DEPRECATED = True

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        return {
            "required": {
                "image": ("IMAGE",),
                "mode": (["a", "b"], {"default": "b"}),
                "size": ("COMBO", {"options": [1, 2], "default": 2}),
                "seed": ("INT", {"default": 0, "min": 0, "max": 2**64 - 1, "check": print, "never": float("nan")}),
            },
            "optional": Takes({"anything": (AnyType("*"), {"lazy": True})}),
            "hidden": {"me": "UNIQUE_ID", "graph": "PROMPT", "info": ("EXTRA_PNGINFO",)},
        }

    @classmethod
    def IS_CHANGED(cls, **values: Any) -> Any:  # noqa: N802
        return sorted(values), values["me"]

    @classmethod
    def VALIDATE_INPUTS(cls, seed: int, mode: str) -> bool | str:  # noqa: N802
        return seed < 10 or f"{seed} is too much for {mode}"

    def check_lazy_status(self, **values: Any) -> list[str]:
        return [name for name, value in values.items() if value is None]

    def go(self, **values: Any) -> tuple[Any, ...]:
        self.calls = getattr(self, "calls", 0) + 1
        return self.calls, [values["image"]], values["mode"]


def node_class(**members: Any) -> type:
    """The smallest class that is a node, with some members exchanged."""
    base = {
        "INPUT_TYPES": classmethod(lambda cls: {"required": {"x": ("INT", {})}}),
        "RETURN_TYPES": ("INT",),
        "FUNCTION": "run",
        "run": lambda self, x: (x,),
    }
    return type("Small", (), {**base, **members})


def test_what_a_class_declares() -> None:
    spec = adapt("Full", Full, "The full one", module="custom_nodes.p", version="7").spec
    info = spec.object_info(None)
    assert info["input_order"]["required"] == ["image", "mode", "size", "seed"]
    required = info["input"]["required"]
    assert required["mode"] == [["a", "b"], {"default": "b"}]
    assert required["size"] == ["COMBO", {"options": [1, 2], "default": 2}]
    assert required["seed"] == ["INT", {"default": 0, "min": 0, "max": 2**64 - 1}], "functions and NaN are no JSON"
    assert info["input"]["optional"] == {"anything": ["*", {"lazy": True}]}
    assert info["input"]["hidden"] == {"me": "UNIQUE_ID", "graph": "PROMPT", "info": "EXTRA_PNGINFO"}
    assert info["output"] == ["INT", "*", ["a", "b"]]
    assert info["output_name"] == ["number", "*", "COMBO"]
    assert info["output_is_list"] == [False, True, False]
    assert info["output_tooltips"] == ["the number", "", ""]
    assert (info["display_name"], info["python_module"], info["deprecated"]) == ("The full one", "custom_nodes.p", True)
    assert spec.is_output
    assert spec.open_inputs
    assert spec.not_idempotent
    assert spec.has_is_changed
    assert spec.validates == ("seed", "mode")
    assert NodeSpec.from_json(spec.to_json()) == spec, "it must cross the link unchanged"


def test_an_object_is_kept_for_each_node() -> None:
    kept: dict[Any, Any] = {}
    first, second = (Context(node_id=id, instances=kept) for id in ("1", "2"))
    type_ = adapt("Full", Full)
    values = {"image": 1, "mode": "a", "size": 1, "seed": 0}
    counts = [type_.call(context, values).values[0] for context in (first, first, second)]  # type: ignore[union-attr]
    assert counts == [1, 2, 1]


def test_the_questions_that_a_class_answers() -> None:
    type_, context = adapt("Full", Full), Context(node_id="5")
    assert type_.is_changed is not None
    assert type_.check_lazy is not None
    assert type_.validate_inputs is not None
    names, me = cast("tuple[list[str], str]", type_.is_changed(context, {"image": None, "seed": 1}))
    assert (names, me) == (["graph", "image", "info", "me", "seed"], "5")
    assert type_.check_lazy(context, {"anything": None, "seed": 1}) == ["anything"]
    assert type_.validate_inputs({"seed": 1, "mode": "a"}) is True
    assert type_.validate_inputs({"seed": 11, "mode": "a"}) == "11 is too much for a"


def test_async_functions_are_awaited() -> None:
    async def run(self: Any, x: int) -> tuple[int]:
        await asyncio.sleep(0)
        return (x + 1,)

    type_ = adapt("A", node_class(run=run))
    assert type_.spec.is_async
    assert asyncio.run(type_.call(Context(), {"x": 1})) == Results((2,))  # type: ignore[arg-type]


class ExecutionBlocker:
    """As packs know it; told by its name."""

    def __init__(self, message: str | None) -> None:
        self.message = message


@pytest.mark.parametrize(
    ("result", "count", "expected"),
    [
        ((1, 2), 2, Results((1, 2))),
        ([1, 2], 2, Results((1, 2))),
        ((1, 2, 3), 2, Results((1, 2))),
        ((1,), 2, Results((1,))),
        (None, 0, Results()),
        ("saved", 0, Results()),
        ({"ui": {"text": ("a", "b")}}, 0, Results((), {"text": ["a", "b"]})),
        ({"ui": {"images": []}, "result": (1,)}, 1, Results((1,), {"images": []})),
        ({"result": (["7", 0],), "expand": {"7": {}}}, 1, Expansion((["7", 0],), {"7": {}})),
        (ExecutionBlocker("no"), 2, Blocked("no")),
        ((1, ExecutionBlocker(None)), 2, Results((1, Blocked(None)))),
        ({"result": ExecutionBlocker("no"), "ui": {}}, 2, Results((Blocked("no"), Blocked("no")))),
    ],
)
def test_what_a_function_may_return(result: Any, count: int, expected: object) -> None:
    assert read_result(result, count) == expected


@pytest.mark.parametrize(
    ("result", "count", "sentence"), [(5, 1, "comma"), ("ab", 2, "2 values, not str"), (None, 1, "NoneType")]
)
def test_what_it_may_not_return(result: Any, count: int, sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        read_result(result, count)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"INPUT_TYPES": None}, "no INPUT_TYPES"),
        ({"INPUT_TYPES": classmethod(lambda cls: ["x"])}, "must return a dict, not list"),
        ({"INPUT_TYPES": classmethod(lambda cls: {"required": {"x": "INT"}})}, r"A\.x must be declared as"),
        ({"FUNCTION": "absent"}, "no method 'absent', which its FUNCTION is"),
        ({"RETURN_TYPES": "INT"}, "with the comma"),
    ],
)
def test_contradictions_are_told(members: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DeclarationError, match=sentence):
        adapt("A", node_class(**members))


# Loading

GOOD = """
class N:
    INPUT_TYPES = classmethod(lambda cls: {"required": {}})
    RETURN_TYPES = ()
    FUNCTION = "run"
    def run(self): return ()
NODE_CLASS_MAPPINGS = {"%s": N}
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., tuple[dict[str, PackReport], Registry]]:
    def run(files: dict[str, str], **options: Any) -> tuple[dict[str, PackReport], Registry]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        registry = Registry()
        reports = load_packs([tmp_path], registry, **{"trust_all": True, **options})
        return {report.name: report for report in reports}, registry

    return run


def test_one_bad_pack_stops_no_other(load: Callable[..., Any]) -> None:
    reports, registry = load(
        {
            "a_syntax/__init__.py": "def f(:\n",
            "b_raises/__init__.py": "from .deep import x\n",
            "b_raises/deep.py": "\n\nraise RuntimeError('no luck')\n",
            "c_exits.py": "import sys\nsys.exit(3)\n",
            "d_needs.py": "import a_package_that_is_not_there\n",
            "e_good/__init__.py": GOOD % "E",
        }
    )
    assert [reports[n].state for n in sorted(reports)] == ["failed"] * 4 + ["loaded"]
    assert list(registry) == ["E"]
    syntax, raised, exited, needs = (reports[n].problems[0] for n in ("a_syntax", "b_raises", "c_exits", "d_needs"))
    assert (Path(syntax.file or "").name, syntax.line) == ("__init__.py", 1)
    assert (Path(raised.file or "").name, raised.line) == ("deep.py", 3)
    assert "no luck" in raised.sentence
    assert "b_raises/deep.py, line 3" in raised.sentence
    assert "RuntimeError" in raised.trace
    assert exited.line == 2
    assert "Install" in needs.sentence
    assert not [name for name in sys.modules if "b_raises" in name]


def test_one_bad_class_stops_no_other(load: Callable[..., Any]) -> None:
    bad = (
        GOOD % "Good"
    ) + "class B: pass\nNODE_CLASS_MAPPINGS['Bad'] = B\nNODE_DISPLAY_NAME_MAPPINGS = {'Good': 'G'}\n"
    reports, registry = load({"p/__init__.py": bad})
    assert reports["p"].state == "partly"
    assert reports["p"].node_types == ["Good"]
    assert "Bad" in reports["p"].problems[0].sentence
    assert registry["Good"].spec.title == "G"
    assert registry["Good"].spec.module == "custom_nodes.p"


def test_of_two_nodes_of_one_name_both_stay_and_both_packs_say_so(load: Callable[..., Any]) -> None:
    reports, registry = load({"a.py": GOOD % "N", "b.py": GOOD % "N"})
    assert registry["N"].spec.module == "custom_nodes.a"
    assert registry["b/N"].spec.module == "custom_nodes.b"
    assert reports["a"].notes == ["The pack b has a node type N too: that one is b/N."]
    assert reports["b"].notes == ["The pack a has a node type N too: the one of this pack is b/N."]
    assert [reports[name].state for name in "ab"] == ["loaded", "loaded"]


def test_what_is_not_trusted_is_listed_and_does_not_run(load: Callable[..., Any], tmp_path: Path) -> None:
    touch = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    reports, registry = load({"p/__init__.py": touch, "q.py": GOOD % "Q"}, trust_all=False, approved=["q.py"])
    assert reports["p"].state == "untrusted"
    assert not (tmp_path / "ran").exists()
    assert list(registry) == ["Q"]


def test_what_is_no_pack_is_passed_over(load: Callable[..., Any]) -> None:
    reports, _ = load(
        {
            "off.disabled/__init__.py": "1/0",
            "__pycache__/x.py": "1/0",
            ".git/__init__.py": "1/0",
            "notes.txt": "",
            "folder/README.md": "",
            "empty/__init__.py": "",
        }
    )
    assert {name: report.state for name, report in reports.items()} == {"empty": "empty"}
    assert load_packs([Path("no such folder")], Registry()) == []


def test_scripts_for_the_page_must_lie_in_the_pack(load: Callable[..., Any], tmp_path: Path) -> None:
    files = {
        f"{name}/__init__.py": f"WEB_DIRECTORY = {web!r}" for name, web in (("a", "./js"), ("b", ".."), ("c", "no"))
    }
    reports, _ = load({**files, "a/js/x.js": ""})
    assert reports["a"].webs == {"a": str(tmp_path / "a" / "js")}
    assert reports["b"].webs == {}
    assert reports["c"].webs == {}


def test_an_edited_pack_has_another_hash(tmp_path: Path) -> None:
    pack = PackOnDisk(tmp_path)
    (tmp_path / "a.py").write_text("1")
    before = pack.code_hash()
    (tmp_path / "notes.txt").write_text("1")
    assert pack.code_hash() == before
    for name in ("a.py", "web/a.JS", "requirements.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("2")
        assert pack.code_hash() != before
        before = pack.code_hash()


def test_the_example_pack_is_trusted_and_works() -> None:
    registry = Registry()
    [report] = load_packs([EXAMPLE], registry)
    assert (report.state, report.problems) == ("loaded", [])
    picture = torch.full((1, 5, 5, 3), 0.5)
    context = Context(node_id="1")
    darker = registry["ExampleVignette"].call(context, {"image": picture, "strength": 0.5, "context": context})
    corner, middle = darker.values[0][0, 0, 0, 0], darker.values[0][0, 2, 2, 0]  # type: ignore[union-attr]
    assert (corner, middle) == (0.25, 0.5)
    color = registry["ExampleMeanColor"].call(context, {"image": picture, "upper_case": False})
    assert color == Results(("#808080",))
    assert registry["ExampleVignette"].spec.module == "custom_nodes.easel_example"


def test_the_page_on_writing_a_node_tells_what_works(tmp_path: Path) -> None:
    page = (EXAMPLE.parent / "docs" / "writing-a-node.md").read_text("utf-8")
    blocks = [part.split("```")[0] for part in page.split("```python\n")[1:]]
    (tmp_path / "custom_nodes" / "page").mkdir(parents=True)
    (tmp_path / "custom_nodes" / "page" / "__init__.py").write_text("\n".join(blocks))
    registry = Registry()
    finder.install([tmp_path / "custom_nodes"])
    try:
        [report] = load_packs([tmp_path / "custom_nodes"], registry, trust_all=True)
    finally:
        finder.uninstall()
    assert (report.state, report.problems) == ("loaded", [])
    assert len(report.node_types) == page.count("\n@node(")
    glow = registry["SoftGlow"].call(Context(), {"image": torch.ones(1, 5, 5, 3), "strength": 1.0})
    assert glow.values[0].max() == 0  # type: ignore[union-attr]
    assert registry["SoftGlow"].spec.object_info(None)["display_name"] == "Soft Glow"
