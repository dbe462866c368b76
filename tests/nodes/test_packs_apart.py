"""Packs in a process of their own: what passes between it and the worker, and what becomes of one that fails."""

from __future__ import annotations

import math
import os
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graph.context import Context
from graph.errors import Cancelled
from graph.events import Event, Progress, Text
from graph.folders import standard_folders
from graph.node import Expansion, NodeType, Results
from graph.packs import PackOnDisk
from nodes.packs.apart import process as process_module
from nodes.packs.apart.process import PackProcess, PackProcessError, python_here
from nodes.packs.apart.values import CannotPass, Courier

PACK = '''
    import os, sys, time, asyncio, torch
    from typing import Annotated, Any
    from graph.context import Context
    from graph.node import Blocked, Expansion, Int, Results, Socket, node
    from nodes.values import Image

    COUNTS = {}

    @node("ApartDouble", category="tests")
    def double(image: Image, times: Annotated[int, Int(min=1, max=9)] = 2) -> Image:
        """Twice as bright."""
        return image * times

    @node("ApartSteps", category="tests", outputs=("pid",))
    def steps(context: Context, count: Annotated[int, Int(min=0, max=100000)] = 3) -> Annotated[int, Socket("INT")]:
        for done in range(count):
            context.progress(done + 1, count)
            time.sleep(0.01)
        context.text("done")
        return os.getpid()

    @node("ApartFails", category="tests", output=True)
    def fails(how: str = "raise") -> Results:
        if how == "die":
            os._exit(7)
        if how == "exit":
            sys.exit(3)
        if how == "object":
            return Results(ui={"x": [object()]})
        raise ValueError("no colour like that")

    @node("ApartAsync", category="tests", outputs=("text",))
    async def slow(text: str = "a") -> Annotated[str, Socket("STRING")]:
        await asyncio.sleep(0.01)
        return text + "!"

    class Odd:
        CATEGORY, FUNCTION, RETURN_TYPES = "tests", "go", ("LATENT", "STRING")
        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"mode": ("STRING", {"lazy": False})}, "optional": {"late": ("IMAGE", {"lazy": True})}}
        @classmethod
        def IS_CHANGED(cls, mode, late=None): return mode * 2
        @classmethod
        def VALIDATE_INPUTS(cls, mode): return True if mode != "bad" else "that mode is bad"
        def check_lazy_status(self, mode, late=None): return ["late"] if mode == "late" else []
        def go(self, mode, late=None):
            self.count = getattr(self, "count", 0) + 1
            if mode == "expand":
                return {"result": (["a", 0], "x"), "expand": {"a": {"class_type": "ApartDouble", "inputs": {}}}}
            return ({"samples": torch.zeros(1, 4, 2, 2), "seen": (1, 2.5, float("inf"))}, str(self.count))

    class WantsModel:
        CATEGORY, FUNCTION, RETURN_TYPES = "tests", "go", ()
        @classmethod
        def INPUT_TYPES(cls): return {"required": {"model": ("MODEL",)}}
        def go(self, model): return ()

    NODE_CLASS_MAPPINGS = {"ApartOdd": Odd, "ApartWantsModel": WantsModel}
'''


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PackProcess, dict[str, NodeType], Any]]:
    home = tmp_path_factory.mktemp("apart")
    pack = home / "custom_nodes" / "apart_pack"
    pack.mkdir(parents=True)
    (pack / "__init__.py").write_text(textwrap.dedent(PACK), "utf-8")
    folders = standard_folders([home / "models"], input=home / "input", output=home / "output", temp=home / "temp")
    process = PackProcess("apart_pack", python_here(), config(pack, folders.to_json()))
    types, report = process.start()
    yield process, {type.spec.class_type: type for type in types}, report
    process.close()


def config(pack: Path, folders: Any) -> dict[str, Any]:
    return {
        "name": pack.name,
        "pack": str(pack),
        "hash": PackOnDisk(pack).code_hash(),
        "kept": None,
        "folders": folders,
    }


def call(type: NodeType, context: Context | None = None, **values: Any) -> Any:
    return type.call(context or Context(node_id="5", class_type=type.spec.class_type), values)


def test_nodes_are_described_and_those_with_handles_are_refused_by_name(apart: Any):
    _, types, report = apart
    assert sorted(types) == ["ApartAsync", "ApartDouble", "ApartFails", "ApartOdd", "ApartSteps"]
    sentences = [problem["sentence"] for problem in report["problems"]]
    assert len(sentences) == 1
    assert "ApartWantsModel has MODEL sockets" in sentences[0]


def test_tensors_and_numbers_pass_and_nothing_is_left_in_shared_memory(apart: Any):
    process, types, _ = apart
    image = torch.rand(2, 3, 4, 3)
    result = call(types["ApartDouble"], image=image, times=3)
    assert isinstance(result, Results)
    assert torch.equal(result.values[0], image * 3)
    latent, count = call(types["ApartOdd"], mode="plain").values
    assert latent["samples"].shape == (1, 4, 2, 2)
    assert latent["seen"] == (1, 2.5, math.inf)
    assert (count, call(types["ApartOdd"], mode="plain").values[1]) == ("1", "2")  # its object is kept for the node
    assert list(process._courier.folder.iterdir()) == []


def test_it_runs_elsewhere_and_tells_how_far_it_is(apart: Any):
    _, types, _ = apart
    told: list[Event] = []
    result = call(types["ApartSteps"], Context(node_id="7", emit=told.append), count=3)
    assert result.values[0] != os.getpid()
    assert [(e.value, e.max, e.node) for e in told if isinstance(e, Progress)] == [
        (1, 3, "7"),
        (2, 3, "7"),
        (3, 3, "7"),
    ]
    assert [e.text for e in told if isinstance(e, Text)] == ["done"]


def test_what_a_class_can_say_of_itself_is_asked_there(apart: Any):
    _, types, _ = apart
    odd = types["ApartOdd"]
    context = Context(node_id="1")
    assert odd.is_changed is not None
    assert odd.is_changed(context, {"mode": "ab"}) == "abab"
    assert odd.check_lazy is not None
    assert odd.check_lazy(context, {"mode": "late", "late": None}) == ["late"]
    assert odd.validate_inputs is not None
    assert odd.validate_inputs({"mode": "bad"}) == "that mode is bad"
    expansion = call(odd, mode="expand")
    assert isinstance(expansion, Expansion)
    assert expansion.graph == {"a": {"class_type": "ApartDouble", "inputs": {}}}
    assert call(types["ApartAsync"], text="b").values == ("b!",)
    assert types["ApartDouble"].check_lazy is None


def test_an_exception_is_told_with_its_trace(apart: Any):
    _, types, _ = apart
    with pytest.raises(PackProcessError, match="ValueError: no colour like that") as caught:
        call(types["ApartFails"], how="raise")
    assert "apart_pack" in caught.value.__notes__[0]
    with pytest.raises(PackProcessError, match="SystemExit"):
        call(types["ApartFails"], how="exit")


def test_a_process_that_dies_is_told_and_started_anew(apart: Any):
    _, types, _ = apart
    with pytest.raises(PackProcessError, match="ended with status 7"):
        call(types["ApartFails"], how="die")
    assert torch.equal(
        call(types["ApartDouble"], image=torch.ones(1, 1, 1, 3)).values[0], torch.full((1, 1, 1, 3), 2.0)
    )


def test_what_cannot_pass_is_said(apart: Any):
    _, types, _ = apart
    with pytest.raises(CannotPass, match="its input image is a object"):
        call(types["ApartDouble"], image=object())
    with pytest.raises(CannotPass, match="object"):
        call(types["ApartFails"], how="object")


def test_a_run_that_is_stopped_stops_there_too(apart: Any):
    process, types, _ = apart
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    with pytest.raises(Cancelled):
        call(types["ApartSteps"], Context(cancelled=stop.is_set), count=100_000)
    pid = process._process.pid
    assert call(types["ApartSteps"], count=0).values[0] == pid  # politely: the process lives on


def test_a_node_that_does_not_stop_loses_its_process(apart: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    pack = tmp_path / "stuck_pack"
    pack.mkdir()
    source = """
        import time
        from graph.node import Results, node

        @node("ApartStuck", category="tests", output=True)
        def stuck() -> Results:
            time.sleep(600)
            return Results()
    """
    (pack / "__init__.py").write_text(textwrap.dedent(source), "utf-8")
    monkeypatch.setattr(process_module, "CANCEL_PATIENCE", 0.3)
    process = PackProcess("stuck_pack", python_here(), config(pack, apart[0]._config["folders"]))
    types, _ = process.start()
    started = process._process
    assert started is not None
    with pytest.raises(Cancelled):
        call(types[0], Context(cancelled=lambda: True))
    assert started.poll() is not None


def test_it_ends_with_the_worker(apart: Any):
    process, types, _ = apart
    call(types["ApartSteps"], count=0)
    started = process._process
    process._socket.close()
    deadline = time.monotonic() + 10
    while started.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started.poll() is not None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5).filter(lambda name: not name.startswith("$")), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_json_comes_back_as_it_was(value: Any):
    courier = Courier(Path("nowhere"))
    assert courier.unpack(courier.pack(value)) == value


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool, torch.uint8])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3, 4)])
def test_tensors_come_back_to_the_bit(dtype: torch.dtype, shape: tuple[int, ...]):
    courier = Courier.make()
    try:
        tensor = (torch.rand(shape) * 9).to(dtype)
        found = courier.unpack(courier.pack({"x": [tensor]}))["x"][0]
        assert found.dtype == dtype
        assert torch.equal(found, tensor)
    finally:
        courier.close()


def test_where_memory_is_too_small_a_disk_carries_them(monkeypatch: pytest.MonkeyPatch):
    from nodes.packs.apart import values

    courier = Courier.make()
    reserve = values._reserve

    def small(path: Path, size: int) -> None:
        if path.parent == courier.folder:
            raise OSError(28, "No space left on device")
        reserve(path, size)

    monkeypatch.setattr(values, "_reserve", small)
    packed = courier.pack(torch.ones(3))
    assert Path(packed["$tensor"]["file"]).parent != courier.folder
    assert torch.equal(courier.unpack(packed), torch.ones(3))
    assert not Path(packed["$tensor"]["file"]).exists()
    courier.close()
