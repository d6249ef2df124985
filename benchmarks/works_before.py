"""The works in minigan as it was at another commit. measure.py --before writes it to a folder."""

import os
import sys

if "MINIGAN_BEFORE" not in os.environ:
    raise ImportError("there is no other commit: give one with --before")
sys.path.insert(0, os.environ["MINIGAN_BEFORE"])

from works_minigan import *  # noqa: F403
