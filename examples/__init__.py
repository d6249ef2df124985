"""The examples are programs. They import each other by name, also as `python -m examples.NAME`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
