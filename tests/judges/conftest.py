"""The judges also read answers that were written down for the tests of wires."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "wire"))
