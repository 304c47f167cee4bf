"""The tests of this folder ask the vendors' own request types, which the judges know."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "judges"))
