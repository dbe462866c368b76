"""The device that was asked for."""

from __future__ import annotations

import pytest
import torch

from models.engine import Engine
from models.errors import DeviceError


@pytest.mark.parametrize("name", ["cuda:63", "mps" if not torch.backends.mps.is_available() else "cuda"])
def test_a_device_that_is_not_there_is_named_with_those_that_are(name: str) -> None:
    with pytest.raises(DeviceError, match=rf"no device {name} .* Choose .*cpu by --device"):
        Engine(device=name)


def test_the_processor_is_always_there() -> None:
    assert Engine(device="cpu").device == torch.device("cpu")
