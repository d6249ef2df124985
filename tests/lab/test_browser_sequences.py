"""After any sequence of moves, reloads, shares and tabs, the page shows a run that Python repeats.

The server of this test has place for two experiments and lets no idle tab keep one. So with three
tabs, almost each change of the tab takes an experiment away, and the page makes it again.
"""

import copy
import random
import threading

import pytest

from minigan.lab import server
from minigan.lab.game import Game
from minigan.lab.settings import complete

pytestmark = pytest.mark.browser

ACTIONS = {
    "forwards": 4, "back": 4, "D": 4, "G": 4, "play": 2, "setting": 1, "reset": 1,
    "reload": 3, "away and back": 1, "hasty reload": 2, "share": 3, "another tab": 4,
    "close a tab": 1, "depth": 3, "lesson": 1, "paste": 2,
}  # fmt: skip


class Run:
    """What a tab should show: settings, the player of each recorded step, and the position."""

    def __init__(self, settings):
        self.settings, self.moves, self.position = settings, [], 0

    def next(self):
        if self.position < len(self.moves):
            return self.moves[self.position]
        k = self.settings["k"]
        return "G" if k <= len(self.moves) and "G" not in self.moves[-k:] else "D"

    def step(self, player=None):
        player = player or self.next()
        if self.moves[self.position : self.position + 1] != [player]:
            self.moves[self.position :] = [player]
        self.position += 1

    def expected(self):
        game = Game(complete(self.settings))
        for player in self.moves[: self.position]:
            game.step(player)
        done = self.moves[: self.position]
        return {
            "digest": game.digest(),
            "position": self.position,
            "recorded": len(self.moves),
            "steps": {player: done.count(player) for player in "DG"},
            "next": self.next(),
        }


class Tab:
    """A page and the run that it should show. Each method is an action of its user."""

    def __init__(self, lab, run):
        self.lab, self.run = lab, run
        self.noted = None

    def share(self, lab):
        """The tab in which somebody opens the address of this one."""
        self.address_is_up_to_date()
        lab.open(self.lab.page.url.split("#")[1])
        return Tab(lab, copy.deepcopy(self.run))

    def address_is_up_to_date(self):
        self.lab.until("location.hash.includes(`digest=${minigan.frame.digest}`)")
        self.lab.until("location.hash.includes(`depth=${minigan.depth}`)")

    def game(self):
        self.lab.press("1")

    def forwards(self, draw):
        self.game()
        times = draw.randint(1, 4)
        self.lab.press("ArrowRight", times)
        for _ in range(times):
            self.run.step()

    def back(self, draw):
        self.game()
        times = draw.randint(1, 6)
        self.lab.press("ArrowLeft", times)
        self.run.position = max(0, self.run.position - times)

    def player(self, player, draw):
        times = draw.randint(1, 5)
        self.lab.press(player.lower(), times)
        for _ in range(times):
            self.run.step(player)

    def play(self, draw):
        self.game()
        self.lab.page.keyboard.press(" ")
        self.lab.until(f"minigan.frame.position > {self.run.position + draw.randint(0, 3)}")
        self.lab.page.keyboard.press(" ")
        self.lab.until("!minigan.playing")
        self.lab.settle()
        while self.run.position < self.lab.position():
            self.run.step()

    def setting(self, draw):
        self.game()
        name, value = draw.choice([("seed", 7), ("k", 2), ("lr_d", 0.01), ("model", "wgan_gp")])
        if self.run.settings[name] == value:
            return
        if name == "model":
            self.lab.page.select_option("#setting-model", value)
        else:
            self.lab.page.fill(f"#setting-{name}", str(value))
            self.lab.page.keyboard.press("Enter")
            self.lab.page.locator("#view").focus()
        self.lab.settle()
        shown = self.lab.state("minigan.settings")
        assert shown[name] == value
        self.run = Run(shown)

    def reset(self, draw):
        self.lab.press("r")
        self.run = Run(self.run.settings)

    def reload(self, draw):
        self.lab.page.reload()
        self.lab.ready()

    def away_and_back(self, draw):
        self.lab.page.goto("about:blank")
        self.lab.page.go_back()
        self.lab.ready()

    def hasty_reload(self, draw):
        """Reload while the page still waits for answers: some of the steps are done."""
        times = draw.randint(2, 6)
        for _ in range(times):
            self.lab.page.keyboard.press("d")
        self.reload(draw)
        done = self.lab.position() - self.run.position
        assert 0 <= done <= times, self.lab.page.url
        for _ in range(done):
            self.run.step("D")

    def paste(self, draw):
        """Note the address; the next time, paste it over the one of that moment."""
        if self.noted is None:
            self.address_is_up_to_date()
            self.noted = (self.lab.page.url.split("#")[1], copy.deepcopy(self.run))
            return
        address, run = self.noted
        self.noted = None
        if self.lab.page.url.split("#")[1] != address:
            self.lab.state(f"{{ document.body.id = 'old'; location.hash = '{address}'; }}")
            self.lab.page.wait_for_selector("body:not(#old)", state="attached")
        self.lab.ready()
        self.run = run

    def depth(self, draw):
        self.lab.press(str(draw.randint(2, 4)))
        assert self.lab.state("minigan.recording.raw.position") == self.run.position

    def lesson(self, draw):
        """Begin a lesson and leave it: the run comes back."""
        page = self.lab.page
        page.click("#button-lessons")
        page.click("#dialog [data-lesson=discriminator-step]")
        if self.run.moves:
            page.click("#dialog-yes")
        self.lab.until("minigan.lessons.lesson && !minigan.lessons.turning", 120)
        self.lab.click("#lesson-next")
        self.lab.until("!minigan.lessons.turning", 120)
        page.click("#lesson-close")
        self.lab.until("!minigan.lessons.lesson")
        self.lab.until("minigan.queue && document.getElementById('lesson').hidden")
        self.lab.until(f"minigan.frame.position === {self.run.position}")
        self.lab.settle()

    def check(self, story):
        expected = self.run.expected()
        frame = self.lab.state(
            "Object.fromEntries(['digest', 'position', 'recorded', 'steps', 'next']"
            ".map((name) => [name, minigan.frame[name]]))"
        )
        assert frame == expected, story
        page, settings = self.lab.page, self.run.settings
        assert self.lab.state("minigan.settings") == settings, story
        assert page.inner_text("#position") == str(self.run.position), story
        for name in "data", "model", "seed", "k":
            assert page.input_value(f"#setting-{name}") == str(settings[name]), story
        assert page.locator("#message").is_hidden(), (story, page.inner_text("#message"))


@pytest.fixture
def small_server(monkeypatch):
    monkeypatch.setattr(server, "TABS", 2)
    monkeypatch.setattr(server, "IDLE", 0.0)
    with server.Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield running.address
        running.shutdown()


@pytest.mark.parametrize(
    "number", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(2, 13))]
)
def test_the_page_equals_a_run_in_python_after_any_sequence(watched, small_server, number):
    draw = random.Random(number)
    lab = watched(small_server)
    lab.open("data=ring&model=gan&batch_size=8")
    tab = Tab(lab, Run(lab.state("minigan.settings")))
    tabs, story = [tab], []
    for _ in range(30):
        action = draw.choices(list(ACTIONS), ACTIONS.values())[0]
        story.append((tabs.index(tab), action))
        if action == "share":
            if len(tabs) == 3:
                continue
            tab = tab.share(watched(small_server))
            tabs.append(tab)
        elif action == "another tab":
            tab = draw.choice(tabs)
            tab.lab.page.bring_to_front()
            tab.forwards(draw)
        elif action == "close a tab":
            if len(tabs) == 1:
                continue
            tabs.remove(tab)
            tab.lab.page.close()
            tab = draw.choice(tabs)
            tab.lab.page.bring_to_front()
            tab.back(draw)
        elif action in "DG":
            tab.player(action, draw)
        else:
            getattr(tab, action.replace(" ", "_"))(draw)
        tab.check(story)
