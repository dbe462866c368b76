"""Tiny models with random weights, written in the layouts of the published files."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from models.engine import Engine, Loaded
from models.networks.clip_text import ClipText
from models.networks.layout import Network
from models.networks.unet import Level, Unet
from models.networks.vae import VaeNetwork
from models.vision_operators import make_torchvision_importable

# transformers looks for torchvision while its modules are imported, and stumbles where that import fails.
make_torchvision_importable()

UNET = Unet.of_levels([Level(32, 1, 1), Level(64, 1, 1), Level(64, 1, 0)], context=64, heads=8)
VAE = VaeNetwork(channels=(32, 32, 32, 64), resnets=1, latent_channels=4, quantised=True)
TEXT = ClipText(
    width=64,
    layers=3,
    inner=128,
    tokens=49408,
    length=77,
    heads=1,
    activation="quick_gelu",
    open_clip=False,
    prefix="text_model.",
)
UNET2 = Unet.of_levels([Level(64, 2, 1), Level(128, 2, 1)], context=64, linear=True, heads=None)
TEXT2 = ClipText(64, 3, 128, 49408, 77, 1, "gelu", True, "")

PREFIXES = {"unet": "model.diffusion_model.", "vae": "first_stage_model.", "text": "cond_stage_model.transformer."}


def filled(network: Network, seed: int = 0) -> nn.Module:
    """A module of this size with random weights, none of them left at zero."""
    torch.manual_seed(seed)
    module = network.build()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.dim() == 1:
                parameter.copy_(torch.randn_like(parameter) * 0.1 + (1 if name.endswith("weight") else 0))
            else:
                parameter.copy_(torch.randn_like(parameter) / parameter[0].numel() ** 0.5)
    return module


def in_layout(network: Network, module: nn.Module, prefix: str) -> dict[str, Tensor]:
    """The module's weights under the names, and in the shapes, that published files give them."""
    values = module.state_dict()
    tensors: dict[str, Tensor] = {}
    joined: dict[str, dict[int, Tensor]] = {}
    for ours, pick in network.picks().items():
        value = values[ours]
        if ".attn.in_proj_" in pick.name:
            part = ["q_proj", "k_proj", "v_proj"].index(ours.split(".")[-2])
            joined.setdefault(pick.name, {})[part] = value
        elif pick.change is not None and value.dim() == 2 and pick.name != "text_projection":
            tensors[prefix + pick.name] = value[..., None, None].contiguous()
        elif pick.change is not None and pick.name == "text_projection":
            tensors[prefix + pick.name] = value.t().contiguous()
        else:
            tensors[prefix + pick.name] = value.contiguous()
    for name, parts in joined.items():
        tensors[prefix + name] = torch.cat([parts[i] for i in range(3)])
    return tensors


def sd1_tensors(seed: int = 0) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for kind, network in (("unet", UNET), ("vae", VAE), ("text", TEXT)):
        tensors |= in_layout(network, filled(network, seed), PREFIXES[kind])
    return tensors


@pytest.fixture(scope="session")
def sd1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole checkpoint of Stable Diffusion 1's make, fp32."""
    path = tmp_path_factory.mktemp("checkpoints") / "tiny-sd1.safetensors"
    save_file(sd1_tensors(), path)
    return path


@pytest.fixture(scope="session")
def sd2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole checkpoint of Stable Diffusion 2's make, fp32."""
    tensors = in_layout(UNET2, filled(UNET2), PREFIXES["unet"]) | in_layout(VAE, filled(VAE), PREFIXES["vae"])
    tensors |= in_layout(TEXT2, filled(TEXT2), "cond_stage_model.model.")
    path = tmp_path_factory.mktemp("checkpoints") / "tiny-sd2.safetensors"
    save_file(tensors, path)
    return path


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine("cpu", "fp32")


@pytest.fixture(scope="session")
def loaded(engine: Engine, sd1: Path) -> Loaded:
    return engine.load_checkpoint(sd1)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """write(tensors, name="x.safetensors") -> the file."""

    def write(tensors: dict[str, Tensor], name: str = "written.safetensors") -> Path:
        save_file({key: value.contiguous() for key, value in tensors.items()}, tmp_path / name)
        return tmp_path / name

    return write
