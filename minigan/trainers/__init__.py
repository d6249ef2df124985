"""The trainers: an algorithm box each, and no base class. Read gan.py first, then what differs."""

from minigan.trainers.gan import GAN

__all__ = ["GAN"]
