"""minigan's DCGAN step with the layers of the PyTorch script: Upsample, then Conv2d."""

import networks
from sizes import BATCH
from works_minigan import gan, images, load, nn, version  # noqa: F401


def dcgan(batch=BATCH):
    return gan(*networks.dcgan(nn), images(batch, 1, 32, 32))
