# pyright: basic
"""ComfyUI's `comfy.cli_args`: `args`, as packs read and set it. What Easel has no flag for has ComfyUI's default."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from enum import Enum

from nodes.compat.host import host


class LatentPreviewMethod(Enum):
    NoPreviews = "none"
    Auto = "auto"
    Latent2RGB = "latent2rgb"
    TAESD = "taesd"

    @classmethod
    def from_string(cls, value: str) -> LatentPreviewMethod | None:
        return next((member for member in cls if member.value == value), None)


class PerformanceFeature(Enum):
    Fp16Accumulation = "fp16_accumulation"
    Fp8MatrixMultiplication = "fp8_matrix_mult"
    CublasOps = "cublas_ops"
    AutoTune = "autotune"


_OFF = (
    *(
        "enable_cors_header",
        "tls_keyfile",
        "tls_certfile",
        "cuda_device",
        "default_device",
        "directml",
        "oneapi_device_selector",
    ),
    *(
        "reserve_vram",
        "cuda_malloc",
        "disable_cuda_malloc",
        "force_fp16",
        "fp32_unet",
        "fp64_unet",
        "bf16_unet",
        "fp16_unet",
    ),
    *("fp8_e4m3fn_unet", "fp8_e5m2_unet", "fp8_e8m0fnu_unet", "fp16_vae", "fp32_vae", "bf16_vae", "cpu_vae"),
    *("fp8_e4m3fn_text_enc", "fp8_e5m2_text_enc", "fp16_text_enc", "fp32_text_enc", "bf16_text_enc"),
    *(
        "force_channels_last",
        "supports_fp8_compute",
        "disable_ipex_optimize",
        "cache_classic",
        "cache_none",
        "cache_ram",
    ),
    *("use_split_cross_attention", "use_quad_cross_attention", "use_pytorch_cross_attention", "use_sage_attention"),
    *(
        "use_flash_attention",
        "disable_xformers",
        "force_upcast_attention",
        "dont_upcast_attention",
        "gpu_only",
        "highvram",
    ),
    *(
        "normalvram",
        "lowvram",
        "novram",
        "async_offload",
        "force_non_blocking",
        "disable_smart_memory",
        "deterministic",
    ),
    *("mmap_torch_files", "disable_mmap", "dont_print_server", "quick_test_for_ci", "windows_standalone_build"),
    *("disable_metadata", "disable_all_custom_nodes", "disable_api_nodes", "multi_user", "verbose", "log_stdout"),
    *(
        "disable_assets_autoscan",
        "enable_compress_response_body",
        "enable_manager",
        "disable_manager_ui",
        "disable_pinned_memory",
    ),
)
"""Flags that are off: False, or None where they take a value."""
_VALUED = frozenset(
    {"enable_cors_header", "tls_keyfile", "tls_certfile", "cuda_device", "default_device", "directml"}
    | {"oneapi_device_selector", "reserve_vram", "cache_ram", "async_offload"}
)


def _arguments() -> Namespace:
    config = host().config
    found = Namespace(**{name: None if name in _VALUED else False for name in _OFF})
    found.listen = ",".join(config.get("listen", ("127.0.0.1",)))
    found.port = int(config.get("port", 8188))
    found.base_directory = config.get("base")
    found.output_directory, found.input_directory, found.temp_directory, found.user_directory = None, None, None, None
    found.extra_model_paths_config = None
    found.auto_launch = found.disable_auto_launch = False
    found.max_upload_size = 100
    found.cpu = config.get("device") == "cpu"
    found.force_fp32 = config.get("precision") == "fp32"
    found.preview_method = LatentPreviewMethod.from_string(str(config.get("previews"))) or LatentPreviewMethod.Auto
    found.preview_size = int(config.get("preview_size", 512))
    found.default_hashing_function = "sha256"
    found.cache_lru = 0
    found.fast = set()
    found.whitelist_custom_nodes = []
    found.front_end_version, found.front_end_root = "", None
    found.comfy_api_base = "https://api.comfy.org"
    found.database_url = ""
    found.verbose = "DEBUG" if config.get("verbose") else "INFO"
    return found


parser = ArgumentParser(add_help=False)
"""Empty: packs add flags to it and read nothing back."""
args = _arguments()
