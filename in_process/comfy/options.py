"""ComfyUI's `comfy.options`, whose function programs replace to be told that `main` starts."""


def enable_args_parsing(enable: bool = True) -> None:
    """Nothing: Easel reads the flags that it knows."""
