# pyright: basic
"""ComfyUI's `comfy.model_management`: the device and its memory, precisions, and being interrupted.

Easel's engine decides which weights are where (`models/residency.py`). What asks for that here moves only models that a
pack has wrapped itself; the engine's own load when they are used.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

import psutil
import torch

from graph.errors import Cancelled
from models import memory
from models.engine import device_named
from models.errors import DeviceError
from nodes.compat.host import host, running

InterruptProcessingException = Cancelled
"""Raised by a pack to end the job, and by every question whether it is to end."""
OOM_EXCEPTION = torch.OutOfMemoryError


class VRAMState(Enum):
    DISABLED = 0
    NO_VRAM = 1
    LOW_VRAM = 2
    NORMAL_VRAM = 3
    HIGH_VRAM = 4
    SHARED = 5


class CPUState(Enum):
    GPU = 0
    CPU = 1
    MPS = 2


# The device


def get_torch_device() -> torch.device:
    """Where models run."""
    engine = host().engine
    if engine is not None:
        return engine.device
    try:
        return device_named(str(host().config.get("device", "auto")))
    except DeviceError:  # the engine says so once it is made
        return torch.device("cpu")


_device = get_torch_device()
cpu_state = {"cpu": CPUState.CPU, "mps": CPUState.MPS}.get(_device.type, CPUState.GPU)
vram_state = VRAMState.DISABLED if _device.type == "cpu" else VRAMState.NORMAL_VRAM
set_vram_to = VRAMState.NORMAL_VRAM
total_vram = memory.total(_device) / 1024**2
total_ram = psutil.virtual_memory().total / 1024**2
DISABLE_SMART_MEMORY = False
FORCE_FP32 = host().config.get("precision") == "fp32"
XFORMERS_IS_AVAILABLE = XFORMERS_ENABLED_VAE = False
XFORMERS_VERSION = ""
ENABLE_PYTORCH_ATTENTION = True
EXTRA_RESERVED_VRAM = 0
directml_enabled = False
xpu_available = npu_available = mlu_available = ixuca_available = False
in_training = False
"""Packs that train set this; nothing here needs to know."""


def get_torch_device_name(device: Any) -> str:
    return memory.name(torch.device(device))


def is_device_type(device: Any, type: str) -> bool:
    return getattr(device, "type", None) == type


def is_device_cpu(device: Any) -> bool:
    return is_device_type(device, "cpu")


def is_device_mps(device: Any) -> bool:
    return is_device_type(device, "mps")


def is_device_cuda(device: Any) -> bool:
    return is_device_type(device, "cuda")


def is_device_xpu(device: Any) -> bool:
    return is_device_type(device, "xpu")


def is_intel_xpu() -> bool:
    return False


def is_ascend_npu() -> bool:
    return False


def is_mlu() -> bool:
    return False


def is_ixuca() -> bool:
    return False


def is_directml_enabled() -> bool:
    return False


def is_nvidia() -> bool:
    return get_torch_device().type == "cuda" and torch.version.cuda is not None


def is_amd() -> bool:
    return get_torch_device().type == "cuda" and getattr(torch.version, "hip", None) is not None


def cpu_mode() -> bool:
    return get_torch_device().type == "cpu"


def mps_mode() -> bool:
    return get_torch_device().type == "mps"


def get_autocast_device(dev: Any) -> str:
    return getattr(dev, "type", "cuda")


def _cpu() -> torch.device:
    return torch.device("cpu")


def intermediate_device() -> torch.device:
    """Where tensors between nodes are."""
    return _cpu()


def unet_offload_device() -> torch.device:
    """Where a model waits that is not used."""
    return _cpu()


def unet_inital_load_device(parameters: float, dtype: torch.dtype) -> torch.device:
    return _cpu()


def text_encoder_offload_device() -> torch.device:
    return _cpu()


def text_encoder_device() -> torch.device:
    return get_torch_device()


def text_encoder_initial_device(load_device: Any, offload_device: Any, model_size: float = 0) -> Any:
    return offload_device


def vae_device() -> torch.device:
    return get_torch_device()


def vae_offload_device() -> torch.device:
    return _cpu()


# Precision


def get_supported_float8_types() -> list[torch.dtype]:
    names = ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu")
    return [getattr(torch, name) for name in names if hasattr(torch, name)]


FLOAT8_TYPES = get_supported_float8_types()


def dtype_size(dtype: torch.dtype) -> int:
    return dtype.itemsize


def unet_dtype(
    device: Any = None, model_params: float = 0, supported_dtypes: Sequence[torch.dtype] = (), weight_dtype: Any = None
) -> torch.dtype:
    """The precision of denoisers; the first of `supported_dtypes` where it is none of those."""
    engine = host().engine
    wanted = engine.model_dtype if engine is not None else torch.float32
    return wanted if not supported_dtypes or wanted in supported_dtypes else supported_dtypes[0]


def unet_manual_cast(
    weight_dtype: Any, inference_device: Any, supported_dtypes: Sequence[torch.dtype] = ()
) -> torch.dtype | None:
    """What to compute in where weights are kept in a type that is for storing; None where they can be used as is."""
    if weight_dtype in (torch.float32, torch.float64, unet_dtype()):
        return None
    return torch.float32 if is_device_cpu(inference_device) else unet_dtype(supported_dtypes=supported_dtypes)


def text_encoder_dtype(device: Any = None) -> torch.dtype:
    engine = host().engine
    return engine.text_dtype if engine is not None else torch.float32


def vae_dtype(device: Any = None, allowed_dtypes: Sequence[torch.dtype] = ()) -> torch.dtype:
    engine = host().engine
    wanted = engine.vae_dtype if engine is not None else torch.float32
    return wanted if not allowed_dtypes or wanted in allowed_dtypes else torch.float32


def intermediate_dtype() -> torch.dtype:
    """Of tensors between nodes."""
    return torch.float32


def should_use_fp16(
    device: Any = None, model_params: float = 0, prioritize_performance: bool = True, manual_cast: bool = False
) -> bool:
    dev = torch.device(device) if device is not None else get_torch_device()
    return dev.type in ("cuda", "mps") and not FORCE_FP32


def should_use_bf16(
    device: Any = None, model_params: float = 0, prioritize_performance: bool = True, manual_cast: bool = False
) -> bool:
    dev = torch.device(device) if device is not None else get_torch_device()
    if FORCE_FP32 or dev.type != "cuda":
        return False
    return torch.cuda.is_bf16_supported(including_emulation=False)


def supports_fp8_compute(device: Any = None) -> bool:
    dev = torch.device(device) if device is not None else get_torch_device()
    return dev.type == "cuda" and torch.cuda.get_device_capability(dev) >= (8, 9)


def supports_dtype(device: Any, dtype: torch.dtype) -> bool:
    return dtype in (torch.float32, torch.float16, torch.bfloat16) and (
        dtype == torch.float32 or not is_device_cpu(device)
    )


def supports_cast(device: Any, dtype: torch.dtype) -> bool:
    return not (is_device_mps(device) and dtype in FLOAT8_TYPES)


def pick_weight_dtype(dtype: Any, fallback_dtype: torch.dtype, device: Any = None) -> torch.dtype:
    wanted = fallback_dtype if dtype is None else dtype
    return wanted if supports_cast(device, wanted) else fallback_dtype


def force_upcast_attention_dtype() -> None:
    return None


def xformers_enabled() -> bool:
    return False


def xformers_enabled_vae() -> bool:
    return False


def sage_attention_enabled() -> bool:
    return False


def flash_attention_enabled() -> bool:
    return False


def pytorch_attention_enabled() -> bool:
    return True


def pytorch_attention_enabled_vae() -> bool:
    return True


def pytorch_attention_flash_attention() -> bool:
    return get_torch_device().type == "cuda"


def force_channels_last() -> bool:
    return False


# Moving tensors


def device_supports_non_blocking(device: Any) -> bool:
    return is_device_cuda(device)


def device_should_use_non_blocking(device: Any) -> bool:
    return False


def cast_to(
    weight: Any,
    dtype: Any = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    stream: Any = None,
) -> Any:
    """A tensor in another type, on another device."""
    return weight.to(device=device, dtype=dtype, non_blocking=non_blocking, copy=copy)


def cast_to_device(tensor: Any, device: Any, dtype: Any, copy: bool = False) -> Any:
    return tensor.to(device=device, dtype=dtype, copy=copy)


def get_offload_stream(device: Any) -> None:
    return None


def sync_stream(device: Any, stream: Any) -> None:
    """No stream of ours runs beside the main one."""


def unpin_memory(tensor: Any) -> bool:
    return False


def pin_memory(tensor: Any) -> bool:
    return False


# Memory


def module_size(module: Any) -> int:
    """Bytes of a module's weights."""
    return sum(tensor.nbytes for tensor in module.state_dict().values())


def get_total_memory(dev: Any = None, torch_total_too: bool = False) -> Any:
    device = torch.device(dev) if dev is not None else get_torch_device()
    total = memory.total(device)
    held = torch.cuda.memory_reserved(device) if device.type == "cuda" else total
    return (total, held) if torch_total_too else total


def get_free_memory(dev: Any = None, torch_free_too: bool = False) -> Any:
    device = torch.device(dev) if dev is not None else get_torch_device()
    free = memory.free(device)
    if not torch_free_too:
        return free
    if device.type != "cuda":
        return free, free
    return free, torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def minimum_inference_memory() -> int:
    return 1024**3


def extra_reserved_memory() -> int:
    return EXTRA_RESERVED_VRAM


def maximum_vram_for_weights(device: Any = None) -> float:
    return get_total_memory(device) * 0.88 - minimum_inference_memory()


def soft_empty_cache(force: bool = False) -> None:
    """Give back what torch holds and does not use."""
    if get_torch_device().type == "cuda":
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.ipc_collect()


current_loaded_models: list[Any] = []
"""What packs have had loaded that is no model of the engine's."""


def load_models_gpu(
    models: Iterable[Any],
    memory_required: float = 0,
    force_patch_weights: bool = False,
    minimum_memory_required: float | None = None,
    force_full_load: bool = False,
) -> None:
    """Have models on their device. Those of the engine are loaded when they are used, and need nothing here."""
    free_memory(max(memory_required, minimum_memory_required or 0), get_torch_device())
    for model in models:
        if any(model is loaded for loaded in current_loaded_models) and not force_patch_weights:
            continue
        patch = getattr(model, "patch_model", None)
        if patch is not None:
            patch(device_to=getattr(model, "load_device", get_torch_device()))
            current_loaded_models.insert(0, model)


def load_model_gpu(model: Any) -> None:
    load_models_gpu([model])


def loaded_models(only_currently_used: bool = False) -> list[Any]:
    return list(current_loaded_models)


def free_memory(
    memory_required: float, device: Any, keep_loaded: Iterable[Any] = (), *more: Any, **options: Any
) -> list[Any]:
    """See that so many bytes are free, letting weights go that nobody uses. Gives the models that went."""
    engine = host().engine
    if engine is None or torch.device(device) != engine.device or memory_required <= 0:
        return []
    gone: list[Any] = []
    kept = {id(getattr(item, "model", item)) for item in keep_loaded} | {id(item) for item in keep_loaded}
    for model in list(reversed(current_loaded_models)):
        if memory.free(engine.device) >= memory_required:
            break
        if id(model) not in kept:
            _unload(model)
            gone.append(model)
    engine.reserve(int(min(memory_required, memory.total(engine.device))), "a node of a pack")
    return gone


def _unload(model: Any) -> None:
    current_loaded_models[:] = [loaded for loaded in current_loaded_models if loaded is not model]
    unpatch = getattr(model, "unpatch_model", None)
    if unpatch is not None:
        unpatch(device_to=getattr(model, "offload_device", _cpu()))


def unload_model_and_clones(model: Any, unload_additional_models: bool = True, all_devices: bool = False) -> None:
    _unload(model)


def unload_all_models() -> None:
    """Let all weights go."""
    for model in list(current_loaded_models):
        _unload(model)
    engine = host().engine
    if engine is not None:
        engine.free(models=True)


def cleanup_models() -> None:
    """What is loaded stays until its memory is needed."""


def cleanup_models_gc() -> None:
    gc.collect()


def is_oom(error: BaseException) -> bool:
    engine = host().engine
    return engine.is_out_of_memory(error) if engine is not None else isinstance(error, OOM_EXCEPTION | MemoryError)


def raise_non_oom(error: BaseException) -> None:
    """Raise it again unless it is a lack of memory."""
    if not is_oom(error):
        raise error


def debug_memory_summary() -> str:
    return torch.cuda.memory_summary() if get_torch_device().type == "cuda" else ""


# Being interrupted


def processing_interrupted() -> bool:
    """Whether the job that runs is asked to stop."""
    try:
        throw_exception_if_processing_interrupted()
    except Cancelled:
        return True
    return False


def throw_exception_if_processing_interrupted() -> None:
    context = running()
    if context is not None:
        context.check()


def interrupt_current_processing(value: bool = True) -> None:
    """Ask the job that runs to stop, or take that back."""
    context = running()
    job = context if context is not None else host().job
    if job is not None:
        host().interrupt(job.prompt_id, value)
