"""Measure two or more ways to compute the same numbers: what makes NumPy fast, and what does not.

    python benchmarks/lessons.py [--rounds 15]

Prints a table in Markdown: the median time of each way, the ratio of this median to that of the
first way, and the middle half of the ratio over the rounds. A round in which one way takes more
than 1.5 times its own median is removed for all ways of a lesson.
"""

import argparse
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import environment  # before NumPy
import numpy as np
from sizes import ADAM, D_SIZES, G_SIZES
from tables import MICROSECONDS, Measured, over, printed, processor, without_stalls

from minigan import nn, optim
from minigan.ops.matmul import row_major

N = sum(i * o for sizes in (G_SIZES, D_SIZES) for i, o in itertools.pairwise(sizes))
rng = np.random.default_rng(0)
optimizer = optim.Adam([nn.Parameter([0.0])], **ADAM)


def randn(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def leaky_relu():
    x = randn(64, 1024)
    yield (
        "LeakyReLU of 64 × 1024",
        "`np.where(x > 0, x, 0.2 * x)`",
        lambda: np.where(x > 0, x, 0.2 * x),
    )
    yield "", "`np.maximum(x, 0.2 * x)`", lambda: np.maximum(x, 0.2 * x)


def scalars():
    x, half = randn(64, 1024), np.array(0.5)  # a 0-d array of float64
    yield "a float64 by accident", "`x * np.array(0.5)`", lambda: x * half
    yield "", "`x * 0.5`", lambda: x * 0.5


def sums_of_products():
    a, b = randn(64, 1024), randn(64, 1024)
    yield "sums for batch norm, 64 × 1024", "`(a * b).sum(axis=0)`", lambda: (a * b).sum(axis=0)
    yield "", "`np.einsum('nc,nc->c', a, b)`", lambda: np.einsum("nc,nc->c", a, b)


def column_sums():
    x = np.asfortranarray(randn(64, 1024))
    yield "column sums, 64 × 1024, column-major", "`x.sum(axis=0)`", lambda: x.sum(axis=0)
    yield "", "`np.einsum('nc->c', x)`", lambda: np.einsum("nc->c", x)


def memory():
    x = randn(N)
    y = np.empty_like(x)
    yield f"twice {N:,} numbers", "`x * 2`, in new memory", lambda: x * 2
    yield "", "`np.multiply(x, 2, out=y)`", lambda: np.multiply(x, 2, out=y)
    small, out = x[:16384], y[:16384]
    yield "twice 16,384 numbers", "`x * 2`, in new memory", lambda: small * 2
    yield "", "`np.multiply(x, 2, out=y)`", lambda: np.multiply(small, 2, out=out)


def products():
    for batch in (64, 1024):
        x, W = randn(batch, 1024), randn(784, 1024)
        yield f"a layer, {batch} × 1024 by 1024 × 784", "`x @ W.T`", lambda x=x, W=W: x @ W.T
        yield "", "`(W @ x.T).T`, columns first", lambda x=x, W=W: (W @ x.T).T
        yield (
            "",
            "`np.ascontiguousarray((W @ x.T).T)`",
            lambda x=x, W=W: np.ascontiguousarray((W @ x.T).T),
        )


def weight_gradients():
    for n_in, n_out in ((1024, 784), (784, 512), (512, 1024)):
        x, gy = randn(64, n_in), randn(64, n_out)
        yield (
            f"a weight gradient, {n_out} × 64 by 64 × {n_in}",
            "`gy.T @ x`",
            lambda x=x, gy=gy: gy.T @ x,
        )
        yield "", "`row_major(gy.T, x)`", lambda x=x, gy=gy: row_major(gy.T, x)
        yield "", "`(x.T @ gy).T`, columns first", lambda x=x, gy=gy: (x.T @ gy).T
        yield (
            "",
            "`np.ascontiguousarray((x.T @ gy).T)`",
            lambda x=x, gy=gy: np.ascontiguousarray((x.T @ gy).T),
        )


def adam(p, g, m, v):
    """minigan's update after so many steps that the bias corrections are 1."""
    optimizer.update(10**6, p, g, m, v)


def optimizers():
    p, g, m = randn(N), randn(N), randn(N)
    v = g * g

    def in_blocks(size, start=0, stop=N):
        for i in range(start, stop, size):
            block = slice(i, min(i + size, stop))
            adam(p[block], g[block], m[block], v[block])

    def in_two_threads(size):
        other = pool.submit(in_blocks, size, 0, N // 2)
        in_blocks(size, N // 2, N)
        other.result()

    def travel():
        """It reads or writes six arrays. Adam reads or writes seven."""
        for a, copy in zip((p, m, v), copies, strict=True):
            np.copyto(copy, a)

    copies = [np.empty_like(p) for _ in range(3)]
    pool = ThreadPoolExecutor(1)
    yield f"Adam, {N:,} parameters", "whole arrays", lambda: adam(p, g, m, v)
    for size in (4096, 16384, 32768, 65536, 131072, 262144):
        yield "", f"blocks of {size:,}", lambda size=size: in_blocks(size)
    for size in (32768, 65536):
        yield "", f"blocks of {size:,}, two threads", lambda size=size: in_two_threads(size)
    yield "", "three copies of as many numbers", travel


def main(argv=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args(argv)
    print(f"{processor()}; NumPy {np.__version__} ({environment.blas()}):\n")
    print("| what | how | μs | over the first | middle half |\n|---|---|---|---|---|")
    lessons = leaky_relu, scalars, sums_of_products, column_sums, memory, products
    lessons = *lessons, weight_gradients, optimizers
    for lesson in lessons:
        for row in measured(list(lesson()), args.rounds):
            print(f"| {' | '.join(row)} |", flush=True)


def measured(ways, rounds):
    """Yield (what, how, microseconds, their ratio to the first way's, its middle half), as text."""
    calls = [max(1, round(0.02 / seconds(way, 2))) for _, _, way in ways]  # turns of 20 ms
    results = {i: Measured() for i in range(len(ways))}
    for _ in range(rounds):
        for i, (_, _, way) in enumerate(ways):
            results[i].times.append(seconds(way, calls[i]))
    results = without_stalls(results)
    first = results[0]
    for (what, how, _), of in zip(ways, results.values(), strict=True):
        if what:
            first = of
        ratio, low, high = over(of, first, MICROSECONDS)
        cells = ("", "") if what else (f"{ratio:.2f}", f"{low:.2f} to {high:.2f}")
        yield what, how, printed(of, MICROSECONDS), *cells


def seconds(way, n):
    """The mean of n calls."""
    start = time.perf_counter()
    for _ in range(n):
        way()
    return (time.perf_counter() - start) / n


if __name__ == "__main__":
    main()
