"""Enough of ComfyUI's `comfy` to be found before `main` is."""
