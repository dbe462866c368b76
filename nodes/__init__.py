"""What a graph can be made of: thin typed functions, grouped by theme. The work itself is in `models/`."""

import models as _models  # noqa: F401  (first of all: it says how torch's threads wait, before torch is loaded)
