"""What a model file is, told by its table of contents alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.describe import describe
from tests.server.test_server_models import LORA, safetensors

ROOT = Path(__file__).resolve().parent.parent.parent
UNET = "lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k"
CONTROL = "control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"

FILES: list[tuple[dict[str, list[int]], dict[str, str], str, str]] = [
    (LORA, {}, "LoRA", "SDXL"),
    ({f"{UNET}.lora_down.weight": [4, 768], f"{UNET}.lora_up.weight": [320, 4]}, {}, "LoRA", "SD 1"),
    ({f"{UNET}.hada_w1_a": [320, 4], f"{UNET}.hada_w1_b": [4, 1024]}, {}, "LoRA", "SD 2"),
    ({"lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight": [9216, 16]}, {}, "LoRA", "Flux.1"),
    ({"transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": [16, 3072]}, {}, "LoRA", "Flux.1"),
    ({"odd.lora_up.weight": [4, 4]}, {"ss_base_model_version": "sdxl_base_v1-0"}, "LoRA", "SDXL"),
    ({"control_model.zero_convs.0.0.weight": [320, 320, 1, 1], CONTROL: [320, 768]}, {}, "ControlNet", "SD 1"),
    ({"controlnet_blocks.0.weight": [3072, 3072]}, {}, "ControlNet", ""),
    ({"model.diffusion_model.distilled_guidance_layer.in_proj.bias": [1]}, {}, "diffusion model", "Chroma"),
    ({"emb_params": [8, 768]}, {}, "embedding", "SD 1"),
    ({"clip_l": [8, 768], "clip_g": [8, 1280]}, {}, "embedding", "SDXL"),
    ({"decoder.conv_in.weight": [512, 4, 3, 3]}, {}, "VAE", "SD 1 to SDXL"),
    ({"text_model.embeddings.position_embedding.weight": [77, 768]}, {}, "text encoder", ""),
    ({"anything": [3, 3, 3]}, {}, "", ""),
]


@pytest.mark.parametrize(("shapes", "metadata", "kind", "family"), FILES)
def test_kind_and_family(
    tmp_path: Path, shapes: dict[str, list[int]], metadata: dict[str, str], kind: str, family: str
) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors(shapes, metadata))
    found = describe(path)
    assert (found["kind"], found["family"], found["problem"]) == (kind, family, "")
    assert found["tensors"] == len(shapes)
    assert found["precision"] == "fp16"


def test_the_model_that_comes_with_easel() -> None:
    found = describe(ROOT / "models" / "checkpoints" / "easel-emoji.safetensors")
    assert (found["kind"], found["family"], found["parts"]) == ("checkpoint", "SD 1", ["text encoders", "VAE"])


def test_words_of_any_kind_are_no_words(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    for text in ("[]", "{", '{"a": 5}', '{"a": {"b": -1, "c": true}}', "9" * 5000, "[" * 100_000):
        path.write_bytes(safetensors(LORA, {"ss_tag_frequency": text}))
        assert describe(path)["tags"] == []
