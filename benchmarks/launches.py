"""Count what a training step asks of a GPU: kernel launches, and transfers between GPU and host.

    python benchmarks/launches.py [--torch PYTHON] [--write]
    python benchmarks/launches.py --gpu [--write]

The first command needs no GPU. minigan runs on the tests' stand-in for CuPy, which counts. PyTorch
runs under its profiler on the CPU. Its operators are counted: those that compute, without views and
allocations. An operator that only calls others counts as these. --torch names a Python that has
PyTorch.

The second command runs both on a GPU. It needs CuPy and PyTorch in one Python. PyTorch's profiler
counts the kernels and copies that the driver was asked for, of CuPy too.

--write puts the table into docs/gpu.md.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import environment  # noqa: F401  # before NumPy

ROOT = Path(__file__).parents[1]
WORKS = {  # what a step is
    "mlp_gan": "a step of D and one of G",
    "wgan": "five steps of the critic and one of G",
    "wgan_gp": "the same, with the gradient penalty",
    "dcgan": "a step of D and one of G",
}
COLUMNS = ["launches", "to_device", "to_host"]
VIEWS = """alias as_strided broadcast_to chunk detach diagonal expand expand_as flatten narrow
    numpy_T permute reshape reshape_as _reshape_alias select slice split squeeze t transpose unbind
    unflatten unsqueeze _unsafe_view view view_as"""
ALLOCATIONS = """empty empty_like empty_strided new_empty new_empty_strided resize_ zeros zeros_like
    new_zeros ones ones_like new_ones zero_ fill_"""
NOT_COMPUTED = """item _local_scalar_dense is_nonzero result_type can_cast lift_fresh resolve_conj
    resolve_neg detach_ to _to_copy requires_grad_ set_ _version is_floating_point"""
LEFT_OUT = {f"aten::{name}" for name in f"{VIEWS} {ALLOCATIONS} {NOT_COMPUTED}".split()}
COMPOSED = """linear matmul conv2d convolution _convolution batch_norm _batch_norm_impl_index
    feature_dropout binary_cross_entropy_with_logits clone contiguous norm upsample_nearest2d"""
COMPOSED = {f"aten::{name}" for name in COMPOSED.split()}  # these only call others


def count_minigan(work):
    """{column: number} for the second step, which later steps repeat."""
    sys.path.insert(0, str(ROOT / "tests"))
    import strict_cupy

    sys.modules["cupy"] = strict_cupy.make()
    import works_minigan

    from minigan import backend

    try:
        with backend.use("cupy"):
            step = getattr(works_minigan, work)()
            step()
            strict_cupy.COUNTS.clear()
            step()
    finally:
        del sys.modules["cupy"]
    return {column: strict_cupy.COUNTS[column] for column in COLUMNS}


def count_torch(work, **settings):
    """The number of operators that compute, in the second step."""
    import works_torch
    from torch.profiler import profile

    step = getattr(works_torch, work)(**settings)
    step()
    with profile() as profiler:
        step()
    return sum(operators(event) for event in profiler.events() if event.cpu_parent is None)


def operators(event):
    """How many operators that compute an event of the profiler stands for."""
    if event.name in LEFT_OUT:
        return 0
    if event.name.startswith("aten::") and event.name not in COMPOSED:
        return 1
    return sum(map(operators, event.cpu_children))


def count_on_gpu(step):
    """{"kernels", "to_device", "to_host": number} of the second step of a work, on a GPU."""
    import torch
    from torch.profiler import ProfilerActivity, profile

    step()
    torch.cuda.synchronize()
    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        step()
        torch.cuda.synchronize()
    on_device = [e.name for e in profiler.events() if e.device_type.name == "CUDA"]
    to_device, to_host = (
        sum(name.startswith(f"Memcpy {kind}") for name in on_device) for kind in ("HtoD", "DtoH")
    )
    return {
        "kernels": len(on_device) - to_device - to_host,
        "to_device": to_device,
        "to_host": to_host,
    }


def gpu_table():
    """Run each work in minigan and in PyTorch on a GPU, and return the table of their counts."""
    from minigan import backend

    os.environ["BENCHMARK_DEVICE"] = "cuda"
    try:
        backend.use("cupy")
        import works_torch
    except (ImportError, RuntimeError) as error:  # no CuPy, no PyTorch, or no GPU
        sys.exit(f"--gpu: {error}")
    import works_minigan

    lines = ["| step | kernels | PyTorch, `foreach=False` | minigan over it |"]
    lines[0] += " PyTorch, by default | to the GPU | to the host |"
    lines.append("|---" * 7 + "|")
    for work in WORKS:
        ours = count_on_gpu(getattr(works_minigan, work)())
        single, default = (
            count_on_gpu(getattr(works_torch, work)(**settings))["kernels"]
            for settings in ({"foreach": False}, {})
        )
        lines.append(
            f"| `{work}` | {ours['kernels']} | {single} | "
            f"{ours['kernels'] / single:.3f} | {default} | {ours['to_device']} | "
            f"{ours['to_host']} |"
        )
    return "\n".join(lines)


def torch_counts(python):
    """{work: (launches one parameter at a time, launches by default)}"""
    command = [python, __file__, "--count-torch"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def table(counts, pytorch):
    lines = [
        "| step | launches | PyTorch, `foreach=False` | minigan over it | PyTorch, by default |"
    ]
    lines[0] += " to the GPU | to the host |"
    lines.append("|---" * 7 + "|")
    for work, number in counts.items():
        single, default = pytorch[work]
        lines.append(
            f"| `{work}`: {WORKS[work]} | {number['launches']} | {single} | "
            f"{number['launches'] / single:.3f} | {default} | {number['to_device']} | "
            f"{number['to_host']} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--torch", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--gpu", action="store_true", help="count on a GPU")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--count-torch", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.count_torch:
        found = {
            work: (count_torch(work, foreach=False), count_torch(work, foreach=True))
            for work in WORKS
        }
        print(json.dumps(found))
        return
    if args.gpu:
        name, text = "kernels", gpu_table()
    else:
        counts = {work: count_minigan(work) for work in WORKS}
        name, text = "launches", table(counts, torch_counts(args.torch))
    print(text)
    if args.write:
        from measure import write

        write({name: text}, {}, {})


if __name__ == "__main__":
    main()
