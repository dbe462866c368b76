"""The sizes of the small model, and its three networks in the forms that Stable Diffusion 1 has.

    VAE   (b, 3, 128, 128) in [-1, 1]  <->  (b, 4, 16, 16)
    text  (b, 77) token ids             ->  (b, 77, 128)
    UNet  (b, 4, 16, 16), step, text    ->  (b, 4, 16, 16), the noise

Every width is a multiple of 32, since the layout's group norms have 32 groups. The first level of each network
is no narrower than 64: with one channel a group the last norm would take each channel's mean and strength away,
and the colours with them.
"""

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

LATENT_SCALE = 0.18215  # Stable Diffusion 1's: what the UNet sees is the VAE's latent times this
VAE_WIDTHS = (64, 64, 96, 128)
UNET_WIDTHS = (64, 96, 160)
HEADS = 8  # in every attention of a Stable Diffusion 1 UNet
TEXT_WIDTH = 128
TEXT_LAYERS = 3
TOKENS = 77  # length of a prompt
VOCABULARY = 49408
START, END = 49406, 49407  # CLIP's <|startoftext|> and <|endoftext|>, which also pads


def make_vae() -> AutoencoderKL:
    """The autoencoder: 4 levels (factor 8), one res-block a level going down, two coming up."""
    return AutoencoderKL(
        block_out_channels=VAE_WIDTHS,
        layers_per_block=1,
        down_block_types=["DownEncoderBlock2D"] * len(VAE_WIDTHS),
        up_block_types=["UpDecoderBlock2D"] * len(VAE_WIDTHS),
        latent_channels=4,
        sample_size=128,
        scaling_factor=LATENT_SCALE,
    )


def make_unet() -> UNet2DConditionModel:
    """The denoiser: attention at 8 x 8 and 4 x 4, none at 16 x 16, where it costs most and gives least."""
    return UNet2DConditionModel(
        sample_size=16,
        block_out_channels=UNET_WIDTHS,
        layers_per_block=1,
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        attention_head_dim=HEADS,  # diffusers' name for the number of heads
        cross_attention_dim=TEXT_WIDTH,
    )


def make_text(vocabulary: int = VOCABULARY) -> CLIPTextModel:
    """The text encoder. Training gives it only the rows of the vocabulary that the captions use."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            num_hidden_layers=TEXT_LAYERS,
            num_attention_heads=TEXT_WIDTH // 64,
            max_position_embeddings=TOKENS,
            projection_dim=TEXT_WIDTH,
            hidden_act="quick_gelu",
            bos_token_id=0,
            eos_token_id=vocabulary - 1,
            pad_token_id=vocabulary - 1,
        )
    )


def parameters(module: torch.nn.Module) -> float:
    """How many millions of parameters a network has."""
    return sum(parameter.numel() for parameter in module.parameters()) / 1e6
