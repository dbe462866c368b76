"""Tiny text and image encoders of transformers', with random weights, in the layouts of the published files."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from models.vision_operators import make_torchvision_importable

make_torchvision_importable()

from transformers import (  # noqa: E402
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    SiglipVisionConfig,
    SiglipVisionModel,
    T5Config,
    T5EncoderModel,
)

torch.set_num_threads(1)

START, END = 49406, 49407


def randomised(module: nn.Module, seed: int) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                parameter.copy_(noise * 0.1 + (1 if "norm" in name and name.endswith("weight") else 0))
            else:
                parameter.copy_(noise / parameter[0].numel() ** 0.5)
    return module.eval()


def clip_text(
    width: int = 64, layers: int = 3, activation: str = "quick_gelu", projection: int = 48, seed: int = 0
) -> CLIPTextModelWithProjection:
    config = CLIPTextConfig(
        hidden_size=width,
        num_hidden_layers=layers,
        intermediate_size=2 * width,
        num_attention_heads=max(1, width // 64),
        projection_dim=projection,
        hidden_act=activation,
        bos_token_id=START,
        eos_token_id=END,
    )
    return randomised(CLIPTextModelWithProjection(config), seed)


def t5(width: int = 32, layers: int = 2, tokens: int = 64, seed: int = 0) -> T5EncoderModel:
    config = T5Config(
        d_model=width,
        d_kv=8,
        num_heads=6,
        d_ff=2 * width,
        num_layers=layers,
        vocab_size=tokens,
        feed_forward_proj="gated-gelu",
    )
    return randomised(T5EncoderModel(config), seed)


def clip_vision(
    width: int = 64, layers: int = 3, activation: str = "quick_gelu", edge: int = 2, projection: int = 40
) -> CLIPVisionModelWithProjection:
    config = CLIPVisionConfig(
        hidden_size=width,
        num_hidden_layers=layers,
        intermediate_size=2 * width,
        num_attention_heads=16 if width >= 1024 else max(1, width // 64),
        projection_dim=projection,
        image_size=14 * edge,
        patch_size=14,
        hidden_act=activation,
    )
    return randomised(CLIPVisionModelWithProjection(config), 1)


def siglip(width: int = 64, layers: int = 3, edge: int = 2) -> SiglipVisionModel:
    config = SiglipVisionConfig(
        hidden_size=width,
        num_hidden_layers=layers,
        intermediate_size=2 * width,
        num_attention_heads=max(1, width // 64),
        image_size=14 * edge,
        patch_size=14,
        layer_norm_eps=1e-5,
    )
    return randomised(SiglipVisionModel(config), 2)


def tensors_of(module: nn.Module, prefix: str = "") -> dict[str, Tensor]:
    """The module's weights, in transformers' own layout."""
    tied = "encoder.embed_tokens.weight"
    return {prefix + name: value.clone() for name, value in module.state_dict().items() if name != tied}


def open_clip_text(module: CLIPTextModelWithProjection, prefix: str = "") -> dict[str, Tensor]:
    """A text encoder's weights in OpenCLIP's layout."""
    own = module.state_dict()
    found = {
        "token_embedding.weight": own["text_model.embeddings.token_embedding.weight"],
        "positional_embedding": own["text_model.embeddings.position_embedding.weight"],
        "text_projection": own["text_projection.weight"].t(),
        "logit_scale": torch.tensor(4.6),
    }
    found |= {f"ln_final.{kind}": own[f"text_model.final_layer_norm.{kind}"] for kind in ("weight", "bias")}
    found |= _open_clip_layers(own, "text_model.encoder.layers.", module.config.num_hidden_layers)
    return {prefix + name: value.contiguous().clone() for name, value in found.items()}


def open_clip_vision(module: CLIPVisionModelWithProjection, prefix: str = "visual.") -> dict[str, Tensor]:
    """An image encoder's weights in OpenCLIP's layout."""
    own = module.state_dict()
    found = {
        "class_embedding": own["vision_model.embeddings.class_embedding"],
        "conv1.weight": own["vision_model.embeddings.patch_embedding.weight"],
        "positional_embedding": own["vision_model.embeddings.position_embedding.weight"],
        "proj": own["visual_projection.weight"].t(),
    }
    for theirs, ours in (("ln_pre", "pre_layrnorm"), ("ln_post", "post_layernorm")):
        found |= {f"{theirs}.{kind}": own[f"vision_model.{ours}.{kind}"] for kind in ("weight", "bias")}
    found |= _open_clip_layers(own, "vision_model.encoder.layers.", module.config.num_hidden_layers)
    return {prefix + name: value.contiguous().clone() for name, value in found.items()}


def _open_clip_layers(own: dict[str, Tensor], start: str, layers: int) -> dict[str, Tensor]:
    names = {
        "attn.out_proj": "self_attn.out_proj",
        "ln_1": "layer_norm1",
        "ln_2": "layer_norm2",
        "mlp.c_fc": "mlp.fc1",
        "mlp.c_proj": "mlp.fc2",
    }
    found: dict[str, Tensor] = {}
    for i in range(layers):
        for kind in ("weight", "bias"):
            block = f"transformer.resblocks.{i}"
            found |= {f"{block}.{a}.{kind}": own[f"{start}{i}.{b}.{kind}"] for a, b in names.items()}
            parts = [own[f"{start}{i}.self_attn.{part}_proj.{kind}"] for part in "qkv"]
            found[f"{block}.attn.in_proj_{kind}"] = torch.cat(parts)
    return found


def write_t5_tokenizer(path: Path, vocabulary: int = 64) -> Path:
    """A unigram tokenizer of T5's make, trained on a few words, as tokenizer.json."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    mark = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), mark])
    trainer = trainers.UnigramTrainer(
        vocab_size=vocabulary, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    text = "a photo of a cat and a dog in the red rain at night by the sea with a small blue boat"
    words = text.split()
    tokenizer.train_from_iterator([" ".join(words[i:] + words[:i]) for i in range(len(words))] * 3, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(path))
    return path
