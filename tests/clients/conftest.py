"""One server with the real nodes and the built-in small model, for all clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.harness import Server, running, until

MODEL = "easel-emoji.safetensors"
SIDE = 64
TOKEN = "a-token-of-these-tests"


@pytest.fixture(scope="session")
def painter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that paints."""
    with running(tmp_path_factory.mktemp("painter"), registry=None) as found:
        found.wait_until_ready()
        yield found


@pytest.fixture
def painting() -> dict[str, Any]:
    """A graph of titled nodes that saves one small picture after two steps."""

    def node(class_type: str, title: str, **inputs: Any) -> dict[str, Any]:
        return {"class_type": class_type, "inputs": inputs, "_meta": {"title": title}}

    return {
        "1": node("CheckpointLoaderSimple", "Model", ckpt_name=MODEL),
        "2": node("CLIPTextEncode", "Prompt", text="a red apple", clip=["1", 1]),
        "3": node("CLIPTextEncode", "Negative", text="", clip=["1", 1]),
        "4": node("EmptyLatentImage", "Size", width=SIDE, height=SIDE, batch_size=1),
        "5": node(
            "KSampler",
            "Sampler",
            model=["1", 0],
            positive=["2", 0],
            negative=["3", 0],
            latent_image=["4", 0],
            seed=1,
            steps=2,
            cfg=4.0,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
        ),
        "6": node("VAEDecode", "Decode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", "Save", images=["6", 0], filename_prefix="client"),
    }


@pytest.fixture(scope="session")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose nodes compute nothing, which asks for its token."""
    base = tmp_path_factory.mktemp("quick")
    (base / "secret").write_text(TOKEN)
    with running(base, "--token-file", str(base / "secret")) as found:
        hello = {"Authorization": f"Bearer {TOKEN}"}
        until(lambda: found.request("GET", "/easel/status", headers=hello).json()["worker"]["state"] == "ready")
        yield found
