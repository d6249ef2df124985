"""A part of the browser tests in Firefox. Without Firefox or websockets they are skipped."""

import os
import random
import time

import pytest
from lab.firefox import firefox, firefox_path
from lab.lab import Lab
from lab.serving import static_server

from minigan.lab.export import export

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    pytest.importorskip("websockets", reason="websockets is not installed")
    if not firefox_path():
        pytest.skip("no Firefox on this computer: apt install firefox-esr")
    with firefox() as open_page:
        yield open_page


@pytest.fixture
def make(browser):
    """Make pages: make(address, width=390). Checks that they wrote no error to the console."""
    made = []

    def make_page(address, **options):
        made.append(browser(address, **options))
        return made[-1]

    yield make_page
    errors = [error for one in made for error in one.errors()]
    for one in made:
        one.close()  # a second close does nothing
    assert errors == []


@pytest.fixture
def lab(make, address):
    return make(address)


@pytest.mark.parametrize("model", ["gan", "wgan_gp"])
def test_each_depth_goes_forwards_and_back(lab, model):
    lab.open(f"model={model}&data=ring")
    lab.press("d")
    lab.press("g")
    assert lab.position() == 2
    digest = lab.digest()
    for depth, place in {"2": "#algorithm-code", "3": "#graph", "4": "#line-code"}.items():
        lab.press(depth)
        assert lab.state(f"document.querySelector('{place}').getBoundingClientRect().width") > 0
        start = lab.state("minigan.cursor")
        lab.press("ArrowRight", 4)
        after = lab.state("minigan.cursor")
        lab.press("ArrowLeft", 2)
        assert start < lab.state("minigan.cursor") < after
    lab.press("1")
    lab.press("b", 2)
    lab.press("ArrowRight", 2)
    assert (lab.position(), lab.digest()) == (2, digest)


def test_the_mouse_and_the_space_bar_play_and_pause(lab):
    lab.open()
    lab.click("#button-play")
    lab.until("minigan.frame.position > 20")
    lab.press(" ")
    lab.until("!minigan.playing")
    lab.settle()
    position = lab.position()
    lab.press(" ")
    lab.until(f"minigan.frame.position > {position + 20}")
    lab.click("#button-play")
    lab.until("!minigan.playing")
    lab.settle()
    reached = lab.position()
    here = Lab(**lab.state("minigan.settings"))
    assert here.go(position=reached)["digest"] == lab.digest()


@pytest.mark.parametrize("place", ["#button-play", "summary", "#setting-data", "#layer-heat"])
def test_space_pauses_wherever_the_focus_is(lab, place):
    lab.open("data=ring")
    seen = "[minigan.settings, [...minigan.layers], document.getElementById('settings').open]"
    first = lab.state(seen)
    lab.click("#button-play")
    lab.until("minigan.frame.position > 5")
    lab.state(f"document.querySelector('{place}').focus() ?? true")
    lab.press(" ")
    lab.until("!minigan.playing")
    lab.settle()
    position = lab.position()
    time.sleep(0.15)
    assert (lab.position(), lab.state(seen)) == (position, first)


def test_a_reload_and_a_shared_address_show_the_same(lab, make, address):
    lab.open("model=wgan&data=grid&step=12&depth=3")
    lab.press("ArrowRight", 3)
    seen = "[minigan.frame.position, minigan.frame.digest, minigan.depth, minigan.cursor]"
    first = lab.state(seen)
    lab.until("location.hash.includes('event=' + minigan.cursor)")
    shared = lab.state("location.hash.slice(1)")
    lab.reload()
    assert lab.state(seen) == first
    other = make(address)
    other.open(shared)
    assert other.state(seen) == first


@pytest.mark.parametrize("seed", [0, 1])
def test_the_page_shows_the_same_run_as_python_after_any_moves(seed, lab, make, address):
    """Moves, reloads, other pages and shared addresses are drawn; the page and Python agree."""
    draw = random.Random(seed)
    lab.open("data=ring&k=2")
    python = Lab(data="ring", k=2)
    keys = {
        "d": ("step", "D"),
        "g": ("step", "G"),
        "ArrowRight": ("step", "next"),
        "b": ("back", 1),
    }
    done = []
    for _ in range(10):
        move = draw.choice([*keys, *keys, "reload", "leave", "share"])
        done.append(move)
        if move == "share":  # the page writes its address every 250 ms
            lab.until("location.hash.includes(minigan.frame.digest)")
        if move == "reload":
            lab.reload()
        elif move == "leave":
            lab.leave_and_come_back()
        elif move == "share":
            shared = lab.state("location.hash.slice(1)")
            lab.close()
            lab = make(address)
            lab.open(shared)
        elif move != "b" or lab.position():
            call, value = keys[move]
            python.answer(call, **{"player" if call == "step" else "count": value})
            lab.press(move)
        ours = python.frame()
        assert (lab.position(), lab.digest()) == (ours["position"], ours["digest"]), str(done)


def test_a_lesson_to_its_end(lab):
    lab.open("lesson=discriminator-step.1")
    lab.until("!minigan.lessons.turning", 120)
    while lab.state("Boolean(document.querySelector('#lesson-next'))"):
        page = lab.state("minigan.lessons.index")
        lab.click("#lesson-next")
        lab.until(f"minigan.lessons.index > {page} && !minigan.lessons.turning", 120)
        lab.settle()
        assert lab.state("document.getElementById('message').hidden")


@pytest.mark.parametrize("width", [1280, 390])
def test_no_depth_is_wider_than_the_window(make, address, width):
    lab = make(address, width=width)
    lab.open("data=ring")
    for depth in "1234":
        lab.press(depth)
        assert lab.state("document.documentElement.scrollWidth - innerWidth") <= 0, depth


@pytest.mark.slow
def test_an_exported_page_loads_fails_and_tries_again(make, tmp_path):
    runtime = os.environ.get("MINIGAN_PYODIDE")
    if not runtime:
        pytest.skip("MINIGAN_PYODIDE does not name a folder with Pyodide")
    export(tmp_path / "lab", runtime)
    troubles = {"pyodide.asm.js": "changed"}
    buttons = "[...document.querySelectorAll('.controls button, .depths button')]"
    dead = f"{buttons}.every((button) => button.disabled)"
    with static_server(tmp_path / "lab", troubles) as address:
        lab = make(address)
        lab.goto(address)
        lab.until("document.getElementById('loading-error')", 60)
        text = lab.text("#loading-error")
        assert "pyodide.asm.js" in text and "SHA-256 differs" in text
        assert lab.state(dead)
        lab.errors()  # Firefox itself writes that the hash differs
        troubles.clear()
        lab.click("#button-retry")
        lab.ready(120)
        lab.press("d")
        lab.press("ArrowRight")
        digest = lab.digest()
        lab.press("b", 2)
        lab.press("ArrowRight", 2)
        assert (lab.position(), lab.digest()) == (2, digest)
        # Firefox remembers over a reload which buttons were enabled.
        troubles["pyodide.asm.wasm"] = "held"
        lab.state("location.reload()")
        lab.until("document.getElementById('loading-bar')?.value > 0", 60)
        assert lab.state(dead)
        troubles.clear()
        lab.ready(120)
