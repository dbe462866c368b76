"""Train the UNet and the text encoder together on the latents that train_vae.py kept.

    python models/train/train_unet.py --minutes 80           (goes on where it was, if it was interrupted)

Writes `unet.pt` (checkpoint with the averaged weights) and `unet.log` into the run's folder.
"""

import argparse
import copy
import random
from pathlib import Path

import captions
import torch
from architecture import make_text, make_unet, parameters
from common import Clock, learning_rate, log, pick_device, restore, save, set_rate
from words import Words

PEAK_RATE = 8e-4
BATCH = 16
AVERAGE = 0.995  # decay of the averaged weights, a step
STEPS = 1000  # of the noise schedule


def alphas() -> torch.Tensor:
    """Stable Diffusion 1's schedule: the share of signal power left at each of the 1000 steps."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, STEPS, dtype=torch.float64) ** 2
    return (1 - betas).cumprod(0).float()


def loss_weights(alpha: torch.Tensor) -> torch.Tensor:
    """How much the error in the noise counts at each step.

    Min-SNR (Hang et al. 2023, gamma 5) where there is little noise. Where there is much, more than that paper's 1,
    since there the noise nearly shows itself and layout and colours hide in a small rest of the error.
    """
    snr = alpha / (1 - alpha)
    return (5 / snr).clamp(max=1) * (1 + 1 / snr).sqrt().clamp(max=10)


class Average:
    """Running means of parameters; they draw better pictures than the last weights do."""

    def __init__(self, modules: list[torch.nn.Module]):
        self.modules = [copy.deepcopy(module).eval().requires_grad_(False) for module in modules]
        self.mine = [parameter for module in self.modules for parameter in module.parameters()]
        self.theirs = [parameter for module in modules for parameter in module.parameters()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the means towards the parameters, faster in the first steps."""
        decay = min(AVERAGE, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.mine, self.theirs, 1 - decay)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, default=Path(__file__).parent / "runs" / "emoji")
    parser.add_argument("--minutes", type=float, default=80, help="time to train, interruptions not counted")
    arguments = parser.parse_args()
    run, (device, kind) = arguments.run, pick_device()

    kept = restore(run / "latents.pt")
    names = captions.chosen(kept["names"])
    words = Words(captions.all_captions(names))
    latents = kept["latents"][[kept["names"].index(name) for name in names]]
    flips = torch.tensor([captions.may_flip(name) for name in names])

    torch.manual_seed(0)
    unet, text = make_unet().to(device), make_text(words.rows).to(device)
    average = Average([unet, text])
    everything = [*unet.parameters(), *text.parameters()]
    heard = {id(each) for name, each in unet.named_parameters() if ".attn2." in name}
    groups = [
        {"params": [each for each in unet.parameters() if id(each) not in heard]},
        # What brings the text in has the weakest signal at first: it may move faster.
        {"params": [*(each for each in unet.parameters() if id(each) in heard), *text.parameters()], "scale": 2.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=0, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    step, clock = 0, Clock(arguments.minutes * 60)
    if (state := restore(run / "unet.pt")) is not None:
        for module, key in ((unet, "unet"), (text, "text"), (average.modules[0], "unet_average")):
            module.load_state_dict(state[key])
        average.modules[1].load_state_dict(state["text_average"])
        if "optimizer" in state:
            optimizer.load_state_dict(state["optimizer"])
        step, clock.spent = state["step"], state["spent"]
    rng, generator = random.Random(step), torch.Generator().manual_seed(step)
    alpha = alphas().to(device)
    weights = loss_weights(alpha)

    def forward(noisy, times, rows):
        return unet(noisy, times, text(rows).last_hidden_state, return_dict=False)[0]

    def keep():
        save(
            run / "unet.pt", unet=unet.state_dict(), text=text.state_dict(), optimizer=optimizer.state_dict(),
            unet_average=average.modules[0].state_dict(), text_average=average.modules[1].state_dict(),
            step=step, spent=clock.spent,
        )  # fmt: skip

    log(run, "unet", start=step, device=str(device), names=len(names), rows=words.rows, minutes=arguments.minutes,
        unet_millions=parameters(unet), text_millions=parameters(text))  # fmt: skip
    order, sums = [], torch.zeros(3, 2)
    while (share := clock.tick()) < 1:
        if len(order) < BATCH:  # every name once before any comes twice
            order += torch.randperm(len(names), generator=generator).tolist()
        chosen, order = torch.tensor(order[:BATCH]), order[BATCH:]
        mirrored = (torch.rand(BATCH, generator=generator) < 0.5) & flips[chosen]
        clean = latents[chosen]
        clean = torch.where(mirrored.view(-1, 1, 1, 1), clean.flip(3), clean).to(device)
        rows = words.encode([captions.caption(names[index], rng) for index in chosen], rng).to(device)
        # Evenly spread within each batch, so that the loss jumps less; more of them where there is much noise, since
        # the text decides there, and what is left to do with little noise is learned soon.
        spread = (torch.arange(BATCH) + torch.rand(BATCH, generator=generator)) / BATCH
        times = (spread**0.7 * STEPS).long().clamp(max=STEPS - 1).to(device)
        noise = torch.randn(clean.shape, generator=generator).to(device)
        signal = alpha[times].view(-1, 1, 1, 1)
        noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        set_rate(optimizer, learning_rate(PEAK_RATE, share, step, warm_up=100))
        with torch.autocast(device.type, kind):
            guess = forward(noisy, times, rows)
        error = (guess.float() - noise).square().mean((1, 2, 3))
        (error * weights[times]).mean().backward()
        torch.nn.utils.clip_grad_norm_(everything, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        average.update(step)
        third = (times * 3 // STEPS).cpu()  # little, middling and much noise, logged apart
        sums.index_add_(0, third, torch.stack([error.detach().cpu(), torch.ones(BATCH)], dim=1))
        if step % 50 == 0:
            parts = [round(value, 4) for value in (sums[:, 0] / sums[:, 1]).tolist()]
            log(run, "unet", step=step, share=round(share, 3), loss=parts)
            sums.zero_()
        if step % 250 == 0:
            keep()
    keep()
    log(run, "unet", end=step)


if __name__ == "__main__":
    main()
