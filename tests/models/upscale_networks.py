"""One small network of every architecture that spandrel reads, with the sizes that its loader can tell from tensors."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

Run = Callable[[nn.Module, Tensor], Tensor]


def plain(network: nn.Module, x: Tensor) -> Tensor:
    return network(x)


def with_noise_level(network: nn.Module, x: Tensor) -> Tensor:
    """Denoisers that are told how noisy a picture is: 15 of 255, as their authors' default."""
    return network(torch.cat([x, torch.full_like(x[:, :1], 15 / 255)], dim=1))


def first(network: nn.Module, x: Tensor) -> Tensor:
    """The picture, of several results."""
    return network(x)[0]


def signed(network: nn.Module, x: Tensor) -> Tensor:
    """From values between -1 and 1."""
    return network(x) * 0.5 + 0.5


def face(network: nn.Module, x: Tensor) -> Tensor:
    """Values between -1 and 1, and the noise that the network came with."""
    return network(x * 2 - 1, randomize_noise=False)[0] * 0.5 + 0.5


def restored(network: nn.Module, x: Tensor) -> Tensor:
    return network(x * 2 - 1)[0] * 0.5 + 0.5


def seeded(network: nn.Module, x: Tensor) -> Tensor:
    """A network that draws noise."""
    torch.manual_seed(0)
    return network(x)


def in_bytes(network: nn.Module, x: Tensor) -> Tensor:
    """Pictures as values up to 255, of exactly the size of a patch."""
    network.set_scale(0)
    return network(x * 255) / 255


@dataclass(frozen=True)
class Small:
    """How to build a network of one architecture, and how to call it."""

    architecture: str
    sizes: dict[str, Any] = field(default_factory=dict)
    scale: int = 1
    multiple: int = 1
    """Sides of pictures have to be multiples of this, and at least `minimum`."""
    minimum: int = 0
    side: int = 32
    """Of a picture on which the network can be tried."""
    channels: int = 3
    gain: float = 1
    """What random weights are multiplied by, where without it next to nothing of the picture would come through."""
    run: Run = plain
    name: str = ""
    """The class, where it is not called as the architecture."""

    def __str__(self) -> str:
        return self.name or self.architecture

    def build(self) -> nn.Module:
        """The network in evaluation mode, with random weights and nothing left at zero."""
        module = importlib.import_module(f"spandrel.architectures.{self.architecture}")
        torch.manual_seed(5)
        network: nn.Module = getattr(module, str(self))(**self.sizes)
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.is_floating_point() and parameter.numel() and not parameter.any():
                    parameter.normal_(0, 0.05)
                parameter.mul_(self.gain)
        return network.eval()

    def fitted(self, x: Tensor) -> Tensor:
        """The picture (1, c, h, w), enlarged to a size that the network takes: mirrored, then the last pixel over."""
        for axis in (-2, -1):
            length = x.shape[axis]
            wanted = -(-max(length, self.minimum) // self.multiple) * self.multiple
            at = torch.arange(wanted)
            mirrored = torch.where(at < length, at, 2 * (length - 1) - at).clamp(min=0)
            x = x.index_select(axis, mirrored)
        return x


SMALL = (
    Small("Compact", {"num_feat": 8, "num_conv": 2, "upscale": 2}, scale=2),
    Small("SwiftSRGAN", {"num_channels": 8, "num_blocks": 16, "upscale_factor": 4}, scale=4),
    Small(
        "HAT",
        {"embed_dim": 12, "depths": (2,), "num_heads": (2,), "window_size": 16, "upscale": 2}
        | {"compress_ratio": 3, "squeeze_factor": 4, "num_feat": 64, "upsampler": "pixelshuffle", "mlp_ratio": 2},
        scale=2,
        minimum=16,
    ),
    Small(
        "GRL",
        {"embed_dim": 32, "depths": [2], "num_heads_window": [2], "num_heads_stripe": [2], "mlp_ratio": 2.0}
        | {"stripe_shift": True, "anchor_window_down_factor": 4},
    ),
    Small(
        "Swin2SR",
        {"img_size": 16, "embed_dim": 12, "depths": [2], "num_heads": [2], "window_size": 8, "mlp_ratio": 2.0}
        | {"upscale": 2, "upsampler": "pixelshuffledirect"},
        scale=2,
        minimum=16,
    ),
    Small(
        "SwinIR",
        {"img_size": 16, "embed_dim": 12, "depths": [2], "num_heads": [2], "window_size": 8, "mlp_ratio": 2.0}
        | {"upscale": 2, "upsampler": "pixelshuffledirect"},
        scale=2,
        minimum=16,
    ),
    Small("GFPGAN", minimum=512, run=face),
    Small(
        "RestoreFormer",
        {"n_embed": 16, "embed_dim": 8, "ch": 32, "ch_mult": (1, 2), "num_res_blocks": 1, "z_channels": 8},
        multiple=32,
        run=restored,
    ),
    Small("OmniSR", {"num_feat": 16, "res_num": 1, "block_num": 1, "up_scale": 2, "window_size": 8}, 2, minimum=16),
    Small("SCUNet", {"config": [1] * 7, "dim": 64}, minimum=40),
    Small("FBCNN", {"nc": [4, 8, 8, 512], "nb": 2}, run=first),
    Small("Uformer", {"embed_dim": 8, "depths": [1] * 9, "num_heads": [1] * 9}, multiple=128),
    Small(
        "RGT",
        {"img_size": 64, "embed_dim": 16, "depth": [2], "num_heads": [2], "mlp_ratio": 2.0, "upscale": 2},
        2,
        minimum=16,
    ),
    Small(
        "DAT", {"embed_dim": 16, "depth": [2], "num_heads": [2], "expansion_factor": 2.0, "upscale": 2}, 2, minimum=16
    ),
    Small("CRAFT", {"embed_dim": 24, "depths": [1], "num_heads": [2], "upscale": 2}, scale=2, multiple=16, minimum=16),
    Small("KBNet", {"width": 8, "middle_blk_num": 1, "enc_blk_nums": [1, 1], "dec_blk_nums": [1, 1]}, name="KBNet_s"),
    Small(
        "KBNet",
        {"dim": 48, "num_blocks": [1, 1, 1, 1], "num_refinement_blocks": 1, "heads": [1, 1, 1, 1]},
        multiple=16,
        name="KBNet_l",
    ),
    Small("DITN", {"dim": 8, "ITL_blocks": 1, "SAL_blocks": 1, "upscale": 2}, scale=2, multiple=8),
    Small(
        "MMRealSR",
        {"num_in_ch": 3, "num_out_ch": 3, "scale": 4, "num_feat": 8, "num_block": 1, "num_grow_ch": 4}
        | {"num_feats": [8, 8, 8, 8], "num_blocks": [1, 1, 1, 1]},
        scale=4,
        minimum=16,
        run=first,
    ),
    Small("SPAN", {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 8, "upscale": 2}, scale=2, gain=0.5),
    Small("RealCUGAN", name="UpCunet2x", scale=2, minimum=32),
    Small("SAFMN", {"dim": 8, "n_blocks": 2, "upscaling_factor": 2}, scale=2, multiple=8),
    Small("SAFMNBCIE", {"dim": 8, "n_blocks": 1, "num_layers": 1, "upscaling_factor": 2}, multiple=16),
    Small("DCTLSA", {"nf": 10, "num_modules": 6, "upscale": 2}, scale=2, minimum=16),
    Small("FFTformer", {"dim": 8, "num_blocks": [1, 1, 1], "num_refinement_blocks": 1}, multiple=32),
    Small("NAFNet", {"width": 8, "enc_blk_nums": [1, 1], "middle_blk_num": 1, "dec_blk_nums": [1, 1]}),
    Small(
        "ATD",
        {"embed_dim": 16, "depths": (2,), "num_heads": (2,), "window_size": 8, "num_tokens": 8, "upscale": 2}
        | {"upsampler": "pixelshuffledirect"},
        scale=2,
        minimum=8,
    ),
    Small("MixDehazeNet", {"embed_dims": [8, 8, 16, 8, 8], "depths": [1] * 5}, minimum=40, run=signed),
    Small("DRUNet", {"in_nc": 4, "out_nc": 3, "nc": [4, 4, 8, 8], "nb": 2}, multiple=8, run=with_noise_level),
    Small("DnCNN", {"in_nc": 1, "out_nc": 1, "nc": 8, "nb": 5}, channels=1),
    Small(
        "IPT",
        {"n_feats": 12, "patch_size": 24, "num_layers": 1, "num_heads": 12, "scale": [2]},
        scale=2,
        minimum=24,
        run=in_bytes,
        side=24,
    ),
    Small(
        "DRCT",
        {"img_size": 16, "embed_dim": 16, "depths": (6,), "num_heads": (2,), "window_size": 8, "gc": 8}
        | {"upscale": 2, "upsampler": "pixelshuffle"},
        scale=2,
        multiple=16,
    ),
    Small("ESRGAN", {"num_filters": 8, "num_blocks": 1, "scale": 2}, scale=2, gain=1.5, minimum=2),
    Small("PLKSR", {"dim": 16, "n_blocks": 2, "upscaling_factor": 2, "kernel_size": 5}, scale=2),
    Small("PLKSR", {"dim": 16, "n_blocks": 2, "upscaling_factor": 2, "kernel_size": 5}, scale=2, name="RealPLKSR"),
    Small("RetinexFormer", {"n_feat": 8, "stage": 1, "num_blocks": [1, 1, 1]}, multiple=8),
    Small("HVICIDNet", {"channels": [8, 8, 16, 32]}, multiple=8),
    Small("SeemoRe", {"scale": 2, "num_experts": 3, "num_layers": 1, "embedding_dim": 12}, scale=2, minimum=16),
    Small("MoSR", {"upscale": 2, "n_block": 2, "dim": 16}, scale=2),
    Small("MoESR", {"scale": 2, "dim": 16, "n_blocks": 1, "n_block": 1}, scale=2, minimum=2),
    Small("RCAN", {"scale": 2, "n_resgroups": 1, "n_resblocks": 1, "n_feats": 16, "reduction": 4}, scale=2),
    Small("FDAT", {"scale": 2, "embed_dim": 24, "num_groups": 1, "depth_per_group": 1, "num_heads": 2}, 2, gain=3),
    Small(
        "AuraSR",
        {"dim": 16, "image_size": None, "input_image_size": None, "up_dim_mults": (1, 2, 2, 2, 2)}
        | {"style_network": {"dim_in": 16, "dim_out": 64, "depth": 2}, "down_dim_mults": (2, 2, 2)}
        | {"self_attn_dim_head": 8, "attn_depths": (2, 2, 2, 1, 1), "mid_attn_depth": 1, "num_conv_kernels": 2}
        | {"skip_connect_scale": 0.4},
        scale=4,
        minimum=16,
        multiple=8,
        run=seeded,
    ),
)
