"""An exported folder in a real browser: Python runs inside the page, with Pyodide.

MINIGAN_PYODIDE names a folder with Pyodide 0.27.7 and its NumPy wheel (docs/lab.md says where they
come from).
"""

import os
import time

import pytest
from lab.conftest import busy
from lab.lab import Lab, array
from lab.serving import exported_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The address of an exported folder."""
    runtime = os.environ.get("MINIGAN_PYODIDE")
    if not runtime:
        pytest.skip("MINIGAN_PYODIDE does not name a folder with Pyodide")
    with exported_page(tmp_path_factory.mktemp("export") / "lab", runtime) as address:
        yield address


def test_an_exported_page_works_in_every_depth(watched, exported):
    lab = watched(exported)
    page = lab.open(timeout=120)
    assert not lab.state("minigan.hello.native")
    lab.press("d")
    lab.press("g")
    assert lab.position() == 2
    for depth, selector in {2: "#algorithm-code", 3: "#graph", 4: "#line-code"}.items():
        lab.press(str(depth))
        assert page.locator(selector).is_visible()
        lab.press("ArrowRight", 4)
        lab.press("ArrowLeft", 2)
    lab.press("1")
    digest = lab.digest()
    lab.press("b", 2)
    lab.press("ArrowRight", 2)
    assert (lab.position(), lab.digest()) == (2, digest)
    page.click("#button-play")
    lab.until("minigan.frame.position > 30", timeout=60)
    page.click("#button-play")
    lab.until("!minigan.playing")
    lab.settle()


def test_the_same_first_ten_steps_as_here(watched, exported):
    lab = watched(exported)
    lab.open("data=ring&model=gan&step=10", timeout=120)
    decode = "Array.from((await import('./js/arrays.js')).decode(minigan.frame.fakes).data)"
    there = lab.page.evaluate(f"async () => {decode}")
    here = array(Lab().go(position=10, layers=["fakes"])["fakes"]).ravel()
    assert max(abs(a - b) for a, b in zip(here, there, strict=True)) < 1e-4


def test_a_lesson_in_an_exported_page(watched, exported):
    lab = watched(exported, width=390)
    page = lab.open("lesson=discriminator-step.1", timeout=120)
    lab.until("!minigan.lessons.turning", timeout=600)
    while page.locator("#lesson-next").count():
        page.click("#lesson-next")
        lab.until("!minigan.lessons.turning", timeout=600)
        lab.settle()
        assert page.locator("#message").is_hidden()
    assert lab.overflow() <= 0


def test_a_missing_runtime_is_explained(watched, exported):
    lab = watched(exported)
    lab.expected = ("Failed to load resource",)
    lab.page.route("**/pyodide.js", lambda route: route.fulfill(status=404, body="missing"))
    lab.page.goto(exported)
    lab.page.wait_for_selector("#message:not([hidden])", timeout=60_000)
    assert "Python" in lab.page.inner_text("#message")


def test_the_first_picture_comes_in_time(watched, exported):
    lab = watched(exported)
    start = time.monotonic()
    lab.open(timeout=120)
    seconds = time.monotonic() - start
    if busy():
        pytest.skip(f"this computer is busy: the first picture took {seconds:.1f} s")
    assert seconds < 8
