"""Guards: the checks of what a user passes in, and the errors that say what is wrong.

A reader of the mathematics can skip this folder. A guard stands at an entry. Behind it, the code
trusts its arguments.

data: arrays, indices and settings.  graph: an operation, its gradients, and the start of a walk.
steps: the settings and the minibatches of a trainer.  state: the parameters, settings and saved
states of optimizers.  run, checkpoint: what a Run gets, and what it goes on from.
accepted: PyTorch's names and keywords that mean the same here.
pytorch: its other names, and what to write here.  moved: modules under their names of version 0.2.
interrupts: changes that Ctrl-C cannot leave half done.  tracebacks: what pytest shows of an error.
"""
