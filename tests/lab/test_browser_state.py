"""After any sequence of moves, reloads, shares and closed tabs, the page equals a run in Python."""

import json
import random
import urllib.request

import pytest
from lab.lab import Lab
from lab.serving import lab_server

pytestmark = pytest.mark.browser

SMALL = "batch_size=8&width_g=8&width_d=8"
SETTINGS = {"batch_size": 8, "width_g": 8, "width_d": 8}
SEEDS = [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 25))]


def post(address, path, **body):
    """What another page of the lab would send."""
    request = urllib.request.Request(address + path, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def take_the_place(lab):
    """Let other tabs take the place of this one's experiment, and close them."""
    post(lab.address, "bye", tab=lab.state("sessionStorage.getItem('minigan-tab')"))
    for number in range(3):
        post(lab.address, "call", tab=f"other-{number}", method="hello", args={})
    for number in range(3):
        post(lab.address, "bye", tab=f"other-{number}")


class Mirror:
    """A page, and the run in Python that it should show."""

    def __init__(self, lab, watched, rng):
        self.lab, self.watched, self.rng = lab, watched, rng
        self.settings = dict(SETTINGS)
        self.python = Lab(**self.settings)
        lab.open(SMALL)

    def by_hand(self):
        player = self.rng.choice("DDG")
        count = self.rng.randint(1, 4)
        self.lab.press(player.lower(), count)
        self.python.step(player=player, count=count)

    def one_step(self):
        self.lab.press("1")
        self.lab.press("ArrowRight")
        self.python.step()

    def back(self):
        count = self.rng.randint(1, 5)
        for _ in range(count):  # on a slow computer, one step back covers the picture
            self.lab.press("b")
        self.python.back(count=count)

    def jump(self):
        position = self.rng.randint(0, 60)
        self.lab.page.evaluate(f"() => minigan.run(() => minigan.jump.travel({position}))")
        self.python.go(position=position)

    def play(self):
        self.lab.press("1")
        before = self.lab.position()
        self.lab.page.keyboard.press(" ")
        self.lab.until(f"minigan.frame.position > {before} + 3")
        self.lab.page.keyboard.press(" ")
        self.lab.until("!minigan.playing")
        self.lab.settle()
        self.python.go(position=self.lab.position())

    def depth(self):
        """In a recorded step, the page moves only a cursor."""
        self.lab.press(self.rng.choice("1234"))
        if self.lab.state("minigan.depth") != 1:
            self.lab.press("Home")
            self.lab.press("ArrowRight", 2)

    def setting(self):
        self.settings["seed"] = self.rng.randint(0, 1000)
        self.lab.press("1")
        self.lab.page.fill("#setting-seed", str(self.settings["seed"]))
        self.lab.page.press("#setting-seed", "Enter")
        self.lab.settle()
        self.python = Lab(**self.settings)

    def reload(self):
        self.lab.page.reload()
        self.lab.ready()

    def share(self):
        """Another tab opens the address, goes on alone, and closes."""
        self.lab.page.wait_for_timeout(300)  # the address is written at most four times a second
        other = self.watched(self.lab.address)
        other.open(self.lab.page.url.split("#")[1])
        assert shown(other) == expected(self.python)
        other.press("d", 2)
        other.close()

    def lose_the_place(self):
        take_the_place(self.lab)

    def lesson(self):
        self.lab.page.evaluate("() => void minigan.lessons.open('discriminator-step')")
        if self.python.frame(layers=[])["recorded"]:
            self.lab.page.wait_for_selector("#dialog-yes")
            self.lab.page.click("#dialog-yes")
        self.lab.until("minigan.lessons.lesson && !minigan.lessons.turning")
        self.lab.press("d")
        self.lab.page.click("#lesson-close")
        self.lab.until("!minigan.lessons.lesson")
        self.lab.page.evaluate("() => minigan.lessons.closing")
        self.lab.settle()


def expected(python):
    frame = python.frame()
    names = ("digest", "position", "recorded", "moves", "steps", "next", "report", "fakes")
    return {name: frame[name] for name in names}


def shown(lab):
    """What the page shows, in the depth Game with all layers."""
    lab.press("1")
    frame = lab.state("minigan.frame")
    assert lab.page.inner_text("#position") == str(frame["position"])
    assert lab.page.locator("#message:not([hidden]):not(.info)").all_inner_texts() == []
    names = ("digest", "position", "recorded", "moves", "steps", "next", "report", "fakes")
    return {name: frame[name] for name in names}


ACTIONS = (
    "by_hand", "by_hand", "one_step", "back", "back", "jump", "play", "depth", "setting",
    "reload", "reload", "share", "lose_the_place", "lose_the_place", "lesson",
)  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_the_page_equals_the_run_in_python(lab_page, watched, seed):
    rng = random.Random(seed)
    mirror = Mirror(lab_page, watched, rng)
    done = []
    for _ in range(14):
        done.append(rng.choice(ACTIONS))
        getattr(mirror, done[-1])()
        if done[-1] != "lose_the_place":  # the page notices with its next call
            assert shown(lab_page) == expected(mirror.python), done


def test_a_lost_experiment_comes_back_before_the_next_step(lab_page):
    """Three other tabs take the place. The key that is pressed next acts on the same run."""
    lab_page.open(f"{SMALL}&model=wgan_gp&data=grid")
    lab_page.press("d", 4)
    lab_page.press("2")
    lab_page.press("End")
    python = Lab(**SETTINGS, model="wgan_gp", data="grid")
    python.step(player="D", count=4)
    take_the_place(lab_page)
    lab_page.press("ArrowRight")  # past the end of the recorded step: it is done
    python.step()
    assert shown(lab_page) == expected(python)
    assert lab_page.state("minigan.settings.data") == "grid"
    take_the_place(lab_page)
    lab_page.page.evaluate("() => minigan.run(() => minigan.jump.travel(40))")
    python.go(position=40)
    assert shown(lab_page) == expected(python)


def test_a_page_that_the_browser_had_kept_comes_back(lab_page):
    lab_page.open(SMALL)
    lab_page.press("d", 3)
    before = shown(lab_page)
    take_the_place(lab_page)
    lab_page.page.evaluate(
        "() => void dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
    )
    lab_page.settle()
    answer = post(
        lab_page.address,
        "call",
        tab=lab_page.state("sessionStorage.getItem('minigan-tab')"),
        method="frame",
        args={"layers": []},
    )
    assert answer["ok"]["digest"] == before["digest"]
    assert shown(lab_page) == before


def test_a_closed_page_gives_its_place_free(watched):
    with lab_server() as (_, address):
        for _ in range(5):  # more than the server has places
            lab = watched(address)
            lab.open(SMALL)
            lab.page.goto("about:blank")


def test_an_address_of_steps_by_hand_opens_the_same_run(lab_page, watched):
    page = lab_page.open(SMALL)
    for key in "dddddg":
        lab_page.press(key)
    lab_page.until("location.hash.includes(`digest=${minigan.frame.digest}`)")
    assert "moves=s1.D4.s1" in page.url and len(page.url) < 4000
    other = watched(lab_page.address)
    other.open(page.url.split("#")[1])
    assert other.digest() == lab_page.digest()
    assert other.page.locator("#message").is_hidden()


@pytest.mark.parametrize("platform, words", [("", "other weights"), ("PDP-11", "Another platform")])
def test_a_digest_that_differs_is_told(lab_page, platform, words):
    lab_page.open()
    platform = platform or lab_page.state("minigan.hello.platform")
    lab_page.page.goto("about:blank")
    lab_page.open(f"v=2&{SMALL}&moves=s4&position=4&digest=0123&platform={platform}")
    assert words in lab_page.page.inner_text("#message")
    assert lab_page.position() == 4


def test_wrong_moves_in_an_address_are_explained(lab_page):
    lab_page.open(f"v=2&{SMALL}&moves=X5&position=4")
    assert "s120.D5.G1" in lab_page.page.inner_text("#message")
    assert lab_page.position() == 0


def test_a_run_too_long_for_an_address_is_a_file(lab_page, watched, tmp_path):
    drawing = "~".join(f"-{100 + n % 50}*{100 + n // 10}" for n in range(500))
    page = lab_page.open(f"v=2&data=drawing&drawing={drawing}&{SMALL}&moves=D3.G2&position=4")
    page.wait_for_timeout(300)
    assert len(page.url) < 4000
    digest = lab_page.digest()
    page.reload()
    lab_page.ready()
    assert (lab_page.digest(), lab_page.position()) == (digest, 4)
    page.click("#button-share")
    assert page.locator("#share-long").is_visible()
    with page.expect_download() as download:
        page.click("#share-save")
    download.value.save_as(tmp_path / "run.json")
    other = watched(lab_page.address)
    other.open()
    other.page.click("#button-share")
    other.page.set_input_files("#share-open", tmp_path / "run.json")
    other.until("minigan.frame.position === 4")
    other.settle()
    assert other.digest() == digest


def test_a_long_way_shows_where_it_is_and_can_be_stopped(lab_page):
    page = lab_page.open(SMALL)
    page.evaluate("() => void minigan.run(() => minigan.jump.travel(50000))")
    page.wait_for_selector("#jump-bar[value]")
    assert "of 50000" in page.inner_text("#jump-text")
    assert page.locator("#plane").is_hidden()  # it shows step 0
    page.click("#button-cancel")
    lab_page.settle()
    assert 0 < lab_page.position() < 50000
    assert page.inner_text("#position") == str(lab_page.position())
    assert page.locator("#plane").is_visible()


def test_a_stopped_address_can_go_on(lab_page):
    page = lab_page.page
    page.goto(f"{lab_page.address}#v=2&{SMALL}&moves=s3000&position=3000")
    page.wait_for_selector("#jump-bar[value]")
    page.keyboard.press("Escape")
    lab_page.ready()
    assert 0 < lab_page.position() < 3000
    page.click("#message button")
    lab_page.until("minigan.frame.position === 3000")


@pytest.mark.parametrize("key", ["ArrowRight", "ArrowLeft"])
def test_after_a_choice_in_a_list_the_arrow_keys_step(lab_page, key):
    page = lab_page.open(f"{SMALL}&step=3")
    page.locator("#setting-model").focus()
    lab_page.press(key)  # on the list itself
    assert lab_page.position() == (4 if key == "ArrowRight" else 2)
    page.select_option("#setting-noise", "uniform")
    lab_page.settle()
    page.select_option("#speed", "10")
    lab_page.press("ArrowRight", 2)
    assert lab_page.position() == 2
    assert lab_page.state("minigan.settings.model + minigan.settings.noise") == "ganuniform"
    assert page.input_value("#speed") == "10"


@pytest.mark.parametrize(
    "place",
    [
        "#setting-data",
        "#setting-seed",
        "#button-reset",
        "#button-step-d",
        "#depth-3",
        "#layer-heat",
    ],
)
def test_space_pauses_wherever_the_focus_is(lab_page, place):
    page = lab_page.open(SMALL)
    page.click("#button-play")
    page.locator(place).focus()
    lab_page.until("minigan.frame.position > 5")
    page.keyboard.press(" ")
    lab_page.until("!minigan.playing")
    lab_page.settle()
    page.wait_for_timeout(100)
    assert lab_page.position() > 5  # nothing but the pause: no reset, no other depth
    assert lab_page.state("minigan.depth") == 1
    assert lab_page.state("minigan.layers.has('heat')")


def test_tabs_and_nodes_are_reachable_by_keyboard(lab_page):
    page = lab_page.open(SMALL)
    page.locator("#depth-2").focus()
    page.keyboard.press("Tab")
    lab_page.press("Enter")
    assert lab_page.state("minigan.depth") == 3
    lab_page.press("End")
    page.locator("#graph .node.parameter").first.focus()
    page.keyboard.press(" ")
    page.wait_for_selector("#graph-inspector canvas.strip")


def test_a_reload_keeps_a_step_of_any_moment_before_it(lab_page):
    """The address is written up to 250 ms after a step, and perhaps while the reload has begun."""
    lab_page.open()
    for milliseconds in 0, 150, 230, 250, 270:
        lab_page.press("d", 2)
        expected = lab_page.position(), lab_page.digest()
        lab_page.page.wait_for_timeout(milliseconds)
        lab_page.page.reload()
        lab_page.ready()
        assert (lab_page.position(), lab_page.digest()) == expected
