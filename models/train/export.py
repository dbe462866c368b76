"""Write the trained model as one file in Stable Diffusion 1's layout, and check the file.

    python models/train/export.py --out models/checkpoints/easel-emoji.safetensors

The check builds the three networks anew from the file alone and compares one step of each with the trained ones.
"""

import argparse
from pathlib import Path

import captions
import ldm
import torch
from architecture import make_text, make_unet, make_vae
from common import restore
from words import Words


def trained(run: Path) -> tuple:
    """The UNet and text encoder with averaged weights and whole vocabulary, and the VAE, from a run's folder."""
    names = captions.chosen(restore(run / "latents.pt")["names"])
    words = Words(captions.all_captions(names))
    state, vae = restore(run / "unet.pt"), make_vae()
    vae.load_state_dict((restore(run / "decoder.pt") or restore(run / "latents.pt"))["vae"])
    unet, text = make_unet(), make_text()
    unet.load_state_dict(state["unet_average"])
    weights = state["text_average"]
    table = next(key for key in weights if key.endswith("token_embedding.weight"))
    weights[table] = words.full_table(weights[table])
    text.load_state_dict(weights)
    return tuple(module.eval().requires_grad_(False) for module in (unet, vae, text))


def check(path: Path, unet, vae, text) -> float:
    """The largest difference between the file's networks and the given ones; rounding to fp16 makes about 0.01."""
    generator = torch.Generator().manual_seed(0)
    latent = torch.randn(1, 4, 16, 16, generator=generator)
    rows = torch.tensor([[49406, 320, 736, 3055, *[49407] * 73]])
    results = []
    for a, b, c in ((unet, vae, text), ldm.read(path)):
        context = c(rows).last_hidden_state
        picture = b.decode(latent / 0.18215).sample
        back = b.encode(picture.clamp(-1, 1)).latent_dist.mean * 0.18215
        results.append([context, a(latent, torch.tensor([500]), context).sample, picture, back])
    return max((one - two).abs().max().item() for one, two in zip(*results, strict=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path(__file__).parent / "runs" / "emoji")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    networks = trained(arguments.run)
    size = ldm.write(arguments.out, *networks)
    print(f"{arguments.out}: {size / 1e6:.1f} MB, differs by at most {check(arguments.out, *networks):.4f}")
