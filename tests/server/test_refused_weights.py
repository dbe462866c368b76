"""A file of weights that asks for code, seen by a client: the node's error names what it asks for and what to do."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tests.server.harness import running

torch = pytest.importorskip("torch")

PACK = '''
import torch


class ReadsItself:
    """A pack that reads a file as it likes."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"path": ("STRING", {})}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "read"
    CATEGORY = "tests"

    def read(self, path):
        return (str(torch.load(path, weights_only=False)),)


NODE_CLASS_MAPPINGS = {"ReadsItself": ReadsItself}
'''


def test_the_error_over_the_wire(base: Path) -> None:
    folder = base / "models" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save({"state_dict": {"a": torch.ones(1)}, "args": argparse.Namespace(x=1)}, folder / "old.ckpt")
    (base / "custom_nodes" / "reads").mkdir(parents=True)
    (base / "custom_nodes" / "reads" / "__init__.py").write_text(PACK)
    with running(base, "--trust-packs", "--cpu", registry=None) as server:
        server.wait_until_ready()
        shown = {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}
        load = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "old.ckpt"}}
        (error,) = [
            data
            for kind, data in server.run({"1": load, "2": shown})["status"]["messages"]
            if kind == "execution_error"
        ]
        assert (error["node_id"], error["node_type"]) == ("1", "CheckpointLoaderSimple")
        assert error["exception_message"].strip() == (
            "old.ckpt: refused, because loading it would run code: it asks for argparse.Namespace. Nothing of it was "
            "run. Use the .safetensors version of this model, or make one of its weights by "
            "`python3 server.py convert old.ckpt`."
        )
        reads = {"class_type": "ReadsItself", "inputs": {"path": str(folder / "old.ckpt")}}
        ended = server.run({"1": reads, "2": shown})
        assert ended["status"]["status_str"] == "error", "a pack's own torch.load is kept to weights too"
        assert "argparse.Namespace" in str(ended["status"]["messages"])
