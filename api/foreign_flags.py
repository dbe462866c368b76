"""Flags of the incumbent that mean nothing here: passed over, so that a command line that worked still does."""

from __future__ import annotations

FOREIGN = {
    # The incumbent's flags that mean nothing here, with how many words may follow each: 0, 1, "?" or "*".
    "--auto-launch": 0,
    "--async-offload": 0,
    "--bf16-text-enc": 0,
    "--bf16-unet": 0,
    "--bf16-vae": 0,
    "--comfy-api-base": 1,
    "--cpu-vae": 0,
    "--cuda-malloc": 0,
    "--database-url": 1,
    "--default-device": 1,
    "--default-hashing-function": 1,
    "--deterministic": 0,
    "--directml": "?",
    "--disable-api-nodes": 0,
    "--disable-cuda-malloc": 0,
    "--disable-ipex-optimize": 0,
    "--disable-metadata": 0,
    "--disable-mmap": 0,
    "--disable-smart-memory": 0,
    "--disable-xformers": 0,
    "--dont-print-server": 0,
    "--dont-upcast-attention": 0,
    "--enable-compress-response-body": 0,
    "--fast": "*",
    "--force-channels-last": 0,
    "--force-upcast-attention": 0,
    "--fp16-text-enc": 0,
    "--fp16-unet": 0,
    "--fp16-vae": 0,
    "--fp32-text-enc": 0,
    "--fp32-unet": 0,
    "--fp32-vae": 0,
    "--fp64-unet": 0,
    "--fp8_e4m3fn-text-enc": 0,
    "--fp8_e4m3fn-unet": 0,
    "--fp8_e5m2-text-enc": 0,
    "--fp8_e5m2-unet": 0,
    "--fp8_e8m0fnu-unet": 0,
    "--front-end-version": 1,
    "--gpu-only": 0,
    "--highvram": 0,
    "--log-stdout": 0,
    "--lowvram": 0,
    "--mmap-torch-files": 0,
    "--multi-user": 0,
    "--normalvram": 0,
    "--novram": 0,
    "--oneapi-device-selector": 1,
    "--quick-test-for-ci": 0,
    "--reserve-vram": 1,
    "--supports-fp8-compute": 0,
    "--use-flash-attention": 0,
    "--use-pytorch-cross-attention": 0,
    "--use-quad-cross-attention": 0,
    "--use-sage-attention": 0,
    "--use-split-cross-attention": 0,
    "--windows-standalone-build": 0,
}


def set_aside(words: list[str]) -> tuple[list[str], list[str]]:
    """Take out the incumbent's flags that mean nothing here, with the words that belong to them."""
    kept: list[str] = []
    warnings: list[str] = []
    rest = iter(range(len(words)))
    for at in rest:
        name, equals, _ = words[at].partition("=")
        if name not in FOREIGN:
            kept.append(words[at])
            continue
        if name not in ("--auto-launch", "--windows-standalone-build"):
            warnings.append(f"{name} has no meaning here and is passed over")
        takes = 0 if equals else FOREIGN[name]
        following = 0
        for word in words[at + 1 :]:
            if word.startswith("--") or (takes != "*" and following >= (0 if takes == 0 else 1)):
                break
            following += 1
        for _ in range(following):
            next(rest)
    return kept, warnings
