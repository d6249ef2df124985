"""What a training step asks of a GPU: the launches and the transfers, counted on the stand-in."""

from pathlib import Path

import pytest

# Fewer are welcome: change the number, and write the table with `launches.py --write`.
COUNTS = {  # launches, transfers to the device, transfers to the host
    "mlp_gan": (320, 4, 2),
    "wgan": (752, 12, 6),
    "wgan_gp": (1002, 32, 6),
    "dcgan": (1068, 20, 2),
}


@pytest.mark.parametrize("work", COUNTS)
def test_a_step_launches_and_waits_as_often_as_the_page_says(work, benchmark):
    assert tuple(benchmark("launches").count_minigan(work).values()) == COUNTS[work]


def test_the_page_has_these_numbers():
    page = (Path(__file__).parents[2] / "docs" / "gpu.md").read_text()
    for work, (n, to_device, to_host) in COUNTS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{work}`: "))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        single = int(cells[2])
        assert cells[1:4] == [str(n), str(single), f"{n / single:.3f}"]
        assert cells[5:] == [str(to_device), str(to_host)]
        if work == "mlp_gan":  # 22 of PyTorch's operators count Adam's steps, on the host
            assert n < 1.2 * (single - 22)
            assert f"launches are {n / (single - 22):.3f} times the other {single - 22}." in page


def test_a_step_waits_for_the_gpu_once():
    steps = {"mlp_gan": 2, "wgan": 6, "wgan_gp": 6, "dcgan": 2}  # of both players
    assert {work: to_host for work, (_, _, to_host) in COUNTS.items()} == steps
