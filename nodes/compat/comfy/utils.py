"""ComfyUI's `comfy.utils`: tensors scaled, state dicts read, progress told."""
