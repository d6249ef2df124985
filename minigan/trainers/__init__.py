"""The trainers: an algorithm box each, and no base class. Read gan.py first, then their diffs."""

from minigan.trainers.gan import GAN
from minigan.trainers.wgan import WGAN
from minigan.trainers.wgan_gp import WGANGP

__all__ = ["GAN", "WGAN", "WGANGP"]
