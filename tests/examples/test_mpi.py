"""mpi_wgan_gp.py: two ranks give the result of one, and if one rank dies, no other waits."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigan

pytest.importorskip("mpi4py")
ROOT = Path(__file__).parents[2]
MPIEXEC = shutil.which("mpiexec", path=Path(sys.executable).parent) or shutil.which("mpiexec")
if MPIEXEC is None:
    pytest.skip("there is no mpiexec", allow_module_level=True)

START = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "examples")!r}]
import numpy as np
import minigan
import mpi_wgan_gp as example
from minigan import nn, optim
from minigan.trainers import WGANGP
"""
TRAIN = """
minigan.seed(example.RANK)  # the weights are rank 0's all the same
G = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)).double()
f = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1)).double()
adams = [example.AveragedAdam(net.parameters(), 1e-2) for net in (G, f)]
trainer = WGANGP(G, f, *adams, n_critic=2)
minigan.seed(7)
batches = np.random.default_rng(0).standard_normal((6, 8, 2))
for report in example.train(trainer, batches, lambda m: minigan.randn(m, 3, dtype=np.float64)):
    pass
if example.RANK == 0:
    minigan.save({"G": G.state_dict(), "f": f.state_dict()}, sys.argv[1])
"""
FAIL = """
def main():
    if example.RANK == 1:
        raise OSError("no more")
    example.COMM.Barrier()

example.all_or_none(main)
"""


def run(n_ranks, code, *args):
    """Run the code with `mpiexec -n n_ranks`. Returns the finished process."""
    command = [MPIEXEC, "-n", str(n_ranks), sys.executable, "-c", START + code, *map(str, args)]
    # Open MPI refuses to run as root, as a container does, without both of these.
    root = dict.fromkeys(["OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"], "1")
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=os.environ | root
    )


def test_two_ranks_follow_one_with_the_whole_batch(tmp_path):
    ends = []
    for n_ranks in (1, 2):
        path = tmp_path / f"{n_ranks}.npz"
        done = run(n_ranks, TRAIN, path)
        assert done.returncode == 0, done.stderr
        ends.append(minigan.load(path))
    for net in ("G", "f"):
        for name, weight in ends[0][net].items():
            np.testing.assert_allclose(weight, ends[1][net][name], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("end", "message"),
    [(FAIL, "rank 1 of 2 failed, so all of them end"), (FAIL.replace(
        'raise OSError("no more")', "import os; os.kill(os.getpid(), 9)"), "KILLED|kill|signal")],
    ids=["an error", "a killed process"],
)  # fmt: skip
def test_a_rank_that_dies_ends_the_others(end, message):
    done = run(2, end)
    assert done.returncode != 0
    assert any(word in done.stdout + done.stderr for word in message.split("|"))
