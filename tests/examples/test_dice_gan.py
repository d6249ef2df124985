"""The GAN on a die: its numbers agree with exact formulas, and docs/dice.md shows its output."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import Tensor, grad

PAGE = Path(__file__).parents[2] / "docs" / "dice.md"


@pytest.fixture
def dice(example):
    return example("dice_gan")


@pytest.fixture(params=range(5))
def gan(request, dice):
    """A game at a random state."""
    rng = np.random.default_rng(request.param)
    gan = dice.DiceGAN(lr=0.5)
    gan.g.data, gan.d.data = rng.normal(size=(2, 6))
    return gan


def softmax(g):
    return np.exp(g) / np.exp(g).sum()


def sigmoid(d):
    return 1 / (1 + np.exp(-d))


def slopes(f, x, h=1e-6):
    """The gradient of f at x by central differences"""
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


def test_gradients_agree_with_the_closed_forms_and_with_differences(dice, gan):
    g, d = gan.g.data, gan.d.data

    def V(g, d):
        return (dice.P_DATA * np.log(sigmoid(d)) + softmax(g) * np.log(1 - sigmoid(d))).sum()

    value = dice.value(gan.generator(), gan.discriminator())
    by_backward = grad(value, [gan.d, gan.g])
    by_hand = dice.gradients_by_hand(softmax(g), sigmoid(d))
    differences = slopes(lambda d: V(g, d), d), slopes(lambda g: V(g, d), g)
    assert value.item() == pytest.approx(V(g, d), abs=1e-15)
    for a, b, c in zip(by_backward, by_hand, differences, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=0, atol=1e-15)
        np.testing.assert_allclose(a.numpy(), c, rtol=0, atol=1e-9)


def test_the_best_discriminator_gives_c_and_no_other_gives_more(dice, gan):
    p_g = gan.generator().numpy()
    best = dice.best_discriminator(p_g)
    largest = dice.value(Tensor(p_g), Tensor(best)).item()
    assert largest == pytest.approx(dice.largest_value(p_g), abs=1e-14)
    for other in np.random.default_rng(0).uniform(0.01, 0.99, (100, 6)):
        assert dice.value(Tensor(p_g), Tensor(other)).item() < largest


def test_each_step_moves_its_own_player_along_its_gradient(dice, gan):
    g, d = gan.g.data, gan.d.data
    gan.discriminator_step()
    up, _ = dice.gradients_by_hand(softmax(g), sigmoid(d))
    np.testing.assert_allclose(gan.d.data, d + 0.5 * up, rtol=0, atol=1e-14)
    assert (gan.g.data == g).all() and gan.g.grad is None

    d = gan.d.data
    gan.generator_step()
    _, down = dice.gradients_by_hand(softmax(g), sigmoid(d))
    np.testing.assert_allclose(gan.g.data, g - 0.5 * down, rtol=0, atol=1e-14)
    assert (gan.d.data == d).all()


def test_the_game_converges(dice, capsys):
    gan = dice.train(lr=2.0, n_steps=500, print_interval=1000)
    np.testing.assert_allclose(gan.generator().numpy(), dice.P_DATA, atol=1e-6)
    np.testing.assert_allclose(gan.discriminator().numpy(), 0.5, atol=1e-6)


def test_too_large_steps_lose_faces_for_good(dice, capsys):
    for n_steps in (50, 1000):
        p_g = dice.train(lr=30.0, n_steps=n_steps, print_interval=2000).generator().numpy()
        assert (p_g < 1e-4).sum() == 4


def test_proposition_2(dice):
    steps, divergences, distances, p_g = zip(*dice.proposition_2(), strict=True)
    assert steps == tuple(range(51))
    assert divergences[0] == pytest.approx(0.0322, abs=1e-4)
    assert (np.diff(divergences) < 0).all() and divergences[-1] < 1e-11
    assert (np.diff(distances) < 0).all() and distances[-1] < 1e-5
    np.testing.assert_allclose(np.sum(p_g, axis=1), 1, rtol=1e-14)
    assert np.min(p_g) > 0


def test_with_the_best_discriminator_the_losses_are_the_divergences_of_the_page(dice, gan):
    """The minimax loss has the gradient of 2 JSD, the other that of KL(p_g ‖ p_data) - 2 JSD."""
    p_g = gan.generator()
    D = Tensor(dice.best_discriminator(p_g.numpy()))
    (minimax,) = grad(dice.value(p_g, D), gan.g)
    (other,) = grad(dice.non_saturating_loss(gan.generator(), D), gan.g)

    def twice_jsd(g):
        return 2 * dice.jsd(dice.P_DATA, softmax(g))

    def reverse_kl(g):
        return dice.kl(softmax(g), dice.P_DATA)

    g = gan.g.data
    np.testing.assert_allclose(minimax.numpy(), slopes(twice_jsd, g), atol=1e-9)
    expected = slopes(lambda g: reverse_kl(g) - twice_jsd(g), g)
    np.testing.assert_allclose(other.numpy(), expected, atol=1e-9)


def test_a_rarer_face_gets_less_gradient_and_least_from_the_non_saturating_loss(dice):
    gradients = []
    for share in (0.1, 0.01, 0.001):
        D, minimax, steps = dice.missing_face(dice.value, share)
        _, other, more_steps = dice.missing_face(dice.non_saturating_loss, share)
        assert pytest.approx(0.3 / (0.3 + share)) == D
        p_g = np.append(dice.P_DATA[:5] / 0.7 * (1 - share), share)
        _, by_hand = dice.gradients_by_hand(p_g, dice.best_discriminator(p_g))
        assert minimax == pytest.approx(by_hand[5], abs=1e-15)
        assert minimax < other < 0 and steps < more_steps
        gradients.append([minimax, other])
    assert (np.diff(gradients, axis=0) > 0).all()  # toward 0


def test_rolls_follow_the_probabilities(dice):
    minigan.seed(0)
    faces = dice.roll(dice.P_DATA, 10_000)
    assert set(faces) == set(range(1, 7))
    counts = np.bincount(faces, minlength=7)[1:]
    std = np.sqrt(10_000 * dice.P_DATA * (1 - dice.P_DATA))
    assert (abs(counts - 10_000 * dice.P_DATA) < 4 * std).all()
    minigan.seed(0)
    assert (dice.roll(dice.P_DATA, 10_000) == faces).all()


def test_the_gan_fits_on_one_screen(dice):
    players = [dice.value, dice.non_saturating_loss, dice.DiceGAN]
    assert sum(len(inspect.getsource(part).splitlines()) for part in players) <= 50


@pytest.fixture
def run(dice, tmp_path, capsys):
    """A function that runs the program, and returns what it printed."""

    def run(*flags):
        dice.main(["--out", str(tmp_path / "dice"), *flags])
        return capsys.readouterr().out

    return run


def test_the_page_shows_what_the_program_prints(run):
    printed = "\n\n".join(run(*flags) for flags in ([], ["--proposition_2"], ["--missing_face"]))
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    tables = [text for language, text in blocks if not language and "(Pdb)" not in text]
    assert len(tables) == 5
    for table in tables:
        assert f"\n{table}" in f"\n{printed}"


def test_the_page_shows_the_lines_of_the_program(dice):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    value = inspect.getsource(dice.value)
    assert all(line in value for line in code.splitlines())


def test_histogram(run, tmp_path):
    pytest.importorskip("matplotlib")
    run("--histogram", "--n_rolls", "50")
    assert [path.name for path in (tmp_path / "dice").iterdir()] == ["histogram.png"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--n_steps", "0"], "--n_steps must be at least 1, not 0"),
        (["--print_interval", "0"], "--print_interval must be at least 1, not 0"),
        (["--n_rolls", "0"], "--n_rolls must be at least 1, not 0"),
        (["--lr", "-1"], "--lr must be at least 0, not -1.0"),
        (["--lr", "inf"], "--lr must be finite"),
        (["--lr", "fast"], "argument --lr: invalid float value: 'fast'"),
        (["--seed", "-1"], "--seed must not be negative, and is -1"),
    ],
)
def test_bad_flags(run, capsys, flags, message):
    with pytest.raises(SystemExit) as caught:
        run(*flags)
    assert caught.value.code == 2 and message in capsys.readouterr().err


def test_a_learning_rate_that_overflows_ends_the_program_with_a_remedy(run):
    with pytest.raises(SystemExit, match=r"infinite: choose an --lr smaller than 1000\.0"):
        run("--lr", "1000")
