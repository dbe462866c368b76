"""The command line, and the folders that it names."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from api.flags import Flags, RunFlags, parse
from api.foreign_flags import FOREIGN
from api.model_paths import find_folders
from graph.errors import FileNameError
from tests.server.harness import ROOT, running, say, start


def flags(*words: str) -> Flags:
    found = parse(words)
    assert isinstance(found, Flags)
    return found


def test_defaults_stay_on_this_machine() -> None:
    found = flags()
    assert found.listen == ("127.0.0.1",)
    assert (found.port, found.device, found.precision, found.cache_policy) == (8188, "auto", "auto", "bytes")
    assert found.user == ROOT / "user"


def test_the_base_directory_moves_everything_and_each_folder_may_be_elsewhere(tmp_path: Path) -> None:
    found = flags("--base-directory", str(tmp_path), "--output-directory", str(tmp_path / "elsewhere"))
    assert found.models == tmp_path / "models"
    assert found.custom_nodes == tmp_path / "custom_nodes"
    assert found.output == tmp_path / "elsewhere"
    assert found.user == tmp_path / "user"


@pytest.mark.parametrize(
    ("theirs", "name", "value"),
    [
        (["--cpu"], "device", "cpu"),
        (["--cuda-device", "1"], "device", "cuda:1"),
        (["--force-fp32"], "precision", "fp32"),
        (["--force-fp16"], "precision", "fp16"),
        (["--preview-method", "taesd"], "previews", "taesd"),
        (["--preview-method", "none"], "previews", "none"),
        (["--preview-size=256"], "preview_size", 256),
        (["--cache-none"], "cache_policy", "none"),
        (["--cache-lru", "0"], "cache_policy", "bytes"),
        (["--cache-classic"], "cache_policy", "bytes"),
        (["--cache-ram", "2"], "cache_memory", 2 * 2**30),
        (["--disable-auto-launch"], "browser", False),
        (["--disable-all-custom-nodes"], "load_packs", False),
        (["--enable-cors-header"], "allow_origin", ("*",)),
        (["--enable-cors-header", "https://a.example"], "allow_origin", ("https://a.example",)),
        (["--max-upload-size", "5"], "max_upload", 5 * 2**20),
        (["--listen"], "listen", ("0.0.0.0", "::")),
        (["--listen", "127.0.0.1,::1"], "listen", ("127.0.0.1", "::1")),
        (["--verbose", "DEBUG"], "verbose", True),
    ],
)
def test_the_incumbents_names(theirs: list[str], name: str, value: object) -> None:
    found = flags(*theirs)
    assert getattr(found, name) == value
    assert found.warnings == ()


def test_flags_that_mean_nothing_here_warn_with_their_words() -> None:
    found = flags("--lowvram", "--reserve-vram", "2", "--fast", "a", "b", "--port", "9", "--front-end-version=512")
    assert found.port == 9
    assert [warning.split()[0] for warning in found.warnings] == [
        "--lowvram",
        "--reserve-vram",
        "--fast",
        "--front-end-version",
    ]


def test_every_flag_is_in_the_docs() -> None:
    text = (ROOT / "docs" / "flags.md").read_text("utf-8")
    help_text = subprocess.run([sys.executable, "server.py", "--help"], cwd=ROOT, capture_output=True, text=True).stdout
    ours = {word.strip("[],.`") for word in help_text.split() if word.strip("[],.`").startswith("--")}
    missing = [flag for flag in sorted(ours | set(FOREIGN)) if f"`{flag}" not in text and flag != "--help"]
    assert missing == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--prot", "1"], "did you mean --port?"),
        (["--cpu", "--cuda-device", "0"], "leave one away"),
        (["--workers", "2"], "--workers above 1: not yet"),
        (["--cache-disk", "5"], "--cache-disk: not yet"),
        (["--ray", "x"], "--ray: not yet"),
        (["--webhook-host", "https://example.org/hook"], "must be a name, such as hooks.example.org"),
        (["--port", "70000"], "between 0 and 65535"),
        (["--precision", "fp8"], "invalid choice"),
        (["--previews", "sharp"], "invalid choice"),
        (["--preview-size", "0"], "must be 1 or more"),
        (["--tls-certfile", "x"], "go together"),
        (["--cache-memory", "-1"], "0 or more"),
        (["--device", "tpu"], "must be auto, cpu, cuda, cuda:N"),
        (["--cuda-device", "-1"], "0 or more"),
        (["--set", "3.seed=7"], "server.py run GRAPH.json"),
        (["graph.json"], "'graph.json' is no flag"),
        (["run", "g.json", "--set", "3seed=7"], "NODE.INPUT=VALUE"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parse(words)
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1, "one line, with no usage before it"


def test_run_takes_changes() -> None:
    found = parse(["run", "g.json", "--set", "3.seed=7", "--set", "6.text=a = b.c", "--out", "o", "--cpu"])
    assert isinstance(found, RunFlags)
    assert found.changes == (("3", "seed", "7"), ("6", "text", "a = b.c"))
    assert found.flags.device == "cpu"


def test_a_taken_port_is_said_with_what_to_do(base: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, str(ROOT / "server.py"), "--port", str(port), "--base-directory", str(base)]
        done = subprocess.run([*command, "--no-browser"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 is taken" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_two_servers_do_not_share_a_user_folder(base: Path) -> None:
    with running(base) as server:
        with pytest.raises(AssertionError, match=rf"process {server.process.pid}\) works with the folder"):
            start(base)
        assert server.run(say())["status"]["completed"] is True
        server.kill()
    with running(base):  # a server that was killed holds nothing
        pass


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_a_stop_is_clean(base: Path) -> None:
    with running(base) as server:
        server.wait_until_ready()
        pid = server.worker_pid()
        with server.socket("c"):
            assert server.stop() == 0
        assert "Traceback" not in (base / "server.log").read_text()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_another_tools_folders(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    (tool / "models" / "checkpoints").mkdir(parents=True)
    (tool / "models" / "checkpoints" / "theirs.safetensors").touch()
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "lora.safetensors").touch()
    paths = tmp_path / "paths.yaml"
    paths.write_text(
        "tool:\n  base_path: tool\n  is_default: true\n  checkpoints: models/checkpoints\n"
        f"  loras: |\n    models/loras\n    {tmp_path / 'more'}  # a remark\n  unet: models/checkpoints\n"
    )
    found = find_folders(flags("--base-directory", str(tmp_path / "base"), "--extra-model-paths", str(paths)))
    assert "theirs.safetensors" in found.folders.list("checkpoints")
    assert found.folders.root("checkpoints") == tool / "models" / "checkpoints"
    assert found.folders.list("loras") == ["lora.safetensors"]
    assert "theirs.safetensors" in found.folders.list("diffusion_models")
    assert [w for w in found.warnings if "models/loras" in w]  # named, and not there


def test_links_lead_out_of_a_folder_only_where_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "drive").mkdir()
    (tmp_path / "drive/a.png").touch()
    base = tmp_path / "base"
    for kind in ("input", "output"):
        (base / kind).mkdir(parents=True)
        (base / kind / "drive").symlink_to(tmp_path / "drive")
    found = find_folders(flags("--base-directory", str(base), "--follow-links", "output")).folders
    assert found.find("output", "drive/a.png") == base / "output/drive/a.png"
    with pytest.raises(FileNameError):
        found.find("input", "drive/a.png")
    with pytest.raises(FileNameError):
        found.find("output", "drive/../../drive/a.png")
    assert found.for_person("anna_1").kind("output").follow


@pytest.mark.parametrize(
    ("bad", "line"),
    [
        ("  vae: [unclosed", 3),
        ("\tvae: tabs", 3),
        ("  vae: 'quoted", 3),
        ("  - list", 3),
        ("  vae:", 3),
        ("  vae: {a: b}", 3),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_read(tmp_path: Path, bad: str, line: int) -> None:
    (tmp_path / "loras").mkdir()
    (tmp_path / "loras" / "l.safetensors").touch()
    (tmp_path / "vae").mkdir()
    paths = tmp_path / "paths.yaml"
    paths.write_text(f"tool:\n  base_path: {tmp_path}\n{bad}\n  loras: loras\n")
    found = find_folders(flags("--base-directory", str(tmp_path / "base"), "--extra-model-paths", str(paths)))
    assert any(f"{paths}, line {line}" in warning for warning in found.warnings), found.warnings
    assert found.folders.list("loras") == ["l.safetensors"]


@pytest.mark.parametrize("text", ["", "just text", "- a\n- b", "a: 1\nb: [2]", "tool:\n  base_path: /no/such/folder\n"])
def test_a_file_that_holds_nothing_useful_stops_nothing(tmp_path: Path, text: str) -> None:
    paths = tmp_path / "paths.yaml"
    paths.write_text(text)
    found = find_folders(flags("--base-directory", str(tmp_path / "base"), "--extra-model-paths", str(paths)))
    assert found.folders.list("loras") == []
    assert bool(found.warnings) is (text != "")
    absent = find_folders(flags("--base-directory", str(tmp_path / "base"), "--extra-model-paths", "/no/such.yaml"))
    assert "cannot be read" in absent.warnings[0]


def test_the_server_starts_with_a_bad_line(base: Path) -> None:
    base.mkdir()
    (base / "paths.yaml").write_text("tool:\n  checkpoints: [\n")
    with running(base, "--extra-model-paths", str(base / "paths.yaml")) as server:
        assert server.get("/prompt").status == 200
        assert "paths.yaml, line 2" in (base / "server.log").read_text()
