"""Train the autoencoder on the pictures that data.py made, then white the latents and keep them.

    python models/train/train_vae.py --minutes 35            (goes on where it was, if it was interrupted)

Writes `vae.pt` (checkpoint), `vae.log`, `vae.png` (pictures above their reconstructions), and at the end
`latents.pt`: the VAE, and latents (n, 4, 16, 16) of mean 0 and deviation 1 with their names.
"""

import argparse
from pathlib import Path

import captions
import data
import numpy as np
import torch
import torch.nn.functional as F
from architecture import LATENT_SCALE, make_vae, parameters
from common import Clock, learning_rate, log, pick_device, restore, save, set_rate
from PIL import Image

PEAK_RATE = 4e-4
# In place of a learned spread with a KL term, which on so few steps sets the latents to 0 before the decoder uses
# them: noise of a fixed size, and a weight that holds the latents' mean square near 1.
NOISE = 0.05
SIZE_WEIGHT = 0.01
# A linear map from each latent to the mean colour of its 8 x 8 pixels must exist. Without it the encoder long spends
# its four channels on brightness, blue against brown, and edges, and green never arrives.
COLOUR_WEIGHT = 1.0
# Latent to RGB, about the factors by which programs draw previews of Stable Diffusion 1 latents. Ours
# are turned so that these fit as well as they can: then live previews show about the right colours.
PREVIEW = torch.tensor([[0.35, 0.23, 0.32], [0.33, 0.50, 0.24], [-0.28, 0.18, 0.27], [-0.21, -0.26, -0.72]])


def batch(pictures: torch.Tensor, share: float, generator: torch.Generator) -> torch.Tensor:
    """Random pictures, half of them mirrored, as (b, 3, s, s) in [-1, 1].

    Windows of 64 for the first 70% of the time, then whole pictures: group norms measure the whole
    input, so the last word must come from inputs like those in use.
    """
    size, count = (64, 8) if share < 0.7 else (128, 3)
    chosen = torch.randint(len(pictures), (count,), generator=generator)
    windows = []
    for index in chosen:
        y, x = torch.randint(0, 128 - size + 1, (2,), generator=generator).tolist()
        window = pictures[index, y : y + size, x : x + size]
        windows.append(window.flip(1) if torch.rand((), generator=generator) < 0.5 else window)
    images = torch.stack(windows).permute(0, 3, 1, 2).float() / 127.5 - 1
    return images.contiguous(memory_format=torch.channels_last)


def reconstruction_loss(made: torch.Tensor, true: torch.Tensor, colour: float = 0.5) -> torch.Tensor:
    """L1 at full size, at three coarser sizes (these pin the colours), and of the edges (these keep it sharp).

    At the coarser sizes the differences between red, green and blue count once more: without that the pictures stay
    brown and blue for long, since one axis of colour already explains most of the set. Their squares count too, since
    what is wrong then is few things (the green ones), but these by much.
    """
    loss = F.l1_loss(made, true)
    for factor in (2, 4, 8):
        off = F.avg_pool2d(made - true, factor)
        tint = off - off.roll(1, dims=1)
        loss = loss + 0.5 * off.abs().mean() + colour * (tint.abs() + 4 * tint.square()).mean()
    for axis in (2, 3):
        loss = loss + 0.5 * F.l1_loss(made.diff(dim=axis), true.diff(dim=axis))
    return loss


def white(vae, latents: torch.Tensor, thumbs: torch.Tensor) -> torch.Tensor:
    """Fold into the VAE a linear map after which its latents times LATENT_SCALE have mean 0 and covariance 1.

    latents (n, 4): means of the posterior at random places; thumbs (n, 3): the RGB colours there, mean 0.
    Of all such maps it takes the one whose latents come nearest to RGB by the PREVIEW factors (Procrustes).
    """
    mean = latents.mean(0)
    values, vectors = torch.linalg.eigh((latents - mean).T.cov())
    whitening = vectors @ torch.diag(values.rsqrt()) @ vectors.T
    white_latents = (latents - mean) @ whitening.T
    to_colour = white_latents.T @ thumbs / len(thumbs)
    u, _, v = torch.linalg.svd(PREVIEW.to(latents) @ to_colour.T)
    turn = (u @ v) @ whitening / LATENT_SCALE  # new latent = turn @ (old - mean)
    back = torch.linalg.inv(turn)
    with torch.no_grad():
        into, out = vae.quant_conv, vae.post_quant_conv
        weight, bias = into.weight[:4, :, 0, 0].double(), into.bias[:4].double()
        into.weight[:4, :, 0, 0] = (turn @ weight).float()
        into.bias[:4] = (turn @ (bias - mean)).float()
        # The spread of the posterior cannot be turned channel by channel: make it next to nothing everywhere.
        into.weight[4:] = 0
        into.bias[4:] = -12
        weight = out.weight[:, :, 0, 0].double()
        out.bias += (weight @ mean).float()
        out.weight[:, :, 0, 0] = (weight @ back).float()
    return turn


@torch.no_grad()
def encode_all(vae, pictures: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The posterior means (n, 4, 16, 16) of pictures (n, 128, 128, 3) uint8."""
    parts = []
    for part in pictures.split(32):
        images = part.permute(0, 3, 1, 2).float().to(device) / 127.5 - 1
        with torch.autocast(device.type, torch.bfloat16):
            parts.append(vae.encode(images).latent_dist.mean.float().cpu())
    return torch.cat(parts)


@torch.no_grad()
def show(vae, pictures: torch.Tensor, path: Path, device: torch.device) -> float:
    """Write 24 pictures above their reconstructions; returns the mean absolute error in levels of 255."""
    chosen = pictures[:: len(pictures) // 24][:24]
    latents = encode_all(vae, chosen, device)
    with torch.autocast(device.type, torch.bfloat16):
        made = torch.cat([vae.decode(part.to(device)).sample.cpu() for part in latents.split(8)])
    made = ((made.float().clamp(-1, 1) + 1) * 127.5).permute(0, 2, 3, 1)
    rows = []
    for start in (0, 12):
        for block in (chosen, made.round().to(torch.uint8)):
            rows.append(np.concatenate(list(block[start : start + 12].numpy()), axis=1))
    Image.fromarray(np.concatenate(rows)).save(path)
    return (made - chosen.float()).abs().mean().item()


def finish(vae, pictures: torch.Tensor, known: list[str], run: Path, device: torch.device) -> None:
    """White the latents of the trained VAE; keep it, and the latents of the pictures that are trained on further.

    Those are the ones of names.txt and half as many others. The mirror image of a latent serves as the latent of the
    mirror image: the decoder learns in train_decoder.py what that means.
    """
    vae.eval()
    wanted = captions.chosen(known)
    others = [name for name in known if name not in set(wanted)]
    names = wanted + others[:: max(1, 2 * len(others) // len(wanted))]
    pictures = pictures[[known.index(name) for name in names]]
    means = encode_all(vae, pictures, device)
    thumbs = F.avg_pool2d(pictures.permute(0, 3, 1, 2).float() / 127.5 - 1, 8)
    flat = means.permute(0, 2, 3, 1).reshape(-1, 4).double()
    colours = thumbs.permute(0, 2, 3, 1).reshape(-1, 3).double()
    turn = white(vae, flat, colours - colours.mean(0))
    latents = torch.einsum("oc,nchw->nohw", turn, (means.double() - flat.mean(0).view(1, 4, 1, 1)))
    latents = latents.float() * LATENT_SCALE
    log(run, "vae", mean=latents.mean((0, 2, 3)).tolist(), deviation=latents.std((0, 2, 3)).tolist())
    save(run / "latents.pt", vae=vae.state_dict(), latents=latents, names=names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path(__file__).parent / "runs" / "emoji")
    parser.add_argument("--minutes", type=float, default=35, help="time to train, interruptions not counted")
    arguments = parser.parse_args()
    run, (device, kind) = arguments.run, pick_device()

    pictures, known = data.load(run)
    pictures = torch.from_numpy(pictures)
    torch.manual_seed(0)
    vae = make_vae().to(device, memory_format=torch.channels_last)
    colour = torch.nn.Linear(4, 3).to(device)
    everything = [*vae.parameters(), *colour.parameters()]
    optimizer = torch.optim.AdamW(everything, lr=0, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    step, clock = 0, Clock(arguments.minutes * 60)
    if (state := restore(run / "vae.pt")) is not None:
        vae.load_state_dict(state["vae"])
        colour.load_state_dict(state["colour"])
        optimizer.load_state_dict(state["optimizer"])
        step, clock.spent = state["step"], state["spent"]
    generator = torch.Generator().manual_seed(step)

    def forward(images, noise):
        mean = vae.encode(images).latent_dist.mean
        return vae.decode(mean + NOISE * noise).sample, mean

    def keep():
        state = {"vae": vae.state_dict(), "colour": colour.state_dict(), "optimizer": optimizer.state_dict()}
        save(run / "vae.pt", **state, step=step, spent=clock.spent)

    log(run, "vae", start=step, device=str(device), millions=parameters(vae), minutes=arguments.minutes)
    total, since = 0.0, 0
    while (share := clock.tick()) < 1:
        images = batch(pictures, share, generator).to(device)
        count, _, size, _ = images.shape
        noise = torch.randn(count, 4, size // 8, size // 8, device=device)
        set_rate(optimizer, learning_rate(PEAK_RATE, share, step))
        with torch.autocast(device.type, kind):
            made, mean = forward(images, noise)
        mean = mean.float()
        power = mean.square().mean()
        tint = (colour(mean.permute(0, 2, 3, 1)) - F.avg_pool2d(images, 8).permute(0, 2, 3, 1)).abs().mean()
        loss = reconstruction_loss(made.float(), images) + COLOUR_WEIGHT * tint
        loss = loss + SIZE_WEIGHT * (power - 1).clamp(min=0)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(everything, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step, total, since = step + 1, total + loss.item(), since + 1
        if step % 50 == 0:
            values = {"loss": round(total / since, 4), "power": round(power.item(), 2), "tint": round(tint.item(), 3)}
            log(run, "vae", step=step, share=round(share, 3), **values)
            total, since = 0.0, 0
        if step % 100 == 0:
            keep()
            log(run, "vae", error=show(vae, pictures, run / "vae.png", device))
    keep()
    log(run, "vae", end=step)
    finish(vae, pictures, known, run, device)


if __name__ == "__main__":
    main()
