"""Time the lab's page in Chromium: python tests/lab/measure_page.py [--steps 10000] [--only local]

Prints how soon the first picture is there, how fast training and the picture go on, and how long a
step back takes, for the local page and, if MINIGAN_PYODIDE names a folder with Pyodide, for an
exported page. Needs Playwright and Chromium, and a computer that does nothing else.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
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


def started(command):
    """A server in a process of its own, and the first line that it prints."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return process, process.stdout.readline()


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
        page.evaluate("(n) => minigan.travel(minigan.frame.position + n)", min(200, left))
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
    steps = args.steps
    runtime = os.environ.get("MINIGAN_PYODIDE")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        lab = [sys.executable, "-m", "minigan.lab"]
        if args.only != "exported":
            server, line = started([*lab, "--no-browser", "--port", "0"])
            try:
                measure(browser, "local page", line.split()[-1], steps)
            finally:
                server.terminate()
                server.wait()
        if runtime and args.only != "local":
            subprocess.run(
                [*lab, "--export", folder, "--pyodide", runtime],
                cwd=ROOT, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            command = ["-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder]
            server, line = started([sys.executable, *command])
            port = line.split("port ")[1].split()[0]
            try:
                measure(browser, "exported page", f"http://127.0.0.1:{port}/", steps)
            finally:
                server.terminate()
                server.wait()
        browser.close()


if __name__ == "__main__":
    main()
