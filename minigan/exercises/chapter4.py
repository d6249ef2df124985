"""Chapter 4: the GAN. What D and G optimise, and a step of each."""

import numpy as np

from minigan.exercises import ring
from minigan.exercises.exercise import Exercise, Mistake, Seen, must
from minigan.exercises.players import (
    batches,
    gradients,
    leave_gradients,
    players,
    sgd,
    weights,
)
from minigan.exercises.rules import observe_function
from minigan.tensor import Tensor

# 4.1 best_d


def dice_inputs(rng):
    """Two dice with 2 to 6 faces, of which no face has probability 0."""
    for k in (2, 2, 3, 3, 4, 6):
        yield {"p": rng.dirichlet(np.ones(k)), "q": rng.dirichlet(np.ones(k))}


BEST_D = Exercise(
    number="4.1",
    name="best_d",
    title="the best discriminator, solved and explained",
    names=("best_discriminator",),
    right={"best_discriminator": lambda p, q: p / (p + q)},
    inputs=dice_inputs,
    observe=observe_function("best_discriminator", "p q", "D*"),
    mistakes=[
        Mistake(
            "Your D* is q / (p + q).",
            "D says how probable it is that a sample is real. So p, the data, is above the line.",
            {"best_discriminator": lambda p, q: q / (p + q)},
        ),
        Mistake(
            "Your D* is the ratio p / q.",
            "A ratio is no probability: it can be larger than 1. D is p / (p + q).",
            {"best_discriminator": lambda p, q: p / q},
        ),
        Mistake(
            "Your D* is divided by the sum over all faces.",
            "D is no distribution over the faces. It answers for each face on its own.",
            {"best_discriminator": lambda p, q: p / (p + q).sum()},
        ),
        Mistake(
            "Your D* is log p - log q, the logit.",
            "The sigmoid of this number is D*.",
            {"best_discriminator": lambda p, q: np.log(p) - np.log(q)},
        ),
        Mistake(
            "Your D* is 1/2 everywhere.",
            "That is the answer after the training, when q = p.",
            {"best_discriminator": lambda p, q: 0.5 + 0 * p},
        ),
    ],
    guess=0.75,
    why_guess="0.3 / (0.3 + 0.1): of four such rolls, three come from the data.",
    shown="Shown: D* is right for {n} pairs of dice.",
    fact="The logit of D* is log p - log q. So a good D knows the ratio of the two densities, "
    "although it never computes a density.",
    hints=(
        "Of all the rolls that show this face, which part comes from the data?",
        "p / (p + q), for each face.",
    ),
    where=("examples/dice_gan.py: best_discriminator",),
    page="docs/dice.md#the-two-players",
)


# 4.2 value


def x_log_y(x, y):
    return x * np.log(np.where(x == 0, 1.0, y))


def value(D, p, q):
    return (x_log_y(p, D) + x_log_y(q, 1 - D)).sum()


def jsd(p, q):
    m = (p + q) / 2
    return (x_log_y(p, p / m) + x_log_y(q, q / m)).sum() / 2


def kl(p, q):
    return x_log_y(p, p / q).sum()


def value_inputs(rng):
    for k in (2, 2, 3, 3, 4, 6):
        p, q = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))
        yield {"D": rng.uniform(0.05, 0.95, k), "p": p, "q": q}
    for k in (3, 4, 5, 6):  # each die has a face that never comes up, and D is the best one
        p, q = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))
        p[0] = q[1] = 0.0
        p, q = p / p.sum(), q / q.sum()
        yield {"D": p / (p + q), "p": p, "q": q}


def observe_value(answer, inputs, ask):
    D, p, q = inputs["D"], inputs["p"], inputs["q"]
    yield Seen("V", ask("value(D, p, q)", answer.value, D, p, q))
    yield Seen("JSD", ask("jsd(p, q)", answer.jsd, p, q))


VALUE = Exercise(
    number="4.2",
    name="value",
    title="V, and the distance that is left of it",
    names=("value", "jsd"),
    right={"value": value, "jsd": jsd},
    inputs=value_inputs,
    observe=observe_value,
    mistakes=[
        Mistake(
            "Your V is NaN for a face that never comes up.",
            "It computes 0 · log 0, which NumPy makes NaN. x_log_y(x, y) is 0 there.",
            {"value": lambda D, p, q: (p * np.log(D) + q * np.log(1 - D)).sum()},
        ),
        Mistake(
            "Your V has log D in both terms.",
            "For a generated sample, D is right if it says 0. So the second term has log(1 - D).",
            {"value": lambda D, p, q: (x_log_y(p, D) + x_log_y(q, D)).sum()},
        ),
        Mistake(
            "Your V exchanges p and q.",
            "log D is for the data, and p is the data. log(1 - D) is for G, and q is G.",
            {"value": lambda D, p, q: (x_log_y(q, D) + x_log_y(p, 1 - D)).sum()},
        ),
        Mistake(
            "Your V has the wrong sign.",
            "That is the loss of D, which D descends. V itself is negative, and D ascends it.",
            {"value": lambda D, p, q: -value(D, p, q)},
        ),
        Mistake(
            "Your V is a mean over the faces.",
            "p and q are the weights of the mean already: an expectation is Σ p log D.",
            {"value": lambda D, p, q: value(D, p, q) / len(p)},
        ),
        Mistake(
            "Your V leaves out the probabilities.",
            "An expectation weighs each face with its probability: Σ p log D, not Σ log D.",
            {"value": lambda D, p, q: (np.log(D) + np.log(1 - D)).sum()},
        ),
        Mistake(
            "Your V has only the term of the data.",
            "D also has to recognise the rolls of G: Σ q log(1 - D).",
            {"value": lambda D, p, q: x_log_y(p, D).sum()},
        ),
        Mistake(
            "Your V has only the term of G.",
            "D also has to recognise the rolls of the data: Σ p log D.",
            {"value": lambda D, p, q: x_log_y(q, 1 - D).sum()},
        ),
        Mistake(
            "Your V subtracts the second term.",
            "D wants both to be large: log D for the data, and log(1 - D) for G. So V is a sum.",
            {"value": lambda D, p, q: (x_log_y(p, D) - x_log_y(q, 1 - D)).sum()},
        ),
        Mistake(
            "Your V has log(1 - D) in both terms.",
            "For a real sample, D is right if it says 1. So the first term has log D.",
            {"value": lambda D, p, q: (x_log_y(p, 1 - D) + x_log_y(q, 1 - D)).sum()},
        ),
        Mistake(
            "Your V has 1 - log D in place of log(1 - D).",
            "The 1 is inside the logarithm: it is the logarithm of the probability 1 - D.",
            {"value": lambda D, p, q: (x_log_y(p, D) + q * (1 - np.log(D))).sum()},
        ),
        Mistake(
            "Your V has the arguments of x_log_y exchanged.",
            "x_log_y(x, y) is x log y. The probability of the face comes first: x_log_y(p, D).",
            {"value": lambda D, p, q: (x_log_y(D, p) + x_log_y(1 - D, q)).sum()},
        ),
        Mistake(
            "Your V is half of the right one.",
            "V is a sum of two expectations, and not their mean.",
            {"value": lambda D, p, q: value(D, p, q) / 2},
        ),
        Mistake(
            "Your V is one number for each face.",
            "An expectation is a sum over the faces. V is one number.",
            {"value": lambda D, p, q: x_log_y(p, D) + x_log_y(q, 1 - D)},
        ),
        Mistake(
            "Your JSD is NaN for a face that never comes up.",
            "It computes 0 · log 0, which NumPy makes NaN. x_log_y(x, y) is 0 there.",
            {
                "jsd": lambda p, q: (
                    (p * np.log(p / (p + q) * 2) + q * np.log(q / (p + q) * 2)).sum() / 2
                )
            },
        ),
        Mistake(
            "Your JSD is twice the right one.",
            "It is the mean of two divergences: KL(p, m)/2 + KL(q, m)/2.",
            {"jsd": lambda p, q: 2 * jsd(p, q)},
        ),
        Mistake(
            "Your JSD compares p and q with each other.",
            "That is (KL(p, q) + KL(q, p))/2. JSD compares both with m = (p + q)/2, and so it is "
            "finite where one of them is 0.",
            {"jsd": lambda p, q: (kl(p, q) + kl(q, p)) / 2},
        ),
        Mistake(
            "Your JSD takes m = p + q.",
            "m is the mean of the two distributions, (p + q)/2.",
            {"jsd": lambda p, q: (kl(p, p + q) + kl(q, p + q)) / 2},
        ),
        Mistake(
            "Your JSD has the divergences the other way round.",
            "It is KL(p, m), with p in front of the logarithm, and not KL(m, p).",
            {"jsd": lambda p, q: (kl((p + q) / 2, p) + kl((p + q) / 2, q)) / 2},
        ),
        Mistake(
            "Your JSD is V(D*), with the -log 4 in it.",
            "V(D*, G) = -log 4 + 2 JSD. Solve this for JSD, or write the two divergences.",
            {"jsd": lambda p, q: 2 * jsd(p, q) - np.log(4)},
        ),
        Mistake(
            "Your JSD has only the divergence of p from m.",
            "It is the mean of two: KL(p, m)/2 + KL(q, m)/2.",
            {"jsd": lambda p, q: kl(p, (p + q) / 2)},
            also=({"jsd": lambda p, q: kl(p, (p + q) / 2) / 2},),
        ),
        Mistake(
            "Your JSD has only the divergence of q from m.",
            "It is the mean of two: KL(p, m)/2 + KL(q, m)/2.",
            {"jsd": lambda p, q: kl(q, (p + q) / 2)},
            also=({"jsd": lambda p, q: kl(q, (p + q) / 2) / 2},),
        ),
        Mistake(
            "Your JSD is the divergence KL(p, q).",
            "KL(p, q) is infinite where q alone is 0. JSD compares both with m = (p + q)/2.",
            {"jsd": kl},
        ),
        Mistake(
            "Your JSD has the wrong sign.",
            "The ratio is p / m, and not m / p. A divergence is never negative.",
            {"jsd": lambda p, q: -jsd(p, q)},
        ),
        Mistake(
            "Your JSD subtracts the second divergence.",
            "It is the mean of two divergences, so both are added.",
            {"jsd": lambda p, q: (kl(p, (p + q) / 2) - kl(q, (p + q) / 2)) / 2},
        ),
        Mistake(
            "Your JSD takes the logarithm to the base 2.",
            "np.log is the natural logarithm. With it, the largest JSD is log 2 and not 1.",
            {"jsd": lambda p, q: jsd(p, q) / np.log(2)},
        ),
        Mistake(
            "Your JSD is the root of the right one.",
            "The root is called the Jensen-Shannon distance. V has the divergence itself.",
            {"jsd": lambda p, q: np.sqrt(jsd(p, q))},
        ),
        Mistake(
            "Your JSD is one number for each face.",
            "A divergence is a sum over the faces. JSD is one number.",
            {"jsd": lambda p, q: (x_log_y(p, 2 * p / (p + q)) + x_log_y(q, 2 * q / (p + q))) / 2},
        ),
    ],
    guess=0.69,
    why_guess="Each KL is log 2, because p/m is 2 on every face of p. It is the largest JSD.",
    shown="Shown: V and JSD are right for {n} pairs of dice, also with faces that never come up.",
    fact="If p and q share no face, JSD is log 2, however far apart they are. So its gradient "
    "says nothing about the direction. This is the reason for the Wasserstein distance.",
    hints=(
        "Which of the two terms of V has D, and which has 1 - D?",
        "value: a sum over x_log_y(p, D) and one over x_log_y(q, 1 - D). jsd: begin with m.",
        "x_log_y(p, p / m) and x_log_y(q, q / m), summed, and divided by ...",
    ),
    where=("examples/dice_gan.py: value", "examples/dice_gan.py: jsd"),
    page="docs/theory.md#what-the-objective-measures",
)


# 4.3 slopes


def slope_inputs(rng):
    yield {"p": np.array([0.01])}
    for n in (1, 2, 2, 3, 4):
        yield {"p": rng.uniform(0.02, 0.98, n)}


def observe_slopes(answer, inputs, ask):
    p = inputs["p"]
    yield Seen("the slope of log(1 - p)", ask("minimax_slope(p)", answer.minimax_slope, p))
    yield Seen(
        "the slope of -log p", ask("non_saturating_slope(p)", answer.non_saturating_slope, p)
    )


SLOPES = Exercise(
    number="4.3",
    name="slopes",
    title="the slopes of both losses of G",
    names=("minimax_slope", "non_saturating_slope"),
    right={"minimax_slope": lambda p: -p, "non_saturating_slope": lambda p: p - 1},
    inputs=slope_inputs,
    observe=observe_slopes,
    mistakes=[
        Mistake(
            "Your slope of log(1 - p) is the derivative with respect to p.",
            "The question is the derivative with respect to the logit x. Multiply by "
            "∂p/∂x = p (1 - p).",
            {"minimax_slope": lambda p: -1 / (1 - p)},
        ),
        Mistake(
            "Your slope of log(1 - p) has the wrong sign.",
            "1 - p falls when x rises, and so does its logarithm.",
            {"minimax_slope": lambda p: p},
        ),
        Mistake(
            "Your slope of log(1 - p) is that of the other loss.",
            "p - 1 belongs to -log p.",
            {"minimax_slope": lambda p: p - 1},
        ),
        Mistake(
            "Your slope of log(1 - p) is only that of the sigmoid, with a sign.",
            "The logarithm has a slope, too: -1/(1 - p). It cancels the factor 1 - p.",
            {"minimax_slope": lambda p: -p * (1 - p)},
        ),
        Mistake(
            "Your slope of log(1 - p) is 1 - p, the slope of log p.",
            "The derivative of log(1 - p) with respect to p is -1/(1 - p).",
            {"minimax_slope": lambda p: 1 - p},
        ),
        Mistake(
            "Your slope of -log p is the derivative with respect to p.",
            "The question is the derivative with respect to the logit x. Multiply by "
            "∂p/∂x = p (1 - p).",
            {"non_saturating_slope": lambda p: -1 / p},
        ),
        Mistake(
            "Your slope of -log p has the wrong sign.",
            "-log p falls when x rises. So its slope is negative.",
            {"non_saturating_slope": lambda p: 1 - p},
        ),
        Mistake(
            "Your slope of -log p is that of the other loss.",
            "-p belongs to log(1 - p).",
            {"non_saturating_slope": lambda p: -p},
        ),
        Mistake(
            "Your slope of -log p is only that of the sigmoid, with a sign.",
            "The logarithm has a slope, too: 1/p. It cancels the factor p.",
            {"non_saturating_slope": lambda p: -p * (1 - p)},
        ),
    ],
    guess=99,
    why_guess="0.99 against 0.01. The first loss hardly moves G at the time when G is worst.",
    shown="Shown: both slopes are right on {n} inputs, the first with p = 0.01.",
    fact="Both losses have the same goal, and at p = 1/2 the same slope. minigan's GAN takes "
    "-log p by default, as nearly all code does.",
    hints=(
        "What is the derivative of log(1 - p) with respect to p?",
        "It is -1/(1 - p). Times p (1 - p), what is left? And -1/p times p (1 - p)?",
        "The first slope is -p.",
    ),
    where=(
        "minigan.losses.minimax_generator_loss",
        "minigan.losses.non_saturating_generator_loss",
    ),
    page="docs/theory.md#the-loss-that-saturates",
)


# 4.4 step_d


def observe_step_d(answer, inputs, ask):
    G, D = players(inputs["seed"])
    opt_D = sgd(D)
    real, z = Tensor(inputs["real"]), Tensor(inputs["z"])
    before = weights(G)
    for which, (x, noise) in (("first", (real, z)), ("second", (real * 0.5, z + 1.0))):
        leave_gradients(D)
        call = "discriminator_step(G, D, opt_D, real, z)"
        yield Seen("the loss", ask(call, answer.discriminator_step, G, D, opt_D, x, noise))
        yield Seen(f"the list of D's weights after the {which} step", weights(D))
    yield must(np.array_equal(weights(G), before), "The weights of G changed. D's step changes D.")
    yield Seen("the list of the gradients that G has got (0: none)", gradients(G))


D_LOSS = "bce(D(real), 1.0) + bce(D(fake), 0.0)"

STEP_D = Exercise(
    number="4.4",
    name="step_d",
    title="one step of D",
    names=("discriminator_step",),
    right={"discriminator_step": ring.discriminator_step},
    inputs=batches,
    observe=observe_step_d,
    mistakes=[
        Mistake(
            "Your samples of G are not detached.",
            "D's step is right. But backward also goes through G, which takes time, and adds "
            "gradients to G's weights. G's next step would use them if it did not clear them.",
            replace=("G(z).detach()", "G(z)"),
        ),
        Mistake(
            "Your step does not clear the old gradients.",
            "backward adds to .grad. Without opt_D.zero_grad(), D also follows the gradients of "
            "earlier steps, also those of G's step.",
            replace=("    opt_D.zero_grad()\n", ""),
        ),
        Mistake(
            "Your step clears the gradients after opt_D.step().",
            "G's step comes in between and leaves its gradients in D. Clear them before backward.",
            replace=(
                "    opt_D.zero_grad()\n",
                "",
                "opt_D.step()\n",
                "opt_D.step()\n    opt_D.zero_grad()\n",
            ),
        ),
        Mistake(
            "Your step leaves D as it was.",
            "Either opt_D.step() is missing, or opt_D.zero_grad() comes between backward and step, "
            "or zero_grad and step both come before backward.",
            replace=("    opt_D.step()\n", ""),
        ),
        Mistake(
            "Your labels are exchanged.",
            "Real samples have the label 1, and samples of G the label 0.",
            replace=("D(real), 1.0) + bce(D(fake), 0.0)", "D(real), 0.0) + bce(D(fake), 1.0)"),
        ),
        Mistake(
            "Your loss calls the samples of G real, too.",
            "Both labels are 1. D has to say 0 for samples of G.",
            replace=("bce(D(fake), 0.0)", "bce(D(fake), 1.0)"),
        ),
        Mistake(
            "Your loss has real samples alone.",
            "A D that always says 1 would be best. It also has to say 0 for samples of G.",
            replace=(" + bce(D(fake), 0.0)", ""),
        ),
        Mistake(
            "Your loss has samples of G alone.",
            "A D that always says 0 would be best. It also has to say 1 for real samples.",
            replace=("bce(D(real), 1.0) + ", ""),
        ),
        Mistake(
            "Your loss is half of the right one.",
            "V is a sum of two expectations, and not their mean. Much code takes the mean. Then D "
            "learns with half the learning rate.",
            replace=(
                "bce(D(real), 1.0) + bce(D(fake), 0.0)",
                "(bce(D(real), 1.0) + bce(D(fake), 0.0)) / 2",
            ),
        ),
        Mistake(
            "Your loss shows D the noise and not the samples of G.",
            "D sees G(z), never z.",
            replace=("G(z).detach()", "z"),
        ),
        Mistake(
            "Your loss has the wrong sign.",
            "The optimizer descends. bce is -log already, so its descent is the ascent of V.",
            replace=(D_LOSS, f"-({D_LOSS})"),
        ),
        Mistake(
            "Your loss is the difference of the two losses.",
            "Each bce is large where D is wrong, and D wants both small. So they are added.",
            replace=(D_LOSS, "bce(D(real), 1.0) - bce(D(fake), 0.0)"),
            also=((D_LOSS, "bce(D(fake), 0.0) - bce(D(real), 1.0)"),),
        ),
        Mistake(
            "Your loss is the one of a Wasserstein GAN, a difference of two means.",
            "Here D's output is a logit. The loss is -log of a probability: bce with the labels 1 "
            "and 0.",
            replace=(D_LOSS, "D(fake).mean() - D(real).mean()"),
            also=((D_LOSS, "D(real).mean() - D(fake).mean()"),),
        ),
        Mistake(
            "Your loss is the one of a least-squares GAN.",
            "The exercise asks for the cross-entropy: bce with the labels 1 and 0.",
            replace=(D_LOSS, "((D(real) - 1) ** 2).mean() + (D(fake) ** 2).mean()"),
        ),
        Mistake(
            "Your loss applies the sigmoid before bce.",
            "bce takes logits, and its formula has the sigmoid in it already.",
            replace=(D_LOSS, "bce(D(real).sigmoid(), 1.0) + bce(D(fake).sigmoid(), 0.0)"),
        ),
        Mistake(
            "Your loss is the loss of G.",
            "G wants D to say 1 for its samples. D wants to say 0 for them, and 1 for real ones.",
            replace=(D_LOSS, "bce(D(fake), 1.0)"),
        ),
        Mistake(
            "Your loss is a sum over the batch.",
            "The expectation is a mean. With a sum, the step grows with the batch size.",
            replace=(
                D_LOSS,
                'bce(D(real), 1.0, reduction="sum") + bce(D(fake), 0.0, reduction="sum")',
            ),
        ),
        Mistake(
            "Your step calls backward twice.",
            "backward adds to .grad. So the second call doubles the gradient.",
            replace=("loss.backward()\n", "loss.backward()\n    loss.backward()\n"),
        ),
        Mistake(
            "Your step calls opt_D.step() before backward.",
            "Then D follows the old gradients, which G's step has left. backward computes the new "
            "ones.",
            replace=(
                "    opt_D.zero_grad()\n    loss.backward()\n    opt_D.step()\n",
                "    opt_D.step()\n    opt_D.zero_grad()\n    loss.backward()\n",
            ),
        ),
    ],
    guess=1.39,
    why_guess="2 log 2 = log 4. A loss of D near 1.39 for a long time means that D learns nothing, "
    "or that nothing is left to learn.",
    shown="Shown: the loss and the weights of D after two steps are right on {n} inputs. G got no "
    "gradient.",
    fact="`with no_grad(): fake = G(z)` does the same as detach, and does not record the graph of "
    "G at all. minigan's GAN does it so.",
    hints=(
        "Which weights may change here? Where must the way back of the gradient end?",
        "fake = G(z).detach(). Then bce of the real samples with 1 and of the fakes with 0.",
        "opt_D.zero_grad(), loss.backward(), opt_D.step(): in this order.",
    ),
    where=("minigan.trainers.gan.GAN.discriminator_step",),
    page="docs/questions.md#why-detach-how-can-g-learn-through-a-frozen-d",
    off=("minigan.trainers.gan.GAN.discriminator_step",),
    place=lambda answer, put: put(ring, "discriminator_step", answer.discriminator_step),
)


# 4.5 step_g


def observe_step_g(answer, inputs, ask):
    G, D = players(inputs["seed"])
    opt_G = sgd(G)
    z = Tensor(inputs["z"])
    before = weights(D)
    for which, noise in (("first", z), ("second", z + 1.0)):
        leave_gradients(G)
        call = "generator_step(G, D, opt_G, z)"
        yield Seen("the loss", ask(call, answer.generator_step, G, D, opt_G, noise))
        yield Seen(f"the list of G's weights after the {which} step", weights(G))
    yield must(np.array_equal(weights(D), before), "The weights of D changed. G's step changes G.")


def noise_batches(rng):
    for inputs in batches(rng):
        yield {"z": inputs["z"], "seed": inputs["seed"]}


G_LOSS = "bce(D(G(z)), 1.0)"

STEP_G = Exercise(
    number="4.5",
    name="step_g",
    title="one step of G, the whole function",
    names=("generator_step",),
    right={"generator_step": ring.generator_step},
    inputs=noise_batches,
    observe=observe_step_g,
    mistakes=[
        Mistake(
            "Your step leaves G as it was.",
            "No gradient reaches opt_G.step(). Perhaps the samples are detached, which belongs "
            "to D's step only. Or zero_grad comes between backward and step, or there is no step.",
            replace=(
                "bce(D(G(z))",
                "bce(D(G(z).detach())",
                "    opt_G.zero_grad()\n",
                "",
                "    opt_G.step()\n",
                "",
            ),
        ),
        Mistake(
            "Your loss has the label 0.",
            "That is D's loss: G would learn to be recognised. G wants D to say 1.",
            replace=("bce(D(G(z)), 1.0)", "bce(D(G(z)), 0.0)"),
        ),
        Mistake(
            "Your loss is the minimax loss, log(1 - D(G(z))).",
            "It has the same goal, but it is flat where D recognises every sample. The exercise "
            "asks for -log D(G(z)).",
            replace=("bce(D(G(z)), 1.0)", "-bce(D(G(z)), 0.0)"),
        ),
        Mistake(
            "Your step does not clear the old gradients.",
            "backward adds to .grad. Call opt_G.zero_grad() before it.",
            replace=("    opt_G.zero_grad()\n", ""),
        ),
        Mistake(
            "Your step clears the gradients after opt_G.step().",
            "Something may have left gradients in G before this step. Clear them before backward.",
            replace=(
                "    opt_G.zero_grad()\n",
                "",
                "opt_G.step()\n",
                "opt_G.step()\n    opt_G.zero_grad()\n",
            ),
        ),
        Mistake(
            "Your loss is the one of a Wasserstein GAN, -mean D(G(z)).",
            "Here D's output is a logit. The loss is -log of its sigmoid: bce with the label 1.",
            replace=("bce(D(G(z)), 1.0)", "-D(G(z)).mean()"),
        ),
        Mistake(
            "Your loss has the wrong sign.",
            "The optimizer descends. -log D(G(z)) is large if D recognises the samples, and "
            "bce(D(G(z)), 1) is that already.",
            replace=("bce(D(G(z)), 1.0)", "-bce(D(G(z)), 1.0)"),
        ),
        Mistake(
            "Your loss is a sum over the batch.",
            "The expectation is a mean. With a sum, the step grows with the batch size.",
            replace=("bce(D(G(z)), 1.0)", 'bce(D(G(z)), 1.0, reduction="sum")'),
        ),
        Mistake(
            "Your loss shows D the noise and not the samples of G.",
            "D sees G(z), never z. Then no gradient reaches G.",
            replace=(
                "bce(D(G(z))",
                "bce(D(z)",
                "    opt_G.zero_grad()\n",
                "",
                "    opt_G.step()\n",
                "",
            ),
        ),
        Mistake(
            "Your loss leaves out D.",
            "G(z) is a sample, and no logit. D judges it: bce(D(G(z)), 1).",
            replace=(G_LOSS, "bce(G(z), 1.0)"),
        ),
        Mistake(
            "Your loss applies the sigmoid before bce.",
            "bce takes logits, and its formula has the sigmoid in it already.",
            replace=(G_LOSS, "bce(D(G(z)).sigmoid(), 1.0)"),
        ),
        Mistake(
            "Your loss is the one of a least-squares GAN.",
            "The exercise asks for the cross-entropy, bce with the label 1.",
            replace=(G_LOSS, "((D(G(z)) - 1) ** 2).mean()"),
        ),
        Mistake(
            "Your loss subtracts bce from 1.",
            "bce is -log p and no probability. 1 - p is what bce has inside, with the label 0.",
            replace=(G_LOSS, "1 - bce(D(G(z)), 1.0)"),
            also=((G_LOSS, "1 - bce(D(G(z)), 0.0)"),),
        ),
        Mistake(
            "Your loss has both labels.",
            "The two labels are for D, which sees two kinds of samples. G wants the label 1 alone.",
            replace=(G_LOSS, "bce(D(G(z)), 1.0) + bce(D(G(z)), 0.0)"),
        ),
        Mistake(
            "Your step calls backward twice.",
            "backward adds to .grad. So the second call doubles the gradient.",
            replace=("loss.backward()\n", "loss.backward()\n    loss.backward()\n"),
        ),
        Mistake(
            "Your step calls opt_G.step() before backward.",
            "Then G follows the old gradients. backward computes the new ones.",
            replace=(
                "    opt_G.zero_grad()\n    loss.backward()\n    opt_G.step()\n",
                "    opt_G.step()\n    opt_G.zero_grad()\n    loss.backward()\n",
            ),
        ),
    ],
    guess="large",
    why_guess="It is 4.6, and it is steep there. A large loss of G at the start is normal.",
    shown="Shown: the loss and the weights of G after two steps are right on {n} inputs. D did not "
    "change.",
    fact="`with frozen(D):` around the forward pass saves the gradients of D's weights, which "
    "nobody needs. The numbers stay the same.",
    hints=(
        "Which label makes BCE the loss -log D(G(z))?",
        "The same five lines as in D's step, with one loss, and without detach.",
        "loss = bce(D(G(z)), ...), then zero_grad, backward, step, return.",
    ),
    where=("minigan.trainers.gan.GAN.generator_step",),
    page="docs/questions.md#log1--d-or-log-d-where-is-bce-in-it",
    off=("minigan.trainers.gan.GAN.generator_step",),
    place=lambda answer, put: put(ring, "generator_step", answer.generator_step),
)


EXERCISES = [BEST_D, VALUE, SLOPES, STEP_D, STEP_G]
