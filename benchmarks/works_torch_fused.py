"""PyTorch, where Adam's update is one kernel."""

import functools

import works_torch

version, load = works_torch.version, works_torch.load
mlp_gan = functools.partial(works_torch.mlp_gan, fused=True)
wgan_gp = functools.partial(works_torch.wgan_gp, fused=True)
dcgan = functools.partial(works_torch.dcgan, fused=True)
adam = functools.partial(works_torch.adam, fused=True)
update = functools.partial(works_torch.update, fused=True)
