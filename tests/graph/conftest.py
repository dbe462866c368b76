"""Lets the tests of this folder share `stub_nodes` and `conversion_tables`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
