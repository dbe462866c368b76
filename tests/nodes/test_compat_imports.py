"""Whose module an import in a pack gets: ComfyUI's name from us, the pack's own from the pack, Easel's never."""

from __future__ import annotations

import importlib.util
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from graph.folders import Folders
from graph.registry import Registry
from nodes.compat import finder, host
from nodes.compat.stand_in import NotSupported, is_stand_in


class Packs:
    """A `custom_nodes` folder, and the packs imported from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self, name: str, **files: str) -> ModuleType:
        """Write a pack and import it as the loader does. `models__net` is models/net.py; `start` is `__init__`."""
        folder = self.folder / name
        for path, text in files.items():
            file = folder / (path.replace("__", "/").replace("start", "__init__") + ".py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        module_name = str(folder)
        init = folder / "__init__.py"
        spec = importlib.util.spec_from_file_location(module_name, init, submodule_search_locations=[str(folder)])
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
        return module


@pytest.fixture
def packs(tmp_path: Path) -> Iterator[Packs]:
    folder = tmp_path / "custom_nodes"
    folder.mkdir()
    path, before = list(sys.path), set(sys.modules)
    host.install(host.Host(Folders({}), Registry()))
    finder.install([folder])
    yield Packs(folder)
    finder.uninstall()
    host.install(None)
    sys.path[:] = path
    for name in set(sys.modules) - before:
        if str(tmp_path) in name or name in ("utils", "shared", "lonely"):
            del sys.modules[name]


ON_PATH = "import os, sys\nsys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\n"


def test_a_pack_with_models_of_its_own_gets_those(packs: Packs):
    init = (
        "import models\nfrom models.net import WHO\nimport models.net as net\nimport importlib\n"
        "again = importlib.import_module('models.net')\nimport models.net\nchain = models.net.WHO\n"
    )
    pack = packs.load(
        "own-models", models__net="WHO = 'the pack'\nfrom . import net as me\nimport models.net\n", start=init
    )
    assert (pack.WHO, pack.net.WHO, pack.again is pack.net, pack.chain) == ("the pack", "the pack", True, "the pack")
    import models

    assert Path(str(models.__file__)).parent.parent == finder.HERE.parents[1]
    assert pack.models is not models


@pytest.mark.parametrize(
    "name", ["models", "graph", "api", "tests", "web", "worker", "pictures", "nodes.image", "models.engine"]
)
def test_a_pack_never_sees_easels_modules(packs: Packs, name: str):
    with pytest.raises(ModuleNotFoundError, match=name):
        packs.load("nosy", start=f"import {name}\n")


def test_a_pack_with_nodes_of_its_own_has_them_beside_comfyuis(packs: Packs):
    pack = packs.load(
        "own-nodes", nodes__deep="X = 7\n", start="import nodes\nfrom nodes.deep import X\nimport server\n"
    )
    assert pack.X == 7
    assert pack.nodes.__name__ == "nodes.compat.node_classes"
    assert isinstance(pack.server, finder.CompatModule)


def test_two_packs_with_utils_side_by_side(packs: Packs):
    late = "def late():\n    import utils.more\n    from utils import WHO\n    return WHO, utils.more.MORE\n"
    first = packs.load(
        "first", utils__more="MORE = 1", utils__start="WHO = 'first'", start=ON_PATH + "import utils\n" + late
    )
    second = packs.load(
        "second", utils__more="MORE = 2", utils__start="WHO = 'second'", start=ON_PATH + "import utils\n" + late
    )
    assert (first.utils.WHO, second.utils.WHO) == ("first", "second")
    assert (first.late(), second.late()) == (("first", 1), ("second", 2))


def test_the_second_packs_path_does_not_take_the_firsts_late_import(packs: Packs):
    later = "def late():\n    import utils\n    return utils.WHO\n"
    first = packs.load("first", utils="WHO = 'first'", start=ON_PATH + later)
    second = packs.load("second", utils="WHO = 'second'", start=ON_PATH + later)
    assert (first.late(), second.late()) == ("first", "second")


def test_what_a_pack_does_not_have_it_gets_from_another_as_ever(packs: Packs):
    packs.load("giver", shared="WHO = 'giver'", start=ON_PATH + "import shared")
    assert packs.load("taker", start="import shared").shared.WHO == "giver"


def test_a_folder_is_no_module_before_it_is_on_the_path(packs: Packs):
    with pytest.raises(ModuleNotFoundError, match="lonely"):
        packs.load("quiet", lonely="X = 1", start="import lonely")


def test_a_loaded_pack_is_found_under_custom_nodes_and_no_other(packs: Packs):
    packs.load("base", tool="X = 3", start="Y = 4")
    pack = packs.load(
        "user", start="import custom_nodes.base\nfrom custom_nodes.base.tool import X\nY = custom_nodes.base.Y\n"
    )
    assert (pack.X, pack.Y) == (3, 4)
    (packs.folder / "off").mkdir()
    (packs.folder / "off" / "__init__.py").write_text("raise SystemExit")
    with pytest.raises(ModuleNotFoundError):
        packs.load("thief", start="import custom_nodes.off\n")


def test_what_is_missing_has_a_stand_in_for_those_who_read_it_and_is_absent_for_those_who_ask(packs: Packs):
    pack = packs.load(
        "reader",
        start="import comfy.ldm.modules.attention as attention\n"
        "from comfy.ldm.modules.attention import BasicTransformerBlock as Block\n"
        "from comfy.never_heard import Thing\n"
        "class Mine(Block):\n    pass\n"
        "class Other(attention.SpatialTransformer, dict):\n    def __init__(self): self.x = 1\n"
        "def f(a: Block | None = None) -> attention.What: return isinstance(a, Block)\n"
        "asked = hasattr(attention, 'Gone'), getattr(attention, 'Gone', 5), hasattr(Block, 'forward')\n"
        "read = attention.Gone, Block.forward\n",
    )
    assert pack.asked == (False, 5, False)
    assert all(map(is_stand_in, (*pack.read, pack.Block, pack.Thing)))
    assert pack.f(1) is False
    assert pack.Other().x == 1
    for call in (pack.Mine, pack.Block, pack.read[1], pack.attention.SpatialTransformer, pack.Other.forward):
        with pytest.raises(
            NotSupported, match=r"comfy\.ldm\.modules\.attention\..* a part of ComfyUI's model networks"
        ):
            call()
    with pytest.raises(NotSupported, match=r"comfy\.never_heard\.Thing"):
        list(pack.Thing)


def test_a_guarded_import_of_what_other_versions_have_fails(packs: Packs):
    pack = packs.load(
        "old", start="try:\n    from comfy.sd3_clip import SD3ClipModel\nexcept ImportError:\n    SD3ClipModel = None\n"
    )
    assert pack.SD3ClipModel is None


def test_a_patch_that_changes_nothing_is_told(packs: Packs, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        packs.load(
            "patcher", start="import comfy.ldm.modules.attention as a\na.BasicTransformerBlock.forward = print\n"
        )
    assert "comfy.ldm.modules.attention.BasicTransformerBlock.forward" in caplog.text
    assert "__init__.py, line 2" in caplog.text


def test_a_pack_that_tidies_up_sys_modules_takes_nothing_of_ours_away(packs: Packs):
    """As an upscaler's pack does: whatever its import has loaded is taken out again."""
    tidy = (
        "import sys\nbefore = set(sys.modules)\nimport folder_paths, comfy.utils, comfy.sd, nodes, server, wave\n"
        "from nodes import SaveImage\nhad = folder_paths, comfy.utils, comfy.sd, nodes, server, wave\n"
        "for name in set(sys.modules) - before: del sys.modules[name]\n"
    )
    sys.modules.pop("wave", None)
    first = packs.load("tidy", start=tidy)
    assert "comfy.utils" not in sys.modules
    after = packs.load(
        "after",
        start="import folder_paths, comfy.utils, comfy.sd, nodes, server, wave\n"
        "had = folder_paths, comfy.utils, comfy.sd, nodes, server, wave\n",
    )
    assert all(one is other for one, other in zip(first.had, after.had, strict=True))


def test_a_pack_that_lays_its_module_over_one_of_ours_keeps_it_for_itself(packs: Packs):
    start = (
        "import sys, types\nown = sys.modules['models'] = types.ModuleType('models')\nown.WHO = 'the pack'\n"
        "import models\nimport comfy.sd\nfrom comfy.sd import load_checkpoint_guess_config\n"
    )
    pack = packs.load("covers", start=start)
    import models

    assert pack.models.WHO == "the pack"
    assert models is not pack.models
    assert Path(str(models.__file__)).parent.parent == finder.HERE.parents[1]


def test_a_module_of_comfyuis_that_is_loaded_by_its_files_place(packs: Packs):
    pack = packs.load(
        "by_place",
        start="import importlib.util as u, os, folder_paths\n"
        "here = os.path.join(os.path.dirname(folder_paths.__file__), 'comfy_extras', 'nodes_some_release.py')\n"
        "spec = u.spec_from_file_location('some_release', here)\nmodule = u.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\nSome = module.SomeNode\n"
        "import model_management, comfy.model_management\nsame = model_management is comfy.model_management\n",
    )
    assert is_stand_in(pack.Some)
    assert pack.same
    with pytest.raises(FileNotFoundError):
        packs.load(
            "no_place",
            start="import importlib.util as u\nspec = u.spec_from_file_location('x', '/nowhere/comfy/x.py')\n"
            "spec.loader.exec_module(u.module_from_spec(spec))\n",
        )


def test_our_files_are_one_module_under_both_names(packs: Packs):
    import comfy.utils  # type: ignore[import-not-found]  # pyright: ignore[reportMissingImports]

    import nodes.compat.comfy.utils as ours

    assert comfy.utils is ours
    assert ours.__name__ == "comfy.utils"


def test_torchvision_can_be_imported_where_its_operators_are_missing(tmp_path: Path) -> None:
    """In a process of its own: where torchvision's compiled part does not load, its import fails for good."""
    folder = tmp_path / "custom_nodes" / "sees"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(
        "import torchvision\nfrom torchvision.transforms import functional\n"
        "import importlib.util\nassert importlib.util.find_spec('torchvision').submodule_search_locations\n"
        "from graph.node import node\n"
        "@node('SeesVersion', category='t')\ndef sees() -> str:\n    return torchvision.__version__\n"
    )
    script = f"""
from pathlib import Path
from graph.folders import Folders
from graph.registry import Registry
from nodes.compat import finder, host
from nodes.packs.load import load_packs
folder = Path({str(folder.parent)!r})
registry = Registry()
host.install(host.Host(Folders({{}}), registry))
finder.install([folder])
[report] = load_packs([folder], registry, trust_all=True)
print([problem.sentence for problem in report.problems], report.node_types)
"""
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=120)
    assert ran.stdout.splitlines()[-1:] == ["[] ['SeesVersion']"], ran.stdout + ran.stderr
