"""Every name that much used packs take from ComfyUI can be imported; those that they use at once have real values."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from graph.context import RUNNING, Context
from graph.folders import standard_folders
from nodes.compat import finder, host
from nodes.compat.stand_in import NotSupported, is_stand_in

HERE = Path(__file__).parent
TABLE: dict[str, Any] = json.loads((HERE / "compat_names.json").read_text())
LEFT_OPEN = frozenset(
    {"nodes.EXTENSION_WEB_DIRS", "folder_paths.folder_names_and_paths", "server.PromptServer.instance.app.frozen"}
)
"""Values that may be empty or false."""


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for packs, in a process that has a host."""
    from nodes.library import core_registry

    base = tmp_path_factory.mktemp("base")
    folder = base / "custom_nodes"
    folder.mkdir()
    own = {name: base / name for name in ("input", "output", "temp")}
    for path in own.values():
        path.mkdir()
    folders = standard_folders([base / "models"], **own, custom_nodes=[folder])
    host.install(host.Host(folders, core_registry(), {"device": "cpu", "base": str(base), "user": str(base / "user")}))
    finder.install([folder])
    yield folder
    finder.uninstall()
    host.install(None)


def run_in_pack(folder: Path, code: str) -> dict[str, Any]:
    """The names that a pack's module has after this code."""
    file = folder / "pack" / "__init__.py"
    names: dict[str, Any] = {"__file__": str(file), "__name__": "a pack"}
    exec(compile(code, str(file), "exec"), names)
    return names


@pytest.mark.parametrize("module", TABLE["names"])
def test_every_name_can_be_imported(packs: Path, module: str) -> None:
    names = TABLE["names"][module]
    lines = [f"from {module} import {name} as x_{i}" for i, name in enumerate(names)]
    found = run_in_pack(packs, "\n".join([f"import {module}", *lines]))
    for i in range(len(names)):
        value = found[f"x_{i}"]
        assert value is not None
        if is_stand_in(value):
            with pytest.raises(NotSupported, match="Easel does not have"):
                value()


@pytest.mark.parametrize("name", TABLE["values"])
def test_what_packs_use_while_they_are_imported_is_real(packs: Path, name: str) -> None:
    parts = name.split(".")
    owner = next(".".join(parts[:i]) for i in (3, 2, 1) if ".".join(parts[:i]) in TABLE["names"] or i == 1)
    path = name[len(owner) :]
    value = run_in_pack(packs, f"import {owner} as m\nvalue = m{path}\n")["value"]
    assert not is_stand_in(value)
    assert value is not None
    assert value or name in LEFT_OPEN or hasattr(value, "add_route") or hasattr(value, "post")


@pytest.mark.parametrize("name", TABLE["absent"])
def test_what_packs_do_without_is_absent(packs: Path, name: str) -> None:
    module, _, short = name.rpartition(".")
    with pytest.raises(ImportError):
        run_in_pack(packs, f"from {module} import {short}\n")


@pytest.mark.parametrize("name", TABLE["subclassed"])
def test_what_packs_inherit_from_is_a_class(packs: Path, name: str) -> None:
    module, _, short = name.rpartition(".")
    base = {"comfy.ops.manual_cast": ".Linear", "comfy.ops.disable_weight_init": ".Linear"}.get(name, "")
    code = f"from {module} import {short}\nclass Own({short}{base}):\n    pass\nnot_one = isinstance(1, Own)\n"
    found = run_in_pack(packs, code)
    assert inspect.isclass(found["Own"])
    assert found["not_one"] is False


def test_a_class_of_ours_answers_for_what_only_comfyuis_has(packs: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Some packs wrap a method while they are imported, whether they use it later or not."""
    found = run_in_pack(
        packs,
        "import functools\nfrom comfy.model_patcher import ModelPatcher\n"
        "def wrap(f):\n    return functools.wraps(f)(lambda *args: f(*args))\n"
        "asked = hasattr(ModelPatcher, 'calculate_weight')\n"
        "ModelPatcher.calculate_weight = wrap(ModelPatcher.calculate_weight)\n"
        "class Own(ModelPatcher):\n    pass\nOwn.more = 1\n",
    )
    assert found["asked"] is False
    assert caplog.text.count("changes nothing here") == 1
    with pytest.raises(NotSupported, match=r"comfy\.model_patcher\.ModelPatcher\.calculate_weight"):
        found["ModelPatcher"].calculate_weight()
    del found["ModelPatcher"].calculate_weight


def test_folder_paths_is_live(packs: Path) -> None:
    found = run_in_pack(
        packs,
        "import os, folder_paths as f\n"
        "place = os.path.join(f.models_dir, 'mine')\n"
        "os.makedirs(place)\n"
        "for name in ('a.bin', 'b.txt'): open(os.path.join(place, name), 'w').close()\n"
        "f.folder_names_and_paths['mine'] = ([place], {'.bin'})\n"
        "first = f.get_filename_list('mine')\n"
        "f.folder_names_and_paths['mine'][1].add('.txt')\n"
        "second = f.get_filename_list('mine')\n"
        "f.add_model_folder_path('mine', f.get_temp_directory(), is_default=True)\n"
        "paths = f.get_folder_paths('mine')\n"
        "full = f.get_full_path('mine', 'a.bin'), f.get_full_path('mine', '../x'), f.get_full_path('none', 'x')\n"
        "old = f.get_folder_paths('unet') == f.get_folder_paths('diffusion_models')\n"
        "listed = 'checkpoints' in f.folder_names_and_paths\n",
    )
    assert (found["first"], found["second"]) == (["a.bin"], ["a.bin", "b.txt"])
    assert found["paths"] == [str(packs.parent / "temp"), found["place"]]
    assert found["full"] == (str(Path(found["place"], "a.bin")), None, None)
    assert found["old"]
    assert found["listed"]
    assert "mine" in host.host().folders.kinds


def test_files_are_saved_under_free_numbers_and_never_outside(packs: Path) -> None:
    paths = importlib.import_module("folder_paths")
    output = packs.parent / "output"
    (output / "a").mkdir(exist_ok=True)
    (output / "a" / "cat_00007_.png").touch()
    found = paths.get_save_image_path("a/cat", str(output), 8, 4)
    assert found == (str(output / "a"), "cat", 8, "a", "a/cat")
    assert paths.get_save_image_path("%width%x%height%", str(output), 8, 4)[1] == "8x4"
    with pytest.raises(Exception, match="leave its folder"):
        paths.get_save_image_path("../cat", str(output))
    with pytest.raises(Exception, match="leave its folder"):
        paths.get_annotated_filepath("../../etc/passwd")
    assert paths.get_annotated_filepath("b.png [output]") == str(output / "b.png")


def test_progress_reaches_the_node_that_runs_and_can_end_it(packs: Path) -> None:
    found = run_in_pack(packs, "import comfy.utils\nfrom comfy.model_management import InterruptProcessingException\n")
    events: list[Any] = []
    stop = False
    context = Context(node_id="7", emit=events.append, cancelled=lambda: stop)
    token = RUNNING.set(context)
    try:
        bar = found["comfy"].utils.ProgressBar(4)
        from PIL import Image

        bar.update_absolute(1, 4, ("JPEG", Image.new("RGB", (64, 32)), 16))
        bar.update(1)
        stop = True
        with pytest.raises(found["InterruptProcessingException"]):
            bar.update(1)
    finally:
        RUNNING.reset(token)
    assert [(e.node, e.value, e.max) for e in events if e.type == "progress"] == [("7", 1, 4), ("7", 2, 4)]
    preview = next(e for e in events if e.type == "preview")
    assert preview.data[:2] == b"\xff\xd8"


def test_pictures_are_scaled_as_the_core_nodes_do(packs: Path) -> None:
    utils = importlib.import_module("comfy.utils")
    x = torch.rand(1, 3, 8, 12)
    assert utils.common_upscale(x, 6, 6, "lanczos", "center").shape == (1, 3, 6, 6)
    whole = utils.tiled_scale(x, lambda t: t.repeat_interleave(2, -1).repeat_interleave(2, -2), 4, 4, 2, 2, 3)
    expected = x.repeat_interleave(2, -1).repeat_interleave(2, -2)
    assert torch.allclose(whole, expected, atol=1e-6)
    steps: list[int] = []
    bar = type("Bar", (), {"update": lambda self, n: steps.append(n)})()
    utils.tiled_scale(x, lambda t: t, 4, 4, 2, 1, 3, pbar=bar)
    assert len(steps) == utils.get_tiled_scale_steps(12, 8, 4, 4, 2)


def test_weights_are_read_and_written(packs: Path) -> None:
    utils = importlib.import_module("comfy.utils")
    path = packs.parent / "w.safetensors"
    weight = torch.rand(2, 3)
    utils.save_torch_file({"a.weight": weight, "same": weight}, str(path), {"made": "here"})
    tensors, metadata = utils.load_torch_file(str(path), return_metadata=True)
    assert torch.equal(tensors["a.weight"], weight)
    assert metadata == {"made": "here"}
    assert utils.calculate_parameters(tensors, "a.") == 6
    assert utils.weight_dtype(tensors) is torch.float32
    assert utils.state_dict_prefix_replace(dict(tensors), {"a.": "b."}, filter_keys=True).keys() == {"b.weight"}
    assert json.loads(utils.safetensors_header(str(path)))["a.weight"]["shape"] == [2, 3]


def test_ids_of_expansions_are_the_same_each_time(packs: Path) -> None:
    utils = importlib.import_module("comfy_execution.graph_utils")

    def build() -> dict[str, Any]:
        token = RUNNING.set(Context(node_id="5", list_index=2))
        try:
            one, two = utils.GraphBuilder(), utils.GraphBuilder()
            node = one.node("Add", a=1)
            one.node("Add", "end", a=node.out(0))
            one.replace_node_output("1", 0, 9)
            return {**one.finalize(), **two.finalize(), "prefix": two.prefix}
        finally:
            RUNNING.reset(token)

    built = build()
    assert built == build()
    assert built["5.2.0.end"]["inputs"] == {"a": 9}
    assert built["prefix"] == "5.2.1."


def test_the_server_passes_messages_and_prompts_on(packs: Path) -> None:
    sent: list[Any] = []
    told: list[Any] = []
    host.host().send = lambda event, data, client: sent.append((event, data, client))
    host.host().tell = told.append
    found = run_in_pack(
        packs,
        "from server import PromptServer\ns = PromptServer.instance\ns.send_sync('mine', {'x': 1}, s.client_id)\n"
        "s.add_on_prompt_handler(lambda body: {**body, 'seen': True})\n"
        "s.add_on_prompt_handler(lambda body: 1 / 0)\n"
        "body = s.trigger_on_prompt({'prompt': {}})\n"
        "s.prompt_queue.put((-1, 'id', {}, {'client_id': 'me', 'x': 2}, ['9'], {}))\n"
        "free = s.number, s.supports, s.prompt_queue.currently_running, hasattr(s, 'gone')\n",
    )
    assert sent == [("mine", {"x": 1}, None)]
    assert found["body"] == {"prompt": {}, "seen": True}
    assert told[0] == {"type": "prompt_handlers", "count": 1}
    assert told[-1]["type"] == "submit"
    assert (told[-1]["client_id"], told[-1]["extra_data"], told[-1]["targets"]) == ("me", {"x": 2}, ["9"])
    assert found["free"] == (1, ["custom_nodes_from_web"], {}, False)


def test_conditionings_get_values_beside_what_they_have(packs: Path) -> None:
    helpers = importlib.import_module("node_helpers")
    conditioning = [["t", {"a": [1], "start_percent": 0.0, "end_percent": 0.5}]]
    assert helpers.conditioning_set_values(conditioning, {"a": [2]}, append=True)[0][1]["a"] == [1, 2]
    assert conditioning[0][1]["a"] == [1]
    ranged = helpers.conditioning_set_values_with_timestep_range(conditioning, {"b": 1}, 0.25, 1.0)
    spans = [(said["start_percent"], said["end_percent"], said.get("b")) for _, said in ranged]
    assert spans == [(0.0, 0.25, None), (0.25, 0.5, 1)]


def test_layers_cast_to_their_inputs_type(packs: Path) -> None:
    ops = importlib.import_module("comfy.ops")
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
        "Linear": ((2, 3), (1, 2)),
        "Conv1d": ((2, 3, 1), (1, 2, 4)),
        "Conv2d": ((2, 3, 1), (1, 2, 4, 4)),
        "Conv3d": ((2, 3, 1), (1, 2, 4, 4, 4)),
        "ConvTranspose1d": ((2, 3, 1), (1, 2, 4)),
        "ConvTranspose2d": ((2, 3, 1), (1, 2, 4, 4)),
        "GroupNorm": ((1, 2), (1, 2, 4, 4)),
        "LayerNorm": ((4,), (1, 4)),
        "RMSNorm": ((4,), (1, 4)),
    }
    for name, (arguments, shape) in shapes.items():
        half = getattr(ops.manual_cast, name)(*arguments, dtype=torch.float16)
        whole = getattr(ops.disable_weight_init, name)(*arguments)
        for parameter in (*half.parameters(), *whole.parameters()):
            torch.nn.init.ones_(parameter)
        x = torch.rand(shape)
        assert half(x).dtype is torch.float32, name
        assert torch.allclose(half(x), whole(x)), name
        assert isinstance(whole, getattr(torch.nn, name))

    class Own(ops.manual_cast.Linear):  # as packs of quantized weights do
        def forward_comfy_cast_weights(self, input: torch.Tensor) -> torch.Tensor:
            return input

    assert torch.equal(Own(2, 3)(torch.ones(1, 2)), torch.ones(1, 2))
    embedding = ops.manual_cast.Embedding(4, 2, dtype=torch.float16)
    torch.nn.init.ones_(embedding.weight)
    assert embedding(torch.tensor([1]), out_dtype=torch.float32).tolist() == [[1, 1]]


def test_a_place_for_results_may_be_registered_and_is_never_asked(
    packs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = importlib.import_module("comfy_execution.cache_provider")

    class Kept(cache.CacheProvider):
        async def on_lookup(self, context: Any) -> Any:
            return cache.CacheValue([context.node_id])

        async def on_store(self, context: Any, value: Any) -> None:
            """Nothing."""

    kept = Kept()
    cache.register_cache_provider(kept)
    assert cache._get_cache_providers() == (kept,)
    assert "Kept keeps results elsewhere" in caplog.text
    cache.unregister_cache_provider(kept)
    assert not cache._has_cache_providers()
    key = cache._serialize_cache_key
    assert key(({"b", "a"}, (1, {"x": 2}))) == key(({"a", "b"}, [1, {"x": 2}])) != key(1)
    assert key(object()) is None


def test_nothing_of_this_is_left_in_other_processes() -> None:
    """Whoever imports Easel's modules without a host gets no names of ComfyUI's."""
    assert not any(isinstance(entry, type(finder)) for entry in sys.meta_path)
