"""An exported folder in a real browser: Python runs inside the page, with Pyodide.

MINIGAN_PYODIDE names a folder with Pyodide 0.27.7 and its NumPy wheel (docs/lab.md says where they
come from).
"""

import json
import os
import random
import time

import pytest
from lab.conftest import busy
from lab.lab import Lab, array
from lab.serving import exported_page, static_server

from minigan.lab.export import export
from minigan.lab.lessons import LESSONS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_page_from_a_file_says_what_to_do(browser, tmp_path):
    export(tmp_path / "lab")
    page = browser.new_page()
    page.goto((tmp_path / "lab" / "index.html").as_uri())
    assert "python -m http.server" in page.inner_text("#loading")
    assert page.locator("#button-play").is_disabled()
    page.close()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The address of an exported folder."""
    runtime = os.environ.get("MINIGAN_PYODIDE")
    if not runtime:
        pytest.skip("MINIGAN_PYODIDE does not name a folder with Pyodide")
    with exported_page(tmp_path_factory.mktemp("export") / "lab", runtime) as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with an export and its runtime."""
    runtime = os.environ.get("MINIGAN_PYODIDE")
    if not runtime:
        pytest.skip("MINIGAN_PYODIDE does not name a folder with Pyodide")
    made = tmp_path_factory.mktemp("troubled") / "lab"
    export(made, runtime)
    return made


def files_of(folder):
    """What the exported page knows of the files that it loads: name -> url, bytes, integrity."""
    text = (folder / "lab-config.js").read_text()
    return json.loads(text[text.index("{") : text.rindex(";")])["files"]


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


def test_a_runtime_that_does_not_arrive_whole_is_not_run(watched, folder):
    """Each file in turn is missing, cut short or changed; each time the page says which one."""
    files = files_of(folder)
    order = random.Random(0).sample(sorted(files), len(files))
    troubles = {}
    with static_server(folder, troubles) as address:
        lab = watched(address)
        page = lab.page
        lab.expected = ("Failed to load resource", "integrity")
        for i, name in enumerate(order):
            kind = ("missing", "changed", "cut")[i % 3]
            troubles.clear()
            troubles[name] = kind
            if i == 0:
                page.goto(address)
            else:
                page.click("#button-retry")
            page.wait_for_selector("#loading-error", timeout=60_000)
            text = page.inner_text("#loading-error")
            assert name in text, (name, kind, text)
            assert ("SHA-256 differs" in text) == (kind == "changed"), (name, kind, text)
            assert page.locator("#button-play").is_disabled()
        troubles.clear()
        page.click("#button-retry")
        lab.ready(120)
        lab.press("d")
        assert lab.position() == 1


def test_a_connection_that_stalls_can_be_tried_again(watched, folder):
    troubles = {"python_stdlib.zip": "held"}
    with static_server(folder, troubles) as address:
        lab = watched(address)
        page = lab.page
        page.clock.install()
        page.goto(address)
        lab.until("document.getElementById('loading-bar')?.value > 12e6", 60)
        assert page.locator("#loading-stalled").is_hidden()
        page.clock.fast_forward(21_000)
        assert "Nothing has arrived" in page.inner_text("#loading-stalled")
        page.click("#loading-stalled button")
        troubles.clear()
        page.wait_for_selector("body[data-ready]", timeout=120_000)
        assert page.locator("#button-play").is_enabled()


def test_an_old_file_that_the_browser_kept_is_asked_for_again(watched, folder):
    troubles = {"minigan.zip": "changed once"}
    with static_server(folder, troubles) as address:
        lab = watched(address)
        lab.expected = ("integrity",)
        lab.open(timeout=120)
        assert troubles == {}


def test_the_page_shows_how_much_has_arrived_and_the_lessons_can_be_read(watched, folder):
    files = files_of(folder)
    total = sum(file["bytes"] for file in files.values())
    assert total == sum((folder / file["url"]).stat().st_size for file in files.values())
    troubles = {"pyodide.asm.wasm": "held"}
    arrived = total - files["pyodide.asm.wasm"]["bytes"] + files["pyodide.asm.wasm"]["bytes"] // 2
    with static_server(folder, troubles) as address:
        lab = watched(address)
        page = lab.page
        page.goto(address + "#lesson=mode-collapse.2")
        lab.until(f"document.getElementById('loading-bar')?.value === {arrived}", 60)
        text = page.inner_text("#loading-text")
        assert f"{arrived / 1e6:.1f} of {total / 1e6:.1f} MB" in text
        assert lab.state("document.getElementById('loading-bar').max") == total
        for button in page.locator(".controls button, .controls select, .depths button").all():
            assert button.is_disabled()
        page.keyboard.press("d")  # there is no Python to do it
        page.locator("#loading button").click()
        page.locator(".lesson-list button").nth(0).click()
        for number in range(1, len(LESSONS[0]["pages"])):
            page.click("#lesson-next")
            assert f"{number + 1} of" in page.inner_text("#lesson")
        page.click("#lesson-back")
        assert page.locator("#message").is_hidden()
        troubles.clear()
        lab.ready(120)
        lab.until("!minigan.lessons.turning", 300)
        lab.settle()
        assert lab.state("minigan.lessons.index") == len(LESSONS[0]["pages"]) - 2
        assert page.locator("#button-play").is_enabled()
        run = Lab()
        for done in LESSONS[0]["pages"][: len(LESSONS[0]["pages"]) - 1]:
            for action in done["do"]:
                run.answer(action["call"], **action["args"])
        assert lab.position() == run.frame()["position"]


def test_without_a_runtime_in_the_folder_it_comes_from_the_cdn(watched, folder, tmp_path):
    export(tmp_path / "lab")
    with static_server(tmp_path / "lab") as address:
        lab = watched(address)

        def cdn(route):
            content = folder / "pyodide" / route.request.url.split("/")[-1]
            route.fulfill(path=content, headers={"Access-Control-Allow-Origin": "*"})

        lab.context.route("https://cdn.jsdelivr.net/**", cdn)
        lab.open(timeout=120)
        lab.press("d")
        assert lab.position() == 1
        assert sorted(lab.strangers) == sorted(
            file["url"] for file in files_of(tmp_path / "lab").values() if "://" in file["url"]
        )
        lab.strangers.clear()


def test_the_first_picture_comes_in_time(watched, exported):
    lab = watched(exported)
    start = time.monotonic()
    lab.open(timeout=120)
    seconds = time.monotonic() - start
    if busy():
        pytest.skip(f"this computer is busy: the first picture took {seconds:.1f} s")
    assert seconds < 8


def test_a_reload_and_a_shared_address_show_the_steps_by_hand(watched, exported):
    lab = watched(exported)
    page = lab.open("batch_size=8")
    for key in "dddddgbb":
        lab.press(key)
    expected = lab.state("[minigan.frame.digest, minigan.frame.moves, minigan.frame.position]")
    assert expected[1:] == ["s1.D4.s1", 4]
    page.reload()
    lab.ready()
    names = "[minigan.frame.digest, minigan.frame.moves, minigan.frame.position]"
    assert lab.state(names) == expected
    other = watched(exported)
    other.open(page.url.split("#")[1])
    assert other.state(names) == expected
    assert other.page.locator("#message").is_hidden()
