"""Draw a page of prompts with the exported file: the way to see how good the model is.

python models/train/contact_sheet.py models/checkpoints/easel-emoji.safetensors docs/images/contact-sheet.png
"""

import argparse
import time
from pathlib import Path

import ldm
import torch
from architecture import LATENT_SCALE, TOKENS
from PIL import Image, ImageDraw
from train_unet import alphas
from transformers import CLIPTokenizer
from words import TOKENIZER

PROMPTS = (
    "a red apple", "a banana", "a strawberry", "a watermelon", "a pizza", "a hamburger", "a doughnut", "a croissant",
    "a cat face", "a dog face", "a fox", "a lion", "a panda", "a koala", "a pig face", "a frog",
    "an elephant", "a dolphin", "a tropical fish", "an octopus", "a butterfly", "a lady beetle", "a snail", "a turtle",
    "a rose", "a sunflower", "a tulip", "a cactus", "a palm tree", "a mushroom", "a four leaf clover", "a rainbow",
    "the sun with face", "a full moon", "a snowman", "a volcano", "a house", "a rocket", "a sailboat", "an automobile",
    "a red heart", "a blue heart", "a skull", "a ghost", "a robot", "a clown face", "an alien", "a jack o lantern",
)  # fmt: skip
CAPTION = 14  # pixels under each picture


def sigmas(steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The "normal" schedule: `steps` + 1 noise levels falling to 0, and the model's step for each but the last."""
    times = torch.linspace(999, 0, steps + 1)[:-1] if steps > 1 else torch.tensor([999.0])
    alpha = alphas()
    table = ((1 - alpha) / alpha).sqrt().log()
    low = times.floor().long()
    high, share = (low + 1).clamp(max=999), times - low
    levels = (table[low] * (1 - share) + table[high] * share).exp()
    return torch.cat([levels, torch.zeros(1)]), times


@torch.no_grad()
def draw(networks: tuple, prompts: list[str], steps: int, cfg: float, seed: int) -> torch.Tensor:
    """Pictures (b, 3, 128, 128) in [0, 1] by Euler's method; each prompt has the noise of `seed`."""
    unet, vae, text = networks
    tokenizer = CLIPTokenizer.from_pretrained(TOKENIZER)
    rows = tokenizer([*prompts, ""], padding="max_length", max_length=TOKENS, truncation=True, return_tensors="pt")
    context = text(rows["input_ids"]).last_hidden_state
    context = torch.cat([context[:-1], context[-1:].expand(len(prompts), -1, -1)])
    levels, times = sigmas(steps)
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(seed))
    x = noise.expand(len(prompts), -1, -1, -1) * (1 + levels[0] ** 2).sqrt()
    for index, sigma in enumerate(levels[:-1]):
        scaled = (x / (1 + sigma**2).sqrt()).repeat(2, 1, 1, 1)
        wanted, empty = unet(scaled, times[index], context).sample.chunk(2)
        x = x + (empty + cfg * (wanted - empty)) * (levels[index + 1] - sigma)
    pictures = torch.cat([vae.decode(part / LATENT_SCALE).sample for part in x.split(8)])
    return ((pictures + 1) / 2).clamp(0, 1)


def page(pictures: torch.Tensor, titles: list[str], columns: int = 8) -> Image.Image:
    """The pictures in rows, each with its prompt under it."""
    cell = 128 + CAPTION
    sheet = Image.new("RGB", (columns * 128, -(-len(titles) // columns) * cell), "white")
    pen = ImageDraw.Draw(sheet)
    for index, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
        x, y = index % columns * 128, index // columns * cell
        values = (picture.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
        sheet.paste(Image.fromarray(values), (x, y))
        pen.text((x + 4, y + 127), title, fill="black")
    return sheet


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cfg", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--prompts", nargs="*", default=list(PROMPTS))
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    start = time.monotonic()
    made = draw(ldm.read(arguments.checkpoint), arguments.prompts, arguments.steps, arguments.cfg, arguments.seed)
    page(made, arguments.prompts).save(arguments.out, optimize=True)
    print(f"{len(made)} pictures in {time.monotonic() - start:.0f} s")
