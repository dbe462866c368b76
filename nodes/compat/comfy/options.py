"""ComfyUI's `comfy.options`."""

args_parsing = True


def enable_args_parsing(enable: bool = True) -> None:
    """Kept, and not asked: Easel's flags are read by its control process."""
    global args_parsing
    args_parsing = enable
