"""What a program finds that takes this folder for ComfyUI's and imports its `main`: core nodes as functions, no server.

For comfy-script's real mode: `load("EASEL/in_process")`; the work is in `nodes/compat/in_process.py`.
"""

import importlib
import sys
from pathlib import Path

import comfy.options

HERE = Path(__file__).resolve().parent
# Programs replace this function to be told of the start; it is theirs that is called.
comfy.options.enable_args_parsing()
for name in [name for name in sys.modules if name.partition(".")[0] == "comfy"]:
    del sys.modules[name]  # from here on Easel's finder answers this name
sys.path[:] = [*(path for path in sys.path if Path(path).resolve() != HERE), str(HERE.parent)]
args = importlib.import_module("nodes.compat.in_process").start(sys.argv[1:])
