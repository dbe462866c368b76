"""Image encoders and style models, against transformers' models and formulas written out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from models.engine import Engine
from models.errors import CheckpointError, ModelError
from models.networks.clip_vision import ClipVision
from models.vision import VisionOutput, preprocess, with_style_tokens
from tests.models.text_models import clip_vision, open_clip_vision, randomised, siglip, tensors_of

Write = Callable[..., Path]
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


def pictures(edge: int) -> Tensor:
    """(2, edge, edge, 3), in steps of 1/255."""
    torch.manual_seed(0)
    return torch.randint(0, 256, (2, edge, edge, 3)) / 255


@pytest.mark.parametrize(("width", "activation"), [(64, "quick_gelu"), (1024, "quick_gelu"), (1280, "gelu")])
@pytest.mark.parametrize("layout", ["transformers", "open_clip", "unclip"])
def test_clip_is_transformers(layout: str, width: int, activation: str, engine: Engine, write: Write) -> None:
    reference = clip_vision(width, 2 if width > 64 else 3, activation)
    tensors = tensors_of(reference) | {"text_model.final_layer_norm.bias": torch.zeros(2)}
    if layout != "transformers":
        tensors = open_clip_vision(reference, {"open_clip": "visual.", "unclip": "embedder.model.visual."}[layout])
    encoder = engine.load_clip_vision(write(tensors))
    x = pictures(28)
    found = encoder.encode(x)
    with torch.no_grad():
        expected = reference(pixel_values=(x.movedim(-1, 1) - MEAN) / STD, output_hidden_states=True)
    assert torch.allclose(found.last_hidden_state, expected.last_hidden_state, atol=1e-5)
    assert torch.allclose(found.penultimate_hidden_states, expected.hidden_states[-2], atol=1e-5)
    assert torch.allclose(found["image_embeds"], expected.image_embeds, atol=1e-5)


def test_siglip_is_transformers(engine: Engine, write: Write) -> None:
    reference = siglip()
    encoder = engine.load_clip_vision(write(tensors_of(reference, "vision_model.")))
    x = pictures(28)
    found = encoder.encode(x)
    with torch.no_grad():
        expected = reference(pixel_values=x.movedim(-1, 1) * 2 - 1, output_hidden_states=True)
    assert torch.allclose(found.last_hidden_state, expected.last_hidden_state, atol=1e-5)
    assert torch.equal(found.image_embeds, found.last_hidden_state)
    assert torch.allclose(found.penultimate_hidden_states, expected.hidden_states[-2], atol=1e-5)
    assert torch.allclose(found.all_hidden_states, torch.stack(expected.hidden_states[1:], 1), atol=1e-5)


@pytest.mark.parametrize(
    ("patch", "positions", "siglip", "size"),
    [(14, 257, False, 224), (14, 577, False, 336), (14, 729, True, 384), (16, 1024, True, 512)],
)
def test_published_encoders_take_pictures_of_their_size(patch: int, positions: int, siglip: bool, size: int) -> None:
    assert ClipVision(64, 1, 64, 1, patch, positions, "gelu", siglip).size == size


@pytest.mark.parametrize("shape", [(60, 40), (40, 60), (20, 31), (28, 28)])
@pytest.mark.parametrize("crop", [True, False])
def test_pictures_are_resized_as_pillow_does_and_cut_in_the_middle(shape: tuple[int, int], crop: bool) -> None:
    torch.manual_seed(1)
    smooth = nn.functional.interpolate(torch.rand(1, 3, 6, 6), size=shape, mode="bicubic").clamp(0, 1)
    pixels = (smooth[0].movedim(0, -1) * 255).round() / 255
    scale = 28 / min(shape)
    height, width = (round(scale * shape[0]), round(scale * shape[1])) if crop else (28, 28)
    picture = Image.fromarray((pixels * 255).byte().numpy()).resize((width, height), Image.Resampling.BICUBIC)
    top, left = (height - 28) // 2, (width - 28) // 2
    expected = torch.tensor(list(picture.getdata())).view(height, width, 3)[top : top + 28, left : left + 28] / 255
    found = preprocess(torch.cat([pixels, pixels[..., :1]], -1)[None], 28, (0.0,) * 3, (1.0,) * 3, crop)
    assert torch.allclose(found[0].movedim(0, -1), expected, atol=1.01 / 255)
    assert torch.allclose((found * 255).round(), found * 255, atol=1e-4)
    shifted = preprocess(pixels[None], 28, (0.5, 0.25, 0.0), (0.5, 1.0, 2.0), crop)
    assert torch.allclose(shifted[0, 1], found[0, 1] - 0.25, atol=1e-6)


def test_an_unclip_checkpoint_brings_its_image_encoder(
    engine: Engine, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = ("model", "clip", "vae")
    monkeypatch.setattr(engine, "load_checkpoint", lambda path: parts)
    path = write(open_clip_vision(clip_vision(), "embedder.model.visual."))
    *rest, encoder = engine.load_unclip(path)
    assert tuple(rest) == parts
    assert encoder == engine.load_clip_vision(path)
    assert engine.load_unclip(write({"x": torch.zeros(1)}, "plain.safetensors")) == (*parts, None)


def output_of(states: Tensor) -> VisionOutput:
    return VisionOutput(states, states, states)


def test_redux_is_two_layers_over_every_token(engine: Engine, write: Write) -> None:
    up, down = randomised(nn.Linear(24, 36), 0), randomised(nn.Linear(36, 12), 1)
    tensors = {f"redux_up.{k}": v for k, v in up.state_dict().items()}
    tensors |= {f"redux_down.{k}": v for k, v in down.state_dict().items()}
    style = engine.load_style_model(write(tensors))
    states = torch.randn(2, 5, 24)
    with torch.no_grad():
        expected = down(nn.functional.silu(up(states))).reshape(1, 10, 12)
    assert torch.allclose(style.tokens(output_of(states)), expected, atol=1e-5)
    with pytest.raises(ModelError, match=r"encoded 25 wide.*reads 24"):
        style.tokens(output_of(torch.randn(1, 5, 25)))


def test_the_style_adapter_is_a_transformer_whose_own_tokens_answer(engine: Engine, write: Write) -> None:
    width, layers, own, context = 32, 2, 3, 12
    torch.manual_seed(3)
    tensors = {"style_embedding": torch.randn(1, own, width), "proj": torch.randn(width, context) / width**0.5}
    norms = ["ln_pre", "ln_post", *(f"transformer_layes.{i}.ln_{n}" for i in range(layers) for n in (1, 2))]
    for norm in norms:
        tensors |= {f"{norm}.weight": 1 + torch.randn(width) * 0.1, f"{norm}.bias": torch.randn(width) * 0.1}
    for i in range(layers):
        start = f"transformer_layes.{i}."
        for name, (out, into) in {
            "attn.out_proj.": (width, width),
            "attn.in_proj_": (3 * width, width),
            "mlp.c_fc.": (4 * width, width),
            "mlp.c_proj.": (width, 4 * width),
        }.items():
            tensors |= {f"{start}{name}weight": torch.randn(out, into) / into**0.5}
            tensors |= {f"{start}{name}bias": torch.randn(out) * 0.1}
    states = torch.randn(2, 5, width)

    def norm(x: Tensor, name: str) -> Tensor:
        return nn.functional.layer_norm(x, (width,), tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    x = norm(torch.cat([states, tensors["style_embedding"].expand(2, -1, -1)], 1), "ln_pre")
    for i in range(layers):
        start = f"transformer_layes.{i}."
        y = norm(x, f"{start}ln_1") @ tensors[f"{start}attn.in_proj_weight"].t() + tensors[f"{start}attn.in_proj_bias"]
        q, k, v = (part.view(2, -1, 8, 4).transpose(1, 2) for part in y.chunk(3, -1))
        attended = ((q @ k.transpose(-1, -2)) / 2).softmax(-1) @ v
        attended = attended.transpose(1, 2).reshape(2, -1, width)
        x = x + attended @ tensors[f"{start}attn.out_proj.weight"].t() + tensors[f"{start}attn.out_proj.bias"]
        y = norm(x, f"{start}ln_2") @ tensors[f"{start}mlp.c_fc.weight"].t() + tensors[f"{start}mlp.c_fc.bias"]
        y = y * torch.sigmoid(1.702 * y)
        x = x + y @ tensors[f"{start}mlp.c_proj.weight"].t() + tensors[f"{start}mlp.c_proj.bias"]
    expected = norm(x[:, -own:], "ln_post") @ tensors["proj"]
    style = engine.load_style_model(write(tensors))
    assert torch.allclose(style.tokens(output_of(states)), expected.reshape(1, 2 * own, context), atol=1e-5)


def test_files_of_other_kinds_are_refused(engine: Engine, write: Write) -> None:
    path = write({"something.weight": torch.zeros(2)})
    with pytest.raises(CheckpointError, match="no image encoder"):
        engine.load_clip_vision(path)
    with pytest.raises(CheckpointError, match="no style model"):
        engine.load_style_model(path)


def test_style_tokens_multiply_or_weigh_the_attention() -> None:
    prompt, tokens = torch.randn(1, 4, 8), torch.randn(1, 3, 8)
    given = [[prompt, {"guidance": 3.5}]]
    [[states, options]] = with_style_tokens(given, tokens, 0.5)
    assert torch.equal(states, torch.cat([prompt, tokens * 0.5], 1))
    assert options == {"guidance": 3.5}
    [[states, options]] = with_style_tokens(given, tokens, 0.5, biased=True)
    assert torch.equal(states, torch.cat([prompt, tokens], 1))
    half = torch.tensor(0.5).log().half()
    mask = torch.zeros(1, 8, 8, dtype=torch.float16)
    mask[:, :4, 4:7] = half  # the prompt's tokens
    mask[:, 7:, 4:7] = half  # the picture's
    assert torch.equal(options["attention_mask"], mask)
    assert options["attention_mask_img_shape"] == (1, 1)
    assert with_style_tokens(given, tokens, 1.0, biased=True)[0][1] == {"guidance": 3.5}
    assert given == [[prompt, {"guidance": 3.5}]]


def test_a_second_picture_keeps_what_the_first_was_weighed_with() -> None:
    tokens = torch.randn(1, 2, 8)
    first = with_style_tokens([[torch.randn(1, 3, 8), {}]], tokens, 0.25, biased=True)
    [[states, options]] = with_style_tokens(first, tokens, 2.0)
    mask = options["attention_mask"]
    assert states.shape[1] == 7
    assert mask.shape == (1, 8, 8)
    quarter = torch.tensor(0.25).log().half()
    assert torch.equal(mask[0, 0], torch.tensor([0, 0, 0, quarter, quarter, 0, 0, 0]).half())
    assert torch.equal(mask[0, 7], mask[0, 0])
    assert mask[0, 5:7].abs().sum() == 0


def test_a_mask_of_yes_and_no_becomes_a_bias_and_zero_strength_hides() -> None:
    seen = torch.ones(1, 3, 3, dtype=torch.bool)
    seen[0, 0, 1] = False
    given = [[torch.randn(1, 2, 8), {"attention_mask": seen, "attention_mask_img_shape": (1, 1)}]]
    mask = with_style_tokens(given, torch.randn(1, 1, 8), 0.0, biased=True)[0][1]["attention_mask"]
    assert mask[0, 0].tolist() == [0, -torch.inf, -torch.inf, 0]
    assert mask[0, 1].tolist() == [0, 0, -torch.inf, 0]


def test_style_tokens_of_another_family_are_refused() -> None:
    with pytest.raises(ModelError, match=r"768 wide.*4,096"):
        with_style_tokens([[torch.randn(1, 2, 768), {}]], torch.randn(1, 1, 4096))
