"""Chapter 6: find the mistake. Four scripts that run and do not learn; one line of each is wrong.

There may be more than one way to mend a script. So a check trains it, and looks at the samples. Its
numbers after three steps serve to recognise known mistakes.
"""

from functools import cache

import numpy as np

from minigan.exercises.chapter5 import wasserstein
from minigan.exercises.exercise import Exercise, Mistake, Seen

STEPS = 160  # of a training
SPREAD = 0.5  # the standard deviation of the data
TARGETS = (4.0, -3.0)  # the means of the data, far from the first samples of G
NEAR = 1.0  # G has learned if W₁ between samples and data is below this. At first it is 3 to 4.


def script_inputs(rng):
    for seed in range(5):
        yield {"target": float(rng.uniform(2, 5)), "steps": 3, "seed": seed}


def observe_script(answer, inputs, ask):
    samples = ask("train(target, steps, seed)", answer.train, *inputs.values())
    yield Seen("the first samples of G after 3 steps", np.ravel(samples)[:5])


def distance(train, target):
    """(W₁ between samples of G and the data, the samples)"""
    samples = np.ravel(np.asarray(train(target, STEPS, 0), dtype=np.float64))
    data = np.random.default_rng(1).normal(target, SPREAD, samples.size)
    return wasserstein(samples, data), samples


@cache
def as_given(exercise):
    """W₁ after a training with the script as the learner got it."""
    return distance(exercise.from_text(exercise.text).train, TARGETS[0])[0]


def outcome(exercise, answer, ask):
    """Whether the script learns both distributions, and sentences about it."""
    told = []

    def train(*args):
        return ask("train(target, steps, seed)", answer.train, *args)

    for target in TARGETS:
        w, samples = distance(train, target)
        told.append(
            f"After {STEPS} steps on data with the mean {target:g} and the standard deviation "
            f"{SPREAD}, the samples of G have the mean {samples.mean():.2f} and the standard "
            f"deviation {samples.std():.2f}. W₁ between samples and data is {w:.2f}."
        )
        if not w < NEAR:
            told.append(f"G has learned if W₁ is below {NEAR:g}.")
            return False, told
    told.append(f"With the script as it was, W₁ on the first data is {as_given(exercise):.2f}.")
    return True, told


def script(right, wrong, others, **fields):
    """An Exercise with a script. right, wrong: its line in the solution and in the learner's file.

    others: wrong changes, each (what is wrong, why, a line in place of the right one, ...). More
    (old, new) pairs may follow.
    """
    unchanged = Mistake(
        "Your script computes what it computed at first.",
        "Read the question at the top, and say of each line in the loop what it does.",
        replace=(right, wrong),
    )
    mistakes = [Mistake(name, why, replace=(right, new, *more)) for name, why, new, *more in others]
    return Exercise(
        names=("train",),
        right={},
        inputs=script_inputs,
        observe=observe_script,
        mistakes=[unchanged, *mistakes],
        shown="Shown: G learns both distributions.",
        outcome=outcome,
        **fields,
    )


D_LOSS = "d_loss = bce(D(real), 1.0) + bce(D(fake.detach()), 0.0)"
NO_DETACH = "d_loss = bce(D(real), 1.0) + bce(D(fake), 0.0)"
G_LOSS = "g_loss = -bce(D(fake), 0.0)"

DETACH = script(
    number="6.1",
    name="stuck_gan",
    title="G learns nothing",
    right=D_LOSS,
    wrong=NO_DETACH,
    others=[
        (
            "Your G gets no gradient of its own loss.",
            "The fakes are detached in g_loss. There the gradient must reach G: it ends at the "
            "fakes in d_loss.",
            NO_DETACH,
            G_LOSS,
            "g_loss = -bce(D(fake.detach()), 0.0)",
        ),
        (
            "Your G gets no gradient at all.",
            "The fakes are detached in both losses. g_loss is the loss of G, so its gradient must "
            "reach G.",
            D_LOSS,
            G_LOSS,
            "g_loss = -bce(D(fake.detach()), 0.0)",
        ),
        (
            "Your g_loss has another form, and d_loss still sends a gradient to G.",
            "Now the two gradients of G do not cancel any more. But one of them still pulls G away "
            "from the data. It does not belong there.",
            NO_DETACH,
            G_LOSS,
            "g_loss = bce(D(fake), 1.0)",
        ),
        (
            "Your g_loss has the other sign.",
            "mean log(1 - D(G(z))) is -bce(D(fake), 0), and G descends it.",
            NO_DETACH,
            G_LOSS,
            "g_loss = bce(D(fake), 0.0)",
        ),
        (
            "Your D learns to call the fakes real.",
            "d_loss has the label 0 for fakes.",
            "d_loss = bce(D(real), 1.0) + bce(D(fake), 1.0)",
        ),
    ],
    guess=2,
    why_guess="D, and G behind the fakes: d_loss leaves gradients in both.",
    fact="The two gradients of G cancel nearly exactly: d_loss has the term that g_loss has with "
    "a minus. With the other loss of G they do not cancel, and the mistake is hard to see.",
    hints=(
        "Which weights get a gradient from d_loss.backward()? Which from g_loss.backward()?",
        "G's weights get one from both, and opt_G.step() uses the sum. d_loss must not reach G.",
        "In d_loss: bce(D(fake.detach()), 0.0)",
    ),
    where=("minigan.trainers.gan.GAN.discriminator_step",),
    page="docs/questions.md#why-detach-how-can-g-learn-through-a-frozen-d",
)


LABELS = script(
    number="6.2",
    name="wrong_way",
    title="G goes the wrong way",
    right=D_LOSS,
    wrong="d_loss = bce(D(real), 0.0) + bce(D(fake.detach()), 1.0)",
    others=[
        (
            "Your labels of both players are changed now.",
            "D says 1 to real samples, and G asks D to say 0. One change is enough.",
            D_LOSS,
            "g_loss = bce(D(fake), 1.0)",
            "g_loss = bce(D(fake), 0.0)",
        ),
        (
            "Your D learns to say 1 to all samples.",
            "Real samples and fakes have the label 1. They need different labels.",
            "d_loss = bce(D(real), 1.0) + bce(D(fake.detach()), 1.0)",
        ),
        (
            "Your D learns to say 0 to all samples.",
            "Real samples and fakes have the label 0. They need different labels.",
            "d_loss = bce(D(real), 0.0) + bce(D(fake.detach()), 0.0)",
        ),
    ],
    guess="fake",
    why_guess="d_loss asks for 0 on real samples and for 1 on fakes. g_loss asks for 1 on fakes, "
    "too. So D and G want the same, and there is no game.",
    fact="Either call may be changed: which label means real does not matter, as long as both "
    "players agree.",
    hints=(
        "What does each call of bce ask D to say, and to which samples?",
        "Both losses ask D to say 1 to fakes. In a GAN the players disagree about the fakes.",
        "d_loss: the label of D(real) is 1.0, and that of D(fake.detach()) is 0.0.",
    ),
    where=("minigan.losses.discriminator_loss", "minigan.losses.non_saturating_generator_loss"),
    page="docs/questions.md#log1--d-or-log-d-where-is-bce-in-it",
)


BATCH_NORM = script(
    number="6.3",
    name="stuck_wgan",
    title="a WGAN-GP that learns nothing",
    right="        # no norm at all, or nn.LayerNorm(16)\n",
    wrong="        nn.BatchNorm1d(16),\n",
    others=[
        (
            "Your critic still has batch norm, and the penalty weighs 10.",
            "The slope is not the trouble. The critic cannot see the mean of a batch.",
            "        nn.BatchNorm1d(16),\n",
            "0.1 * penalty",
            "10.0 * penalty",
        ),
        (
            "Your critic still has batch norm, behind the activation.",
            "There it does the same: each batch has the mean 0 afterwards.",
            "",
            "        nn.LeakyReLU(0.2),\n        nn.Linear(16, 1),\n    )\n",
            "        nn.LeakyReLU(0.2),\n        nn.BatchNorm1d(16),\n        nn.Linear(16, 1),\n"
            "    )\n",
        ),
        (
            "Your critic still has batch norm, with an ε of 0.8.",
            "Then it subtracts the mean of the batch as before.",
            "        nn.BatchNorm1d(16, eps=0.8),\n",
        ),
    ],
    guess=0,
    why_guess="Batch norm subtracts the mean of each batch. The real batch and the batch of fakes "
    "look alike behind it, wherever they are.",
    fact="Batch norm also breaks the penalty: the slope at one sample depends on the others. "
    "DCGAN, which has no penalty, has batch norm in all layers of D but the first and the last.",
    hints=(
        "What does f see of the mean of a batch, behind each of its layers?",
        "Batch norm makes the mean of each batch 0. Which layer normalises each sample alone?",
        "Take the batch norm out of f, or write nn.LayerNorm(16).",
    ),
    where=("minigan.nn.norm.LayerNorm",),
    page="docs/questions.md#may-the-critic-of-a-wgan-gp-have-batch-norm",
)


SHARED = "opt_G = opt_D = optim.Adam([*G.parameters(), *D.parameters()], **adam)"
TWO = "opt_G, opt_D = [optim.Adam(net.parameters(), **adam) for net in (G, D)]"

OPTIMIZER = script(
    number="6.4",
    name="runs_away",
    title="G runs away",
    right=TWO,
    wrong=SHARED,
    others=[
        (
            "Your opt_G does not hold the weights of G.",
            "So G never moves. opt_G gets G.parameters(), and opt_D gets D.parameters().",
            TWO.replace("(G, D)", "(D, G)"),
        ),
        (
            "Your optimizer holds the weights of G alone.",
            "It is the optimizer of both players, so D never moves. Each player needs one.",
            "opt_G = opt_D = optim.Adam(G.parameters(), **adam)",
        ),
        (
            "Your optimizer still holds the weights of both players, with a smaller learning rate.",
            "The learning rate is not the trouble: G's loss still changes D.",
            SHARED,
            "lr=0.01",
            "lr=0.001",
        ),
        (
            "Your g_loss has another form, and one optimizer still holds the weights of both.",
            "Now the two changes of D do not cancel any more. But G's loss still changes D, which "
            "learns to call the fakes real.",
            SHARED,
            G_LOSS,
            "g_loss = bce(D(fake), 1.0)",
        ),
    ],
    guess=2,
    why_guess="backward leaves gradients in D on the way to G, and this optimizer holds both. So "
    "G's step undoes what D has learned about the fakes.",
    fact="An optimizer decides who moves, by the weights that it holds. That is why opt_G.step() "
    "does not change D, although D's weights have gradients.",
    hints=(
        "Which weights does opt_G.step() change here?",
        "Both players share one optimizer. G's loss falls if D calls the fakes real, so D is "
        "changed to do it.",
        "opt_G gets G.parameters(), and opt_D gets D.parameters().",
    ),
    where=("minigan.trainers.gan.GAN",),
    page="docs/questions.md#ds-loss-goes-to-0-and-gs-loss-rises-what-is-wrong",
)


EXERCISES = [DETACH, LABELS, BATCH_NORM, OPTIMIZER]
