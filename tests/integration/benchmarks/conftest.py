"""Makes the folder benchmarks/ importable: it is run from the repository's root and is in no wheel."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3]))
