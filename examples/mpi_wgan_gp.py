"""WGAN-GP on several processes or machines. Each takes a share of every minibatch.

    pip install -e '.[examples,mpi]'
    mpiexec -n 2 python examples/mpi_wgan_gp.py

Every rank holds the same networks, draws the same noise, and takes its share of it. Gradients are
averaged over the ranks before each optimizer step. So N ranks with B/N samples each compute the
same as one rank with B samples, to rounding. This requires networks that treat samples
independently. Batch norm would normalise over a rank's share only, so the generator has none. The
script saves no checkpoints, so there is no --resume.
"""

import contextlib
import sys
import traceback

import numpy as np
from mnist_wgan import build_critic
from paths import MNIST

import minigan
from minigan import datasets, nn, optim
from minigan.datasets import minibatches
from minigan.guards.data import batch_size_for
from minigan.runs import console, plots
from minigan.runs.files import locked_folder, remove_leftovers
from minigan.runs.flags import parse_flags, read
from minigan.trainers import WGANGP

try:
    from mpi4py import MPI
except (ImportError, RuntimeError) as error:  # RuntimeError: there is no MPI library
    message = f"{error}; install mpi4py and an MPI library: pip install -e '.[examples,mpi]'"
    if __name__ == "__main__":
        raise SystemExit(f"error: {message}") from error
    raise ImportError(message) from error

COMM = MPI.COMM_WORLD
RANK, N_RANKS = COMM.rank, COMM.size


def build_generator(latent_dim):
    """(N, latent_dim) noise -> (N, 784) pixels from -1 to 1"""
    return nn.Sequential(
        nn.Linear(latent_dim, 256),
        nn.LeakyReLU(0.2),
        nn.Linear(256, 512),
        nn.LeakyReLU(0.2),
        nn.Linear(512, 784),
        nn.Tanh(),
    )


class AveragedAdam(optim.Adam):
    """Adam on the mean of all ranks' gradients."""

    def step(self):
        with_gradient = [p for p in self.params if p.grad is not None]
        total = np.concatenate([p.grad.data.reshape(-1) for p in with_gradient])
        COMM.Allreduce(MPI.IN_PLACE, total)  # one message for all parameters
        total /= N_RANKS
        start = 0
        for p in with_gradient:
            p.grad.data = total[start : start + p.size].reshape(p.shape)
            start += p.size
        super().step()


def share(x):
    """Return this rank's part of a minibatch. Its size must be a multiple of the ranks."""
    m = len(x) // N_RANKS
    return x[RANK * m : (RANK + 1) * m]


def train(trainer, batches, noise):
    """Run Algorithm 1 of WGAN-GP, like WGANGP.train, on shares. Yields the reports."""
    for module in (trainer.generator, trainer.critic):
        for p in module.parameters():
            COMM.Bcast(p.data)  # all ranks start with the weights of rank 0
    for real in batches:
        eps = minigan.rand(len(real), dtype=real.dtype)
        report = trainer.critic_step(share(real), share(noise(len(real))), share(eps))
        if trainer.steps % trainer.n_critic == 0:
            report |= trainer.generator_step(share(noise(len(real))))
        yield report


def all_or_none(function):
    """Call the function. End all ranks if one fails, because the others would wait forever."""
    try:
        function()
    except BaseException as error:
        if isinstance(error, SystemExit) and error.code in (None, 0):  # --help
            raise
        if isinstance(error, (SystemExit, OSError)):
            print(error, file=sys.stderr)
        else:
            traceback.print_exc()
        print(f"rank {RANK} of {N_RANKS} failed, so all of them end", file=sys.stderr, flush=True)
        COMM.Abort(1)


def main(argv=None):
    args = parse_flags(
        __file__,
        __doc__,
        argv,
        data=MNIST,
        n_epochs=5,
        batch_size=64,
        lr=1e-4,
        b1=0.5,
        b2=0.9,
        n_critic=5,
        penalty_weight=10.0,
        latent_dim=100,
    )
    if args.batch_size % N_RANKS:
        raise SystemExit(
            f"error: --batch_size {args.batch_size} is not a multiple of {N_RANKS} ranks"
        )
    images = datasets.to_float(read(datasets.mnist, args.data)[0]).reshape(-1, 784)
    if args.batch_size > len(images):
        raise SystemExit(
            f"error: --batch_size {args.batch_size} is more than the {len(images)} images; choose "
            f"--batch_size {N_RANKS * batch_size_for(max(1, len(images) // N_RANKS))}"
        )
    G, f = build_generator(args.latent_dim), build_critic()
    trainer = WGANGP(
        G,
        f,
        AveragedAdam(G.parameters(), args.lr, betas=(args.b1, args.b2)),
        AveragedAdam(f.parameters(), args.lr, betas=(args.b1, args.b2)),
        penalty_weight=args.penalty_weight,
        n_critic=args.n_critic,
    )

    def noise(m):
        return minigan.randn(m, args.latent_dim)

    # Rank 0 writes the files, so it holds the lock of the folder.
    with locked_folder(args.out) if RANK == 0 else contextlib.nullcontext():
        if RANK == 0:
            remove_leftovers(args.out)
        for epoch in range(args.n_epochs):
            batches = minibatches(images, args.batch_size, seed=args.seed, epoch=epoch)
            reports = list(train(trainer, batches, noise))
            distance = COMM.allreduce(np.mean([r["wasserstein"] for r in reports])) / N_RANKS
            if RANK == 0:
                done = f"epoch {epoch + 1} of {args.n_epochs}"
                print(f"{done}: wasserstein {distance:.3f}", flush=True)
        if RANK == 0:
            minigan.save(G.state_dict(), args.out / "generator.npz")
            with minigan.no_grad():
                pixels = G(noise(100)).numpy().reshape(-1, 28, 28)
            plots.save_images(args.out / "samples.png", (pixels + 1) / 2, scale=2)
            print(f"samples and generator are in {args.out}")


if __name__ == "__main__":
    console.run(lambda: all_or_none(main))
