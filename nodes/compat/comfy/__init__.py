"""ComfyUI's `comfy`: what of it packs call, on Easel's engine."""
