"""Go on training the decoder alone, from the latents that train_vae.py kept; the latents stay as they are.

So it can run beside train_unet.py, which needs nothing of the decoder, each on cores of its own:

    python models/train/train_decoder.py --minutes 70        (goes on where it was, if it was interrupted)

Writes `decoder.pt` (checkpoint, with the whole VAE), `decoder.log` and `decoder.png` into the run's folder.
"""

import argparse
from pathlib import Path

import captions
import data
import torch
from architecture import LATENT_SCALE, make_vae
from common import Clock, learning_rate, log, pick_device, restore, save, set_rate
from train_vae import reconstruction_loss, show

PEAK_RATE = 6e-4
BATCH = 3
COLOUR = 2.0  # weight of the differences between red, green and blue, what the first training leaves undone
NOISE = 0.05  # deviation of the noise on latents of deviation 1: the UNet's latents are never exact either


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path(__file__).parent / "runs" / "emoji")
    parser.add_argument("--minutes", type=float, default=70, help="time to train, interruptions not counted")
    arguments = parser.parse_args()
    run, (device, kind) = arguments.run, pick_device()

    pictures, known = data.load(run)
    begun = restore(run / "latents.pt")
    latents = begun["latents"]
    pictures = torch.from_numpy(pictures[[known.index(name) for name in begun["names"]]])
    # Two pictures of three are of names that the UNet learns; the rest keeps the decoder from knowing only those.
    common = torch.tensor([begun["names"].index(name) for name in captions.chosen(begun["names"])])
    torch.manual_seed(0)
    vae = make_vae().to(device, memory_format=torch.channels_last)
    vae.load_state_dict(begun["vae"])
    vae.encoder.requires_grad_(False)
    vae.quant_conv.requires_grad_(False)
    parameters = [parameter for parameter in vae.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=0, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    step, clock = 0, Clock(arguments.minutes * 60)
    if (state := restore(run / "decoder.pt")) is not None:
        vae.load_state_dict(state["vae"])
        optimizer.load_state_dict(state["optimizer"])
        step, clock.spent = state["step"], state["spent"]
    generator = torch.Generator().manual_seed(step)

    def keep():
        save(run / "decoder.pt", vae=vae.state_dict(), optimizer=optimizer.state_dict(), step=step, spent=clock.spent)
        log(run, "decoder", error=show(vae, pictures, run / "decoder.png", device))

    log(run, "decoder", start=step, device=str(device), minutes=arguments.minutes)
    total, since = 0.0, 0
    while (share := clock.tick()) < 1:
        often = common[torch.randint(len(common), (BATCH - 1,), generator=generator)]
        chosen = torch.cat([often, torch.randint(len(pictures), (1,), generator=generator)])
        mirrored = torch.rand(BATCH, generator=generator) < 0.5
        true = pictures[chosen]
        true = torch.where(mirrored.view(-1, 1, 1, 1), true.flip(2), true)
        true = true.permute(0, 3, 1, 2).float().to(device) / 127.5 - 1
        latent = latents[chosen]
        latent = torch.where(mirrored.view(-1, 1, 1, 1), latent.flip(3), latent)
        latent = latent + NOISE * torch.randn(latent.shape, generator=generator)
        set_rate(optimizer, learning_rate(PEAK_RATE, share, step))
        with torch.autocast(device.type, kind):
            made = vae.decode((latent / LATENT_SCALE).to(device)).sample
        loss = reconstruction_loss(made.float(), true, COLOUR)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step, total, since = step + 1, total + loss.item(), since + 1
        if step % 50 == 0:
            log(run, "decoder", step=step, share=round(share, 3), loss=round(total / since, 4))
            total, since = 0.0, 0
        if step % 200 == 0:
            keep()
    keep()
    log(run, "decoder", end=step)


if __name__ == "__main__":
    main()
