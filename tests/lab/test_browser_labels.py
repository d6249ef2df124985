"""What the page says of a run is true: numbers and sentences, for drawn settings, and its looks."""

import random
import re

import numpy as np
import pytest
from lab.lab import Lab

from minigan import Tensor, grad, no_grad
from minigan.lab.game import Game
from minigan.lab.picture import Picture
from minigan.lab.settings import complete

pytestmark = pytest.mark.browser

SIGN = "\N{MINUS SIGN}"
SIZES = {"desk": (1366, 768), "phone": (390, 844), "zoom": (683, 384)}


def drawn_settings(seed):
    """Settings of a run, and its length. Some runs go well, and in others the networks break."""
    rng = random.Random(seed)
    model = ("gan", "wgan", "wgan_gp")[seed % 3]
    settings = {
        "model": model,
        "data": rng.choice(["two_gaussians", "line", "ring", "grid", "swiss_roll", "regions"]),
        "generator_loss": rng.choice(["minimax", "non_saturating"]),
        "noise": rng.choice(["normal", "uniform"]),
        "noise_dim": rng.choice([1, 2, 2, 5]),
        "width_g": rng.choice([4, 16]),
        "width_d": rng.choice([4, 16]),
        "lr_g": float(f"{10 ** rng.uniform(-4, -0.5):.2g}"),
        "lr_d": float(f"{10 ** rng.uniform(-4, -1.5):.2g}"),
        "k": rng.choice([1, 2]),
        "clip_value": float(f"{10 ** rng.uniform(-3, 0):.2g}"),
        "batch_size": rng.choice([8, 32]),
        "seed": rng.randrange(100),
    }
    return settings, rng.randrange(5, 130)


def forward(net, x):
    """net(x) as a float64 array, without a graph."""
    with no_grad():
        return net(Tensor(x)).numpy().astype(np.float64)


def log(p):
    """log p, and at least -100: there the cross-entropy of minigan stops."""
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(p), -100.0)


class Expected:
    """The numbers of a run, computed here from its networks, batches and noise."""

    def __init__(self, settings, position):
        self.game = Game(complete(settings))
        self.game.go(position)
        self.gan = settings["model"] == "gan"
        self.minimax = settings["generator_loss"] == "minimax"
        self.reports = {}
        for player in "DG":
            steps = [n for n in range(position) if self.game.moves[n] == player]
            if steps:
                self.reports |= self.report(player, steps[-1])
        self.game.go(position)
        picture = Picture(self.game)
        G, D = (self.game.networks[player] for player in "GD")
        self.limit = self.game.data.limit
        self.fakes = forward(G, picture.z)
        self.outside = int((abs(self.fakes) > self.limit).any(axis=1).sum())
        x = Tensor(self.fakes.astype(np.float32), requires_grad=True)
        (gx,) = grad(self.loss_of_g(D(x)).sum(), x)
        self.arrows = np.linalg.norm(gx.numpy(), axis=1)
        edges = (np.arange(50) + 0.5) / 50 * 2 * self.limit - self.limit
        cells = np.stack(np.meshgrid(edges, edges), axis=-1).reshape(-1, 2).astype(np.float32)
        self.heat = forward(D, cells)
        scored = forward(G, picture.z_scored)
        self.measures = {}
        if self.game.data.modes is not None:
            apart = np.linalg.norm(scored[:, None] - self.game.data.modes[None], axis=2)
            near = apart.min(axis=1) <= 3 * self.game.data.std
            self.measures["high_quality"] = near.mean()
            self.measures["modes"] = len(set(apart.argmin(axis=1)[near]))
        projected = np.sort(scored @ picture.directions, axis=0)
        self.measures["wasserstein"] = abs(projected - picture.projections).mean()

    def loss_of_g(self, out):
        if not self.gan:
            return -out
        return (1 - out).log() if self.minimax else -out.log()

    def report(self, player, number):
        """What the step with this number reports: of its own batch, before its update."""
        self.game.go(number)
        arguments = self.game.arguments(player, number)
        G, D = self.game.networks["G"], self.game.networks["D"]
        z = arguments[0] if player == "G" else arguments[1]
        fake = forward(D, forward(G, z).astype(np.float32))
        if player == "G":
            if not self.gan:
                return {"g_loss": -fake.mean()}
            return {"g_loss": (log(1 - fake) if self.minimax else -log(fake)).mean()}
        real = forward(D, arguments[0])
        if self.gan:
            loss = -log(real).mean() - log(1 - fake).mean()
            return {"d_loss": loss, "D(x)": real.mean(), "D(G(z))": fake.mean()}
        gap = real.mean() - fake.mean()
        if len(arguments) == 2:
            return {"c_loss": -gap, "wasserstein": gap}
        eps = arguments[2][:, None]
        made = forward(G, z).astype(np.float32)
        x_hat = Tensor(eps * arguments[0] + (1 - eps) * made, requires_grad=True)
        (gx,) = grad(D(x_hat).sum(), x_hat)
        norms = np.linalg.norm(gx.numpy().astype(np.float64), axis=1)
        penalty = ((norms - 1) ** 2).mean()
        loss = -gap + self.game.settings["penalty_weight"] * penalty
        return {
            "c_loss": loss,
            "wasserstein": gap,
            "penalty": penalty,
            "gradient norm": norms.mean(),
        }


def number(text):
    """The first number of a text of the page."""
    found = re.search(r"-?\d+(\.\d+)?(e[-+]?\d+)?", text.replace(SIGN, "-"))
    return float(found.group())


def close(shown, value, digits=3):
    """Whether a number of the page is this value, to the digits that it shows."""
    small = abs(value) < 1e-3 or abs(value) >= 1e5  # these show two digits
    return shown == pytest.approx(value, rel=0.06 if small else 0.6 * 10 ** (1 - digits), abs=2e-6)


@pytest.mark.parametrize(
    "seed", [0, 1, 2, *(pytest.param(s, marks=pytest.mark.slow) for s in range(3, 24))]
)
def test_what_the_game_says_is_true_of_the_run(lab_page, seed):
    settings, position = drawn_settings(seed)
    state = "&".join(f"{name}={value}" for name, value in settings.items())
    page = lab_page.open(f"{state}&step={position}")
    position = lab_page.position()  # a run that breaks down is shown at its last good step
    expected = Expected(settings, position)
    text = page.inner_text

    for name, value in expected.reports.items():
        assert close(number(text(f'[data-report="{name}"]')), value), name
    found = page.locator("[data-report]").evaluate_all("(all) => all.map((b) => b.dataset.report)")
    assert set(found) >= set(expected.reports)
    assert "before its update" in text("#plot-losses")

    measures = expected.measures
    shown, distance = number(text('[data-measure="wasserstein"]')), measures["wasserstein"]
    assert close(shown, distance) or abs(shown - distance) < 6e-4  # to three decimals
    if "modes" in measures:
        assert number(text('[data-measure="modes"]')) == measures["modes"]
        quality = measures["high_quality"]
        assert number(text('[data-measure="high_quality"]')) == pytest.approx(
            100 * quality, abs=0.51
        )
        doubtful = measures["modes"] > 0 and quality < 0.5
        assert ("of the fakes are near no mode" in text("#plot-measures")) == doubtful

    arrows, longest = text("#arrow-key"), expected.arrows.max()
    if longest > 0:
        mean, most, times = (number(part) for part in re.split("longest|drawn", arrows))
        assert close(mean, expected.arrows.mean()) and close(most, longest)
        assert close(times, 0.085 * 2 * expected.limit / longest)
        assert ("pale" in arrows) == (longest < 1e-2)
    else:
        assert "is 0" in arrows
    assert page.locator("#outside").is_visible() == (expected.outside > 0)
    label = page.get_attribute("#plane", "aria-label")
    assert f"step {position};" in label and f"{expected.outside} of them outside" in label
    if expected.outside:
        assert text("#outside") == f"{expected.outside} of 200 fakes are outside the picture."

    assert page.locator("#plot-losses .guide").all_text_contents() == (
        [
            "2 log 2: D's loss if D says ½",
            f"{SIGN if expected.minimax else ''}log 2: G's loss if D says ½",
        ]
        if expected.gan
        else []
    )
    words = text("#view").replace("Sliced Wasserstein distance", "").replace("\n", " ")
    assert "distance" not in words  # the gap of a critic is none
    if not expected.gan:
        low, high = (number(part) for part in text("#heat-key").split("high"))
        assert close(low, expected.heat.min()) and close(high, expected.heat.max())
        assert "critic" in text("#welcome")
    help = page.get_attribute('[for="layer-grid"]', "title")
    about = {1: "curve", 2: "close together"}.get(settings["noise_dim"], "first two dimensions")
    assert about in help
    for axis in page.locator("#plot-losses .tick text").all():  # no sign is cut off
        inside, around = axis.bounding_box(), page.locator("#plot-losses svg").bounding_box()
        assert inside["x"] >= around["x"] - 0.5
        assert inside["x"] + inside["width"] <= around["x"] + around["width"] + 0.5


def test_the_label_of_the_plane_follows_the_run(lab_page):
    page = lab_page.open("data=ring&step=3")
    label = lambda: page.get_attribute("#plane", "aria-label")  # noqa: E731
    assert "step 3;" in label() and "output of the discriminator" in label()
    lab_page.press("g")
    assert "step 4;" in label()
    page.uncheck("#layer-heat")
    lab_page.settle()
    assert "output" not in label() and "fakes" in label()
    page.select_option("#setting-model", "wgan")
    lab_page.settle()
    page.check("#layer-heat")
    lab_page.settle()
    assert "step 0;" in label() and "output of the critic" in label()


def test_a_speed_is_given_in_steps_only_where_it_is_one(lab_page):
    page = lab_page.open()
    assert "1 step a second" in page.inner_text("#speed")
    for depth in "234":
        lab_page.press(depth)
        assert "second" not in page.inner_text("#speed")
    lab_page.press("1")
    assert "1 step a second" in page.inner_text("#speed")


def test_images_are_not_called_points(lab_page):
    page = lab_page.open()
    if page.locator("#setting-data option[value=mnist]").is_disabled():
        pytest.skip("MNIST is not on this computer")
    assert "orange" in page.inner_text("#welcome")
    page.select_option("#setting-data", "mnist")
    lab_page.settle()
    assert "orange" not in page.inner_text("#welcome") and "images" in page.inner_text("#welcome")
    assert page.locator(".dotted").is_hidden()  # no real images were scored
    assert page.get_attribute("#images-fake", "aria-label") == "36 images that G makes at step 0"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_values_of_the_algorithm_are_those_of_the_step(lab_page, seed):
    settings, position = drawn_settings(seed)
    settings |= {"lr_g": 1e-3, "lr_d": 1e-3}
    state = "&".join(f"{name}={value}" for name, value in settings.items())
    page = lab_page.open(f"{state}&step={position}&depth=2&player=D")
    lab_page.press("End")
    game = Lab(**settings).experiment.game
    game.go(position)
    real, z = game.arguments("D", position)[:2]
    fake = forward(game.networks["G"], z)
    names = ("p_real", "p_fake") if settings["model"] == "gan" else ("real_scores", "fake_scores")
    judged = [forward(game.networks["D"], x.astype(np.float32)) for x in (real, fake)]
    for name, value in zip(("real", "fake", *names), (real, fake, *judged), strict=True):
        chip = page.locator(".chip", has=page.locator("b", has_text=re.compile(f"^{name}$")))
        assert close(number(chip.first.inner_text().split("mean")[1]), value.mean()), name
    drawn = page.locator(".chip:has(canvas) b").all_inner_texts()
    assert set(drawn) <= {"real", "fake", "x_hat"} and "z" not in drawn


CONTRASTS = """(where) => {
    const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
    const over = ([r, g, b, a = 1], [R, G, B]) => [r, g, b].map((c, i) => a * c + (1 - a) * [R, G, B][i]);
    const light = (rgb) => rgb.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((s, c, i) => s + [0.2126, 0.7152, 0.0722][i] * c, 0);
    const found = [];
    for (const root of document.querySelectorAll(where)) {
        const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const at = texts.currentNode.parentElement;
            if (!texts.currentNode.textContent.trim() || !at.getClientRects().length || at.closest("svg, :disabled")) continue;
            const chain = [];
            for (let e = at; e; e = e.parentElement) chain.unshift(e);
            let under = [255, 255, 255], opacity = 1;
            for (const e of chain) {
                const style = getComputedStyle(e);
                under = over(parse(style.backgroundColor).length ? parse(style.backgroundColor) : [0, 0, 0, 0], under);
                opacity *= Number(style.opacity);
            }
            const [r, g, b] = parse(getComputedStyle(at).color);
            const [x, y] = [light(over([r, g, b, opacity], under)), light(under)];
            found.push([(Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05), at.textContent.slice(0, 40), at.className]);
        }
    }
    return found.sort((a, b) => a[0] - b[0]);
}"""  # noqa: E501


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_code_have_enough_contrast(watched, address, theme):
    lab = watched(address, color_scheme=theme, reduced_motion="reduce")
    page = lab.open("data=ring&model=wgan_gp&step=2")
    for depth in (1, 2, 3, 4):
        lab.press(str(depth))
        lab.press("ArrowRight", 4 if depth > 1 else 0)
        found = page.evaluate(CONTRASTS, "body")
        assert len(found) > 30 and found[0][0] >= 4.5, (depth, found[:5])


def test_the_learning_rates_are_in_reach_of_the_plane(watched, address):
    lab = watched(address, width=1366, height=768)
    page = lab.open()
    for model in ("gan", "wgan", "wgan_gp"):
        page.select_option("#setting-model", model)
        lab.settle()
        page.evaluate("scrollTo(0, 0)")
        for name in "#setting-lr_g", "#setting-lr_d", "#plane":
            box = page.locator(name).bounding_box()
            assert box["y"] >= 0 and box["y"] + box["height"] <= 768, (model, name)


SEEN = """(where) => {
    const box = document.querySelector(where).getBoundingClientRect();
    let seen = 0;
    for (let i = 0; i < 20; i++) for (let j = 0; j < 20; j++) {
        const top = document.elementFromPoint(box.left + (i + 0.5) / 20 * box.width, box.top + (j + 0.5) / 20 * box.height);
        if (top?.closest(where)) seen++;
    }
    return seen / 400;
}"""  # noqa: E501


@pytest.mark.parametrize("size", SIZES)
def test_a_lesson_leaves_the_plane_or_the_graph_in_sight(watched, address, size):
    width, height = SIZES[size]
    lab = watched(address, width=width, height=height, reduced_motion="reduce")
    page = lab.open("lesson=fixed-discriminator.1")
    places = {1: ["#plane"], 3: [".graph-scroll"]}
    for number in range(6):
        lab.until("!minigan.lessons.turning", timeout=60)
        lab.settle()
        for place in places.get(lab.state("minigan.depth"), []):
            assert page.evaluate(SEEN, place) > 0.6, (number + 1, place)
        assert page.locator("#lesson-next, #lesson-end").is_visible()
        assert page.evaluate(SEEN, "#lesson footer") > 0.6, number + 1
        assert lab.overflow() <= 0
        if number < 5:
            page.click("#lesson-next")
