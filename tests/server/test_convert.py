"""`server.py convert`: weights come out of files that ask for code, and nothing of the file is run or believed."""

from __future__ import annotations

import argparse
import io
import os
import pickle
import posix
import subprocess
import sys
import zipfile
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import pytest

import api
from api.weights.command import convert
from api.weights.inert import CannotConvert

torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")

ROOT = Path(api.__file__).resolve().parents[1]


class Runs:
    """Makes a file when it is unpickled by something that runs what it is told."""

    mark = Path()

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.reduced = call, arguments

    def __reduce__(self) -> Any:
        return self.reduced


def loaded(path: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(path)


def weights() -> dict[str, Any]:
    return {
        "plain": torch.randn(3, 4),
        "turned": torch.randn(3, 4).t(),
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "scalar": torch.tensor(3.0),
        "empty": torch.zeros(0, 4),
        "shared": torch.ones(1, 3).expand(5, 3),
        "steps": torch.arange(100)[10:50:3],
        "bf16": torch.ones(3, dtype=torch.bfloat16),
        "yes": torch.tensor([True, False]),
    }


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_honest_weights_come_out_beside_what_is_left_out(
    legacy: bool, protocol: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, tensors = tmp_path / "trained.ckpt", weights()
    content = {
        "state_dict": OrderedDict(tensors),
        "epoch": 3,
        "step": np.float32(7),
        "callbacks": {Runs: Runs(print, "RAN")},
        "args": argparse.Namespace(rate=0.1),
        "optimizer": defaultdict(list, a=[torch.ones(2)]),
    }
    torch.save(content, path, _use_new_zipfile_serialization=not legacy, pickle_protocol=protocol)
    before = path.read_bytes()
    made = convert(path)
    assert made == tmp_path / "trained.safetensors"
    found = loaded(made)
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], value) and found[name].dtype == value.dtype for name, value in tensors.items())
    said = capsys.readouterr().out
    assert "argparse.Namespace" in said
    assert "Left out: epoch (3)" in said
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["trained.ckpt", "trained.safetensors"]


def test_the_file_that_is_made_loads_in_the_engine(tmp_path: Path) -> None:
    from models.files import open_weights

    torch.save({"state_dict": {"a": torch.ones(2, 3)}, "args": argparse.Namespace()}, tmp_path / "a.pt")
    assert open_weights(convert(tmp_path / "a.pt")).shapes == {"a": (2, 3)}


def test_a_whole_module_gives_its_weights_by_its_names(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Sequential(torch.nn.BatchNorm1d(4)))
    torch.save({"model": module, "best": 1}, tmp_path / "module.pt")
    found = loaded(convert(tmp_path / "module.pt"))
    assert {name: tuple(value.shape) for name, value in found.items()} == {
        name: tuple(value.shape) for name, value in module.state_dict().items()
    }


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("how", ["system", "eval", "getattr", "popen", "import", "open"])
def test_nothing_that_a_file_asks_for_is_run(
    how: str, legacy: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "ran"
    evil = {
        "system": Runs(posix.system, f"touch {mark}"),
        "eval": Runs(eval, f"open({str(mark)!r}, 'w')"),
        "getattr": Runs(getattr, "", "join"),
        "popen": Runs(subprocess.Popen, ["touch", str(mark)]),
        "import": Runs(__import__, "os"),
        "open": Runs(io.open, str(mark), "w"),
    }[how]
    path = tmp_path / "evil.ckpt"
    content = {"state_dict": {"a": torch.ones(2), "b": evil}, "again": evil}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    assert list(loaded(convert(path))) == ["a"]
    assert not mark.exists()
    assert "None of it was run" in capsys.readouterr().out


def opcodes(tail: bytes) -> bytes:
    """A zip as torch writes it, whose pickle is `tail`."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("x/data.pkl", tail)
        archive.writestr("x/data/0", bytes(16))
    return made.getvalue()


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"


def tensor(offset: bytes, shape: bytes, stride: bytes) -> bytes:
    parts = b"(" + STORAGE + offset + shape + stride + b"\x89ccollections\nOrderedDict\n)Rt"
    return b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n" + parts + b"Rs."


HUGE = b"\x8a\x06\x00\x00\x00\x00\x00\x40"
"""2 to the 46th."""

A_TENSOR = tensor(b"K\x00", b"K\x03\x85", b"K\x01\x85")
BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "a text": (b"words, and no weights at all\n" * 9, "no file of torch's"),
    "a pickle of Python's": (pickle.dumps({"a": 1}), "no file of torch's"),
    "another zip": (opcodes(b"").replace(b"data.pkl", b"some.pkl"), "none of torch's"),
    "no pickle": (opcodes(b"nonsense"), "damaged"),
    "a pickle cut short": (opcodes(A_TENSOR[:40]), "damaged"),
    "no weights": (opcodes(pickle.dumps({"a": 1}, 2)), "No weights"),
    "beyond its bytes": (opcodes(tensor(b"K\x02", b"K\x03\x85", b"K\x01\x85")), "reaches beyond"),
    "huge": (opcodes(tensor(b"K\x00", HUGE + b"\x85", b"K\x01\x85")), "many times larger"),
    "huge by sharing": (opcodes(tensor(b"K\x00", HUGE + b"\x85", b"K\x00\x85")), "many times larger"),
    "a shape below zero": (opcodes(tensor(b"K\x00", b"J\xff\xff\xff\xff\x85", b"K\x01\x85")), "impossible shape"),
    "sides and steps": (opcodes(tensor(b"K\x00", b"K\x02K\x02\x86", b"K\x01\x85")), "impossible shape"),
    "nested": (opcodes(b"\x80\x02" + b"(" * 10 + b"]" * 200_000 + b"a" * 199_999 + b"."), "No weights|damaged"),
    "another place": (opcodes(b"\x80\x02}X\x01\x00\x00\x00aK\x01Qs."), "in a way that no torch file does"),
    "endless text": (opcodes(b"\x80\x02\x8d" + b"\xff" * 7 + b"\x7f."), "damaged|nested"),
    "endless memo": (opcodes(b"\x80\x02]r\xff\xff\xff\xff."), "damaged|nested|No weights|ended"),
    "a memo of gigabytes": (opcodes(b"\x80\x02]r\xff\xff\xff\x1fa."), "as large"),
    "extension": (opcodes(b"\x80\x02\x82\x01."), "damaged"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_file_of_weights_is_told(kind: str, tmp_path: Path) -> None:
    content, sentence = BAD[kind]
    (tmp_path / "bad.pt").write_bytes(content)
    with pytest.raises(CannotConvert, match=sentence):
        convert(tmp_path / "bad.pt")
    assert [file.name for file in tmp_path.iterdir()] == ["bad.pt"], "nothing is left behind"


def test_a_tensor_of_the_hand_made_kind_is_read(tmp_path: Path) -> None:
    """So that the files above are refused for what they are said to be."""
    (tmp_path / "good.pt").write_bytes(opcodes(tensor(b"K\x01", b"K\x03\x85", b"K\x01\x85")))
    assert torch.equal(loaded(convert(tmp_path / "good.pt"))["a"], torch.zeros(3))


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("share", [0.3, 0.97])
def test_a_file_cut_short(share: float, legacy: bool, tmp_path: Path) -> None:
    path = tmp_path / "cut.pt"
    torch.save({"a": torch.ones(10_000), "b": argparse.Namespace()}, path, _use_new_zipfile_serialization=not legacy)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(CannotConvert):
        convert(path)
    assert [file.name for file in tmp_path.iterdir()] == ["cut.pt"]


def test_a_packed_zip_is_no_file_of_torchs(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(100_000)}, tmp_path / "plain.pt")
    packed = zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(tmp_path / "plain.pt") as source, packed as target:
        for part in source.infolist():
            target.writestr(part.filename, source.read(part))
    with pytest.raises(CannotConvert, match="may be a bomb"):
        convert(tmp_path / "bomb.pt")


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pt")
    (tmp_path / "a.safetensors").write_text("mine")
    with pytest.raises(CannotConvert, match="is there already"):
        convert(tmp_path / "a.pt")
    assert (tmp_path / "a.safetensors").read_text() == "mine"


def test_others_may_read_what_is_made_as_any_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pt")
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError(1, "no second names here")))
    made = convert(tmp_path / "a.pt")
    (tmp_path / "usual").touch()
    assert made.stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pt", "a.safetensors", "usual"]


def test_on_the_command_line_by_the_name_that_messages_use(tmp_path: Path) -> None:
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    torch.save({"a": torch.ones(2), "x": argparse.Namespace()}, tmp_path / "models" / "checkpoints" / "old\x1b[2J.ckpt")

    def run(name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "server.py"), "convert", name, "--base-directory", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    done = run("old\x1b[2J.ckpt")
    assert done.returncode == 0, done.stderr
    assert "Written: " in done.stdout
    assert "\x1b" not in done.stdout
    gone = run("gone.ckpt")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr == "easel: gone.ckpt is not converted. There is no such file.\n"


TRIES = """
import os, socket, sys
sys.path.insert(0, {root!r})
from api.weights.shut import shut
missing = shut(1 << 30, 60)
def tried(what):
    try:
        what()
    except (OSError, MemoryError):
        return False
    return True
tries = {{
    "write": lambda: open({mark!r}, "w"),
    "read": lambda: open("/etc/passwd"),
    "socket": lambda: socket.socket(),
    "connect": lambda: socket.create_connection(("127.0.0.1", {port}), 5),
    "memory": lambda: bytearray(8 << 30),
}}
os.write(1, repr((missing, [name for name, what in tries.items() if tried(what)])).encode())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other walls, or none")
def test_within_its_walls_a_process_writes_nothing_and_reaches_nobody(tmp_path: Path) -> None:
    with __import__("socket").create_server(("127.0.0.1", 0)) as listening:
        code = TRIES.format(root=str(ROOT), mark=str(tmp_path / "written"), port=listening.getsockname()[1])
        done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60)
    missing, done_all_the_same = eval(done.stdout)
    assert done_all_the_same == [], (missing, done.stderr)
    assert not (tmp_path / "written").exists()
    assert all(isinstance(wall, str) for wall in missing)
