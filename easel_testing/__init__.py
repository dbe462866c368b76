"""For the tests of node packs: run a node or a graph without a server, and compare pictures with kept ones.

A pack's `conftest.py` needs one line, which `server.py new-node` writes:

    from easel_testing.fixtures import *

Then `pytest custom_nodes/NAME` offers the fixtures `run_node`, `run_graph` and `golden` (docs/writing-a-node.md).
"""
