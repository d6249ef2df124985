"""works_minigan_upsample, with minigan as it was at another commit."""

import works_before  # noqa: F401  # puts the other commit first on the path
from works_minigan_upsample import dcgan, load, version  # noqa: F401
