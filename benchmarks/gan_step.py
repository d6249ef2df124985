"""The time of one GAN step (a discriminator step, then a generator step), minigan beside PyTorch.

    python benchmarks/gan_step.py --torch path/to/python-that-has-torch [--networks dcgan]

The networks are those of examples/mnist_gan.py, or of examples/mnist_dcgan.py; batch 64, Adam. For
the MLPs a third process computes nothing but the step's matrix products, with NumPy. Each works in
a process of its own. They take turns, some steps at a time, so that a machine whose speed drifts is
as slow for one as for the others; the ratios are taken within each round, and their median over the
rounds is what counts. The memory is the most that the whole process ever held.
"""

import argparse
import itertools
import resource
import subprocess
import sys
import time

G_SIZES = [100, 128, 256, 512, 1024, 784]
D_SIZES = [784, 512, 256, 1]
BATCH = 64
SHAPES = {"mlp": (BATCH, 784), "dcgan": (BATCH, 1, 32, 32)}


def minigan_step(networks):
    import numpy as np

    import minigan
    from minigan import optim
    from minigan.trainers import GAN

    sys.path.insert(0, "examples")
    import mnist_dcgan
    import mnist_gan

    example = mnist_gan if networks == "mlp" else mnist_dcgan
    G, D = example.build_generator(100), example.build_discriminator()
    adams = [optim.Adam(net.parameters(), 2e-4, betas=(0.5, 0.999)) for net in (G, D)]
    trainer = GAN(G, D, *adams)
    real = np.random.default_rng(0).uniform(-1, 1, SHAPES[networks]).astype(np.float32)

    def step():
        trainer.discriminator_step(real, minigan.randn(BATCH, 100))
        trainer.generator_step(minigan.randn(BATCH, 100))

    return step


def torch_mlp(nn):
    def block(n_in, n_out):
        return nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.LeakyReLU(0.2)

    g_layers = [nn.Linear(100, 128), nn.LeakyReLU(0.2)]
    g_layers += [*block(128, 256), *block(256, 512), *block(512, 1024)]
    G = nn.Sequential(*g_layers, nn.Linear(1024, 784), nn.Tanh())
    D = nn.Sequential(
        nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2),
        nn.Linear(256, 1), nn.Sigmoid(),
    )  # fmt: skip
    return G, D


def torch_dcgan(nn):
    def grow(n_in, n_out):
        conv = nn.Conv2d(n_in, n_out, 3, padding=1)
        return nn.Upsample(scale_factor=2), conv, nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2)

    def shrink(n_in, n_out):
        conv = nn.Conv2d(n_in, n_out, 3, stride=2, padding=1)
        return conv, nn.LeakyReLU(0.2), nn.Dropout2d(0.25)

    G = nn.Sequential(
        nn.Linear(100, 128 * 8 * 8), nn.Unflatten(1, (128, 8, 8)), nn.BatchNorm2d(128),
        *grow(128, 128), *grow(128, 64), nn.Conv2d(64, 1, 3, padding=1), nn.Tanh(),
    )  # fmt: skip
    D = nn.Sequential(
        *shrink(1, 16), *shrink(16, 32), nn.BatchNorm2d(32), *shrink(32, 64), nn.BatchNorm2d(64),
        *shrink(64, 128), nn.BatchNorm2d(128), nn.Flatten(), nn.Linear(512, 1), nn.Sigmoid(),
    )  # fmt: skip
    return G, D


def torch_step(networks):
    import torch
    from torch import nn

    G, D = torch_mlp(nn) if networks == "mlp" else torch_dcgan(nn)
    g_adam, d_adam = (
        torch.optim.Adam(net.parameters(), 2e-4, betas=(0.5, 0.999)) for net in (G, D)
    )
    bce, real = nn.BCELoss(), torch.rand(SHAPES[networks]) * 2 - 1
    ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

    def step():
        with torch.no_grad():
            fake = G(torch.randn(BATCH, 100))
        d_loss = bce(D(real), ones) + bce(D(fake), zeros)
        d_adam.zero_grad()
        d_loss.backward()
        d_adam.step()
        D.requires_grad_(False)  # as minigan does: no gradients that nobody needs
        g_loss = bce(D(G(torch.randn(BATCH, 100))), ones)
        g_adam.zero_grad()
        g_loss.backward()
        g_adam.step()
        D.requires_grad_(True)
        return d_loss.item() + g_loss.item()

    return step


def products_step(networks):
    import numpy as np

    def matrix(*shape):
        return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)

    def layers(sizes):
        for i, o in itertools.pairwise(sizes):
            yield matrix(BATCH, i), matrix(o, i), matrix(BATCH, o)

    G, D = list(layers(G_SIZES)), list(layers(D_SIZES))

    def step():
        for x, W, _ in [*G, *D, *D, *G, *D]:  # G and D(x) and D(G(z)); then G and D again
            x @ W.T
        for x, _, gy in [*D, *D, *G]:  # weight gradients
            gy.T @ x
        for _, W, gy in [*D[1:], *D[1:], *D, *G[1:]]:  # input gradients
            gy @ W

    return step


def worker(step):
    """Run as many steps as each line of standard input says; answer with seconds, and memory."""
    for line in sys.stdin:
        n = int(line)
        for _ in range(n // 4):
            step()
        times = []
        for _ in range(n):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        print(sorted(times)[n // 2], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--torch", default=sys.executable, help="a Python that can import torch")
    parser.add_argument("--networks", choices=["mlp", "dcgan"], default="mlp")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=20, help="steps of each in a round")
    parser.add_argument(
        "--worker", choices=["minigan", "torch", "products"], help=argparse.SUPPRESS
    )
    args = parser.parse_args()
    if args.worker:
        return worker(globals()[f"{args.worker}_step"](args.networks))

    pythons = {"minigan": sys.executable, "torch": args.torch}
    if args.networks == "mlp":
        pythons["products"] = sys.executable
    found = subprocess.run([args.torch, "-c", "import torch"], capture_output=True).returncode == 0
    if not found:
        print(f"{args.torch} has no PyTorch, so there is nothing to compare with")
        del pythons["torch"]
    workers = {
        name: subprocess.Popen(
            [python, __file__, "--worker", name, "--networks", args.networks],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, python in pythons.items()
    }
    times, memory = {name: [] for name in workers}, {}
    for _ in range(args.rounds):
        for name, process in workers.items():
            time.sleep(0.3)  # the threads of the one before spin for a while
            process.stdin.write(f"{args.steps}\n")
            process.stdin.flush()
            seconds, kilobytes = process.stdout.readline().split()
            times[name].append(float(seconds))
            memory[name] = int(kilobytes) / 1024
    for process in workers.values():
        process.stdin.close()
        process.wait()

    print(
        f"{'':10}{'ms a step':>10}{'MiB':>6}   minigan's time over it: median, and middle half of "
        "the rounds"
    )
    for name, values in times.items():
        ratios = sorted(a / b for a, b in zip(times["minigan"], values, strict=True))
        n = len(ratios)
        print(
            f"{name:10}{sorted(values)[n // 2] * 1e3:10.1f}{memory[name]:6.0f}   "
            f"{ratios[n // 2]:.2f}  ({ratios[n // 4]:.2f} to {ratios[3 * n // 4]:.2f})"
        )


if __name__ == "__main__":
    main()
