"""Time the lab's page in Chromium: python tests/lab/measure_page.py [--steps 10000] [--only local]

It prints the time to the first picture, the speed of training and of the picture, and the time of a
step back. It measures the local page. If MINIGAN_PYODIDE names a folder with Pyodide, it measures
an exported page, too. It needs Playwright and Chromium, and no other program should run.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":  # lab.py in this folder would hide the folder `lab`
    sys.path[0] = str(Path(__file__).parents[1])

from lab.serving import exported_page, lab_server, launch

SETTLE = "async () => { await minigan.started; await minigan.queue; }"
CALL = """async ([method, args]) => {
    const start = performance.now();
    const answer = await minigan.api.call(method, args);
    return [(performance.now() - start) / 1000, answer.position];
}"""
COUNT_PICTURES = """() => {
    const draw = minigan.game.update.bind(minigan.game);
    window.pictures = 0;
    minigan.game.update = (...all) => { window.pictures++; draw(...all); };
}"""


def measure(browser, name, address, steps):
    first = []
    for _ in range(3):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        start = time.perf_counter()
        page.goto(address)
        page.wait_for_selector("body[data-ready]", timeout=300_000)
        first.append(time.perf_counter() - start)
        if len(first) < 3:
            page.close()
    print(f"{name}: the first picture after {statistics.median(first):.2f} s (median of 3)")

    page.evaluate(SETTLE)
    page.evaluate(COUNT_PICTURES)
    page.click("#button-play")
    page.wait_for_timeout(2000)
    look = "() => [performance.now() / 1000, minigan.frame.position, pictures]"
    before = page.evaluate(look)
    page.wait_for_timeout(10_000)
    after = page.evaluate(look)
    page.click("#button-play")
    seconds, done, drawn = (b - a for a, b in zip(before, after, strict=True))
    print(f"{name}: {done / seconds:.0f} steps and {drawn / seconds:.1f} pictures a second")

    page.evaluate(SETTLE)
    page.wait_for_timeout(1000)
    while page.evaluate("() => minigan.frame.position") < steps:
        left = steps - page.evaluate("() => minigan.frame.position")
        page.evaluate("(n) => minigan.jump.travel(minigan.frame.position + n)", min(200, left))
    near = [page.evaluate(CALL, ["back", {"count": 1}])[0] for _ in range(20)]
    far = []
    for position in (steps // 2, steps // 3, 1234 % steps, 17):
        page.evaluate(CALL, ["go", {"position": position}])
        far.append(page.evaluate(CALL, ["back", {"count": 1}])[0])
    print(f"{name}: at step {steps}, one step back takes {statistics.median(near):.3f} s", end="")
    print(f" (longest of 20: {max(near):.3f} s); elsewhere at most {max(far):.3f} s")
    page.close()


def main():
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2000, help="how far to train (default: 2000)")
    parser.add_argument("--only", choices=["local", "exported"], help="one of the two pages")
    args = parser.parse_args()
    runtime = os.environ.get("MINIGAN_PYODIDE")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright)
        if args.only != "exported":
            with lab_server() as (_, address):
                measure(browser, "local page", address, args.steps)
        if runtime and args.only != "local":
            with exported_page(folder, runtime) as address:
                measure(browser, "exported page", address, args.steps)
        browser.close()


if __name__ == "__main__":
    main()
