"""A network's blocks compiled by torch: slow at first, faster in every later step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ..errors import ModelError
from ..networks.flux import DoubleBlock, SingleBlock
from ..networks.hooks import Pass
from ..networks.mmdit import JointBlock
from ..networks.unet_blocks import ResBlock, TransformerLayer
from ..options import Forward

if TYPE_CHECKING:
    from ..model import Model

BLOCKS = (ResBlock, TransformerLayer, JointBlock, DoubleBlock, SingleBlock)
LEAVE_OUT = "Leave out the node that compiles the model; it draws the same pictures without."
FORMS = 64
"""Of how many sizes blocks of one class may be."""


def compiled(model: Model, backend: str) -> Model:
    """With its blocks compiled when they first run. ModelError where this machine cannot do that.

    backend: as torch.compile takes it.
    """
    check(backend, model.device)

    def around(forward: Forward, x: Tensor, run: Pass, network: nn.Module) -> Tensor:
        from torch._dynamo import config
        from torch._dynamo.exc import TorchDynamoException

        with _blocks_compiled(network, backend), config.patch(recompile_limit=FORMS):
            try:
                return forward(x)
            except TorchDynamoException as error:
                why = str(error).strip().splitlines()[0]
                raise ModelError(f"torch could not compile {model.component.title}: {why}. {LEAVE_OUT}") from error

    if backend != "cudagraphs":  # which records passes itself
        around.replay_key = ("compiled", backend)  # type: ignore[attr-defined]
    return model.with_options(around_forward=(around,))


def check(backend: str, device: torch.device) -> None:
    """ModelError where what the backend needs is not there."""
    lacks = ""
    if backend == "cudagraphs" and device.type != "cuda":
        lacks = f"cudagraphs needs an NVIDIA card, and models run on {device.type} here"
    elif backend == "inductor" and device.type == "cuda" and find_spec("triton") is None:
        lacks = "inductor needs the package triton, which is not installed"
    elif backend == "inductor" and device.type == "cpu" and not any(map(shutil.which, ("c++", "g++", "clang++", "cl"))):
        lacks = "inductor needs a C++ compiler, and there is none on this machine"
    if lacks:
        raise ModelError(f"The model cannot be compiled: {lacks}. {LEAVE_OUT}")


@contextmanager
def _blocks_compiled(network: nn.Module, backend: str) -> Iterator[None]:
    """While it lasts, blocks run as compiled; handles on the same weights that are not to be compiled do not notice."""
    blocks = [module for module in network.modules() if isinstance(module, BLOCKS)]
    try:
        for block in blocks:
            known = block.__dict__.setdefault("compiled_by", {})
            if backend not in known:
                known[backend] = torch.compile(block._call_impl, backend=backend)
            block._compiled_call_impl = known[backend]
        yield
    finally:
        for block in blocks:
            block._compiled_call_impl = None
