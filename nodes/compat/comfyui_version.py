"""ComfyUI's `comfyui_version`: the version whose behaviour packs may expect."""

__version__ = "0.3.64"
