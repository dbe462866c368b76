"""The code that runs models. Imports nothing of ours; README.md says what callers use.

Torch's worker threads wait for each other many times a step. By default they spin while they wait, and on a CPU that
anything else uses as well the one that was interrupted is waited for by all: a step was seen to take forty times as
long. Sleeping costs next to nothing on an idle machine. It has to be said before torch is loaded, hence here.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
