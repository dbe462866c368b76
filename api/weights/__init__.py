"""`server.py convert FILE`: the weights of a torch file that asks for code, as safetensors, without running any of it.

The file is taken apart in a child that can write nothing and reach nobody (`child.py`); this side writes the new file
(`command.py`). Standard library only on both sides (docs/decisions/0027-converting-torch-files.md).
"""
