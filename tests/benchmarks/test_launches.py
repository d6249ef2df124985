"""What a training step asks of a GPU: the launches and the transfers, counted on the stand-in."""

from pathlib import Path

import pytest

# Fewer are welcome: change the number, and write the table with `launches.py --write`.
COUNTS = {  # launches, transfers to the device, transfers to the host
    "mlp_gan": (348, 4, 2),
    "wgan": (772, 12, 6),
    "wgan_gp": (1021, 32, 6),
    "dcgan": (1149, 20, 2),
}


@pytest.mark.parametrize("work", COUNTS)
def test_a_step_launches_and_waits_as_often_as_the_page_says(work, benchmark):
    launches, *transfers = benchmark("launches").count_minigan(work).values()
    expected, *expected_transfers = COUNTS[work]
    assert transfers == expected_transfers
    # The walk knows arrays by their id. A new array with the id of a freed one may be copied.
    assert abs(launches - expected) <= 4


def test_the_page_has_these_numbers():
    page = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()
    for work, (n, to_device, to_host) in COUNTS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{work}`: "))
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        single = int(cells[2])
        assert cells[1:4] == [str(n), str(single), f"{n / single:.3f}"]
        assert cells[5:] == [str(to_device), str(to_host)]
        if work == "mlp_gan":
            assert n < 1.2 * single


def test_a_step_waits_for_the_gpu_once():
    steps = {"mlp_gan": 2, "wgan": 6, "wgan_gp": 6, "dcgan": 2}  # of both players
    assert {work: to_host for work, (_, _, to_host) in COUNTS.items()} == steps
