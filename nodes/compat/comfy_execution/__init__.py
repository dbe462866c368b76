"""ComfyUI's `comfy_execution`: graphs as packs build them."""
