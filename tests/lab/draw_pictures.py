"""Draw the pictures of docs/lab.md, from the lab itself: python tests/lab/draw_pictures.py

Needs Playwright, Pillow and Chromium.
"""

import io
import sys
from pathlib import Path

if __name__ == "__main__":  # lab.py in this folder would hide the folder `lab`
    sys.path[0] = str(Path(__file__).parents[1])

from lab.serving import ROOT, lab_server, launch

PICTURES = {  # name: the state in the address, and how often to press the right arrow
    "lab_game": ("data=ring&model=gan&step=1500&depth=1", 0),
    "lab_algorithm": ("data=ring&model=gan&step=400&depth=2", 6),
    "lab_graph": ("data=ring&model=gan&step=400&depth=3", 24),
    "lab_second_graph": ("data=ring&model=wgan_gp&step=300&depth=3", 22),
    "lab_line": ("data=ring&model=gan&step=400&depth=4&event=3878", 0),
    "lab_lesson": ("lesson=gradient-of-gradient.3", 4),
    "lab_narrow": ("data=ring&model=wgan_gp&step=1500&depth=1", 0),
}


def main():
    from PIL import Image
    from playwright.sync_api import sync_playwright

    chosen = sys.argv[1:] or PICTURES
    with sync_playwright() as playwright, lab_server() as (_, address):
        browser = launch(playwright)
        page = browser.new_page(reduced_motion="reduce")
        for name in chosen:
            state, presses = PICTURES[name]
            size = (390, 780) if name == "lab_narrow" else (1280, 800)
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.goto("about:blank")
            page.goto(f"{address}#{state}")
            page.wait_for_selector("body[data-ready]", timeout=300_000)
            settle = "async () => { await minigan.started; await minigan.queue; }"
            page.evaluate(settle)
            for _ in range(presses):
                page.keyboard.press("ArrowRight")
                page.evaluate(settle)
            page.mouse.move(0, 0)
            page.wait_for_timeout(1500)
            shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            shot.quantize(256, kmeans=2).save(ROOT / f"docs/images/{name}.png", optimize=True)
            print(f"docs/images/{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
