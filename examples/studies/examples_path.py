"""Let the studies import the examples: `import examples_path`, and then `import mnist_gan`."""

import sys
from pathlib import Path

EXAMPLES = str(Path(__file__).parents[1])
if EXAMPLES not in sys.path:
    sys.path.insert(0, EXAMPLES)
