"""ComfyUI's `comfy_extras`: node classes that packs call by themselves."""
