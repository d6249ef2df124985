"""Chapter 5: the Wasserstein GAN, with clipped weights and with a gradient penalty."""

import numpy as np

from minigan import losses, nn
from minigan.autograd import grad
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

# 5.1 w1


def wasserstein(x, y):
    return np.abs(np.sort(x) - np.sort(y)).mean()


def sample_inputs(rng):
    for n in (1, 2, 2, 3, 4, 5, 8):
        yield {"x": rng.normal(size=n), "y": rng.normal(0.5, 2.0, size=n)}


def observe_w1(answer, inputs, ask):
    x, y = inputs["x"], inputs["y"]
    before = x.copy(), y.copy()
    yield Seen("W₁", ask("wasserstein(x, y)", answer.wasserstein, x, y))
    unchanged = np.array_equal(x, before[0]) and np.array_equal(y, before[1])
    note = "Your function sorts the arrays of the caller. np.sort(x) gives a new array."
    yield must(unchanged, note)


W1 = Exercise(
    number="5.1",
    name="w1",
    title="the Wasserstein distance on a line, solved and explained",
    names=("wasserstein",),
    right={"wasserstein": wasserstein},
    inputs=sample_inputs,
    observe=observe_w1,
    mistakes=[
        Mistake(
            "Your distance does not sort the samples.",
            "It carries x[0] to y[0], as they happen to come. The cheapest plan carries the "
            "smallest to the smallest.",
            {"wasserstein": lambda x, y: np.abs(x - y).mean()},
        ),
        Mistake(
            "Your distance sorts one of the two samples only.",
            "Both have to be in order: the smallest x goes to the smallest y.",
            {"wasserstein": lambda x, y: np.abs(np.sort(x) - y).mean()},
        ),
        Mistake(
            "Your distance is the distance of the two means.",
            "The absolute value is taken of each way, before the mean. Otherwise a way to the left "
            "pays for a way to the right.",
            {"wasserstein": lambda x, y: np.abs((np.sort(x) - np.sort(y)).mean())},
        ),
        Mistake(
            "Your distance squares the ways.",
            "That is W₂². For W₁ the cost of a way is its length.",
            {"wasserstein": lambda x, y: ((np.sort(x) - np.sort(y)) ** 2).mean()},
        ),
        Mistake(
            "Your distance is W₂, the root of the mean square.",
            "For W₁ the cost of a way is its length: a mean of absolute values.",
            {"wasserstein": lambda x, y: np.sqrt(((np.sort(x) - np.sort(y)) ** 2).mean())},
        ),
        Mistake(
            "Your distance is a sum over the samples.",
            "All heaps together weigh 1, so each weighs 1/n: take the mean.",
            {"wasserstein": lambda x, y: np.abs(np.sort(x) - np.sort(y)).sum()},
        ),
    ],
    guess=5,
    why_guess="Sorted, y is [5, 6]. So 0 goes to 5, and 1 goes to 6.",
    shown="Shown: W₁ is right for {n} pairs of samples.",
    fact="In more than one dimension there is no order, and the best plan takes long to find. The "
    "critic of a WGAN estimates W₁ without a plan.",
    hints=(
        "If two ways cross, does it get cheaper to exchange their ends?",
        "Sort both, subtract, take absolute values and their mean.",
    ),
    where=("examples/theory_divergences.py: wasserstein",),
    page="docs/derivations.md#the-wgan-objective-is-a-distance",
)


# 5.2 clip


def critic(seed, width):
    return players(seed, width)[1]


def clip_inputs(rng):
    for seed, (width, c) in enumerate(
        [(1, 0.2), (1, 0.3), (2, 0.1), (2, 0.3), (3, 0.2), (4, 0.25)]
    ):
        yield {"width": width, "c": c, "seed": seed}


def observe_clip(answer, inputs, ask):
    f = critic(inputs["seed"], inputs["width"])
    leave_gradients(f)
    old = gradients(f)
    ask("clip_weights(f, c)", answer.clip_weights, f, inputs["c"], returns=False)
    yield Seen("the list of all weights and biases of f", weights(f))
    yield must(np.array_equal(gradients(f), old), "The gradients of f changed: clip the weights.")


def on_each(change, what=lambda p: True):
    """A wrong clip_weights, which changes each array with change(array, c)."""

    def clip_weights(f, c):
        for p in f.parameters():
            if what(p):
                p.data = change(p.data, c)

    return {"clip_weights": clip_weights}


def clip_gradients(f, c):
    for p in f.parameters():
        p.grad = p.grad.data.clip(-c, c)


def right_clip(f, c):
    for p in f.parameters():
        p.data = p.data.clip(-c, c)


CLIP = Exercise(
    number="5.2",
    name="clip",
    title="the weights of a critic, clipped",
    names=("clip_weights",),
    right={"clip_weights": right_clip},
    inputs=clip_inputs,
    observe=observe_clip,
    mistakes=[
        Mistake(
            "Your function leaves the weights as they were.",
            "np.clip gives a new array and does not change p.data. Assign it: p.data = ...",
            on_each(lambda w, c: w),
        ),
        Mistake(
            "Your function clips the gradients.",
            "That is another method, against steps that are too large. Here the weights p.data are "
            "clipped.",
            {"clip_weights": clip_gradients},
        ),
        Mistake(
            "Your function has an upper bound only.",
            "A weight of -5 is as steep as one of 5. The bounds are -c and c.",
            on_each(lambda w, c: np.minimum(w, c)),
        ),
        Mistake(
            "Your function has the bounds 0 and c.",
            "Then no weight is negative. The bounds are -c and c.",
            on_each(lambda w, c: np.clip(w, 0, c)),
        ),
        Mistake(
            "Your function sets weights outside the bounds to 0.",
            "A weight of 5 becomes c, the nearest number in [-c, c].",
            on_each(lambda w, c: np.where(np.abs(w) > c, 0.0, w)),
        ),
        Mistake(
            "Your function sets every weight to c or -c.",
            "A weight inside the bounds stays as it is.",
            on_each(lambda w, c: c * np.sign(w)),
        ),
        Mistake(
            "Your function leaves out the biases.",
            "f.parameters() gives weights and biases, and Algorithm 1 clips all of them.",
            on_each(lambda w, c: np.clip(w, -c, c), lambda p: p.ndim == 2),
        ),
        Mistake(
            "Your function scales each array down to a largest element of c.",
            "Clipping changes the elements outside the bounds alone.",
            on_each(lambda w, c: w * min(1.0, c / np.abs(w).max())),
        ),
    ],
    guess=-0.1,
    why_guess="-0.3 is below -c, so it becomes -c.",
    shown="Shown: the weights of {n} networks are right, and the gradients did not change.",
    fact="The authors of the WGAN call this a clearly terrible way to bound the slope. Gulrajani "
    "et al. 2017 found that most weights end at -c or c (Figure 1).",
    hints=(
        "Which function of NumPy puts every element between two bounds?",
        "np.clip(array, low, high) gives a new array.",
        "p.data = np.clip(p.data, ..., ...)",
    ),
    where=("minigan.trainers.wgan.WGAN.critic_step",),
    page="docs/theory.md#two-ways-to-bound-a-critic",
    off=("minigan.trainers.wgan.WGAN.critic_step",),
)


# 5.3 x_hat


def interpolate(real, fake, eps):
    eps = eps[:, None]
    return eps * real + (1 - eps) * fake


def line_inputs(rng):
    for n, d in [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (4, 4), (5, 5), (3, 2), (4, 2), (8, 3)]:
        yield {
            "real": rng.normal(size=(n, d)),
            "fake": rng.normal(size=(n, d)),
            "eps": rng.random(n),
        }


X_HAT = Exercise(
    number="5.3",
    name="x_hat",
    title="points between real and generated samples",
    names=("interpolate",),
    right={"interpolate": interpolate},
    inputs=line_inputs,
    observe=observe_function("interpolate", "real fake eps", "x̂"),
    mistakes=[
        Mistake(
            "Your ε and 1 - ε are exchanged.",
            "With ε = 1, x̂ is the real sample. The distribution of x̂ is the same both ways, "
            "because ε is uniform. But the check compares with the order of the paper.",
            {"interpolate": lambda real, fake, eps: interpolate(fake, real, eps)},
        ),
        Mistake(
            "Your ε runs along the coordinates and not along the samples.",
            "eps has the shape (N,), and NumPy takes its axis for the last one of (N, D). That "
            "works by accident if N = D. eps[:, None] has the shape (N, 1).",
            {"interpolate": lambda real, fake, eps: eps * real + (1 - eps) * fake},
        ),
        Mistake(
            "Your x̂ has one ε for the whole batch.",
            "Each sample has an ε of its own. Otherwise all points are at the same height of "
            "their lines.",
            {"interpolate": lambda real, fake, eps: eps[0] * real + (1 - eps[0]) * fake},
        ),
        Mistake(
            "Your x̂ is the middle of the two samples.",
            "Then the slope is 1 in the middle only. ε makes x̂ any point on the line.",
            {"interpolate": lambda real, fake, eps: (real + fake) / 2},
        ),
        Mistake(
            "Your x̂ subtracts the sample of G.",
            "A point on the line is a mean of both: ε x + (1 - ε) G(z).",
            {
                "interpolate": lambda real, fake, eps: (
                    eps[:, None] * real - (1 - eps[:, None]) * fake
                )
            },
        ),
        Mistake(
            "Your x̂ has ε for both samples.",
            "The two factors add up to 1: ε and 1 - ε.",
            {"interpolate": lambda real, fake, eps: eps[:, None] * (real + fake)},
        ),
        Mistake(
            "Your x̂ goes from the real sample away from the sample of G.",
            "real + ε (real - fake) is outside the two. fake + ε (real - fake) is between them.",
            {"interpolate": lambda real, fake, eps: real + eps[:, None] * (real - fake)},
        ),
    ],
    guess=2,
    why_guess="0.2 · 10 + 0.8 · 0.",
    shown="Shown: x̂ is right on {n} inputs of {shapes} shapes.",
    fact="For images, ε has the shape (N, 1, 1, 1). Much code draws it in that shape.",
    hints=(
        "Which shape must ε have, so that each row gets its own?",
        "eps = eps[:, None] makes (N, 1) of it.",
        "eps * real + (...) * fake",
    ),
    where=("minigan.losses.gradient_norms",),
    page="docs/derivations.md#why-the-penalty-asks-for-a-slope-of-1",
    off=("minigan.losses.gradient_norms", "minigan.losses.gradient_penalty"),
    place=lambda answer, put: put_penalty(put, "interpolate", answer.interpolate),
)


def put_penalty(put, name, value):
    """Put a part of the penalty into ring.py, and that penalty in minigan's place."""
    put(ring, name, value)
    put(losses, "gradient_penalty", ring.gradient_penalty)


# 5.4 penalty


def slopes(f, x_hat):
    (g,) = grad(f(x_hat).sum(), x_hat, create_graph=True)
    return g


def penalty(f, x_hat):
    return ((slopes(f, x_hat).norm(axis=1) - 1) ** 2).mean()


def penalty_inputs(rng):
    for seed, (n, d) in enumerate([(1, 1), (1, 2), (2, 2), (3, 2), (4, 2), (4, 3), (5, 2), (3, 3)]):
        yield {"x_hat": rng.normal(size=(n, d)), "seed": seed}


def steep_critic(seed, d):
    """A critic with slopes above and below 1."""
    f = nn.Sequential(nn.Linear(d, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    rng = np.random.default_rng(seed)
    for p in f.parameters():
        p.data = 1.2 * rng.normal(size=p.shape)
    return f


def observe_penalty(answer, inputs, ask):
    f = steep_critic(inputs["seed"], inputs["x_hat"].shape[1])
    x_hat = Tensor(inputs["x_hat"], requires_grad=True)
    result = ask("gradient_penalty(f, x_hat)", answer.gradient_penalty, f, x_hat)
    yield Seen("the penalty", result)
    if isinstance(result, Tensor) and result.requires_grad:
        result.backward()
    found = gradients(f)[: f[0].weight.size]
    yield Seen("the list of the penalty's gradients of the first weights of f", found)


def penalty_of(of_gradients):
    """A wrong penalty: of_gradients takes ∇f(x̂), (N, D)."""
    return {"gradient_penalty": lambda f, x_hat: of_gradients(slopes(f, x_hat))}


def cut(f, x_hat):
    (g,) = grad(f(x_hat).sum(), x_hat)
    return ((g.norm(axis=1) - 1) ** 2).mean()


def of_the_mean(f, x_hat):
    (g,) = grad(f(x_hat).mean(), x_hat, create_graph=True)
    return ((g.norm(axis=1) - 1) ** 2).mean()


PENALTY = Exercise(
    number="5.4",
    name="penalty",
    title="the gradient penalty",
    names=("gradient_penalty",),
    right={"gradient_penalty": penalty},
    inputs=penalty_inputs,
    observe=observe_penalty,
    mistakes=[
        Mistake(
            "Your penalty has no gradient.",
            "Its value is right, but the graph was cut: by grad without create_graph=True, by "
            ".detach(), or by .data. So f would learn nothing from it.",
            {"gradient_penalty": cut},
        ),
        Mistake(
            "Your norm is taken over the whole batch.",
            "Each sample has a norm of its own: sum over its coordinates, axis=1. g.norm() without "
            "an axis gives one number.",
            penalty_of(lambda g: (g.norm() - 1) ** 2),
        ),
        Mistake(
            "Your norm is taken over the samples.",
            "axis=0 is the batch. The norm of one sample is over its coordinates, axis=1.",
            penalty_of(lambda g: ((g.norm(axis=0) - 1) ** 2).mean()),
        ),
        Mistake(
            "Your penalty takes the mean of the norms before it subtracts 1.",
            "Then a slope of 0 and one of 2 would cancel. The square is inside the mean.",
            penalty_of(lambda g: (g.norm(axis=1).mean() - 1) ** 2),
        ),
        Mistake(
            "Your penalty is a sum over the batch.",
            "The expectation is a mean. With a sum, λ would depend on the batch size.",
            penalty_of(lambda g: ((g.norm(axis=1) - 1) ** 2).sum()),
        ),
        Mistake(
            "Your gradient is the right one divided by the batch size.",
            "It is the gradient of f(x̂).mean(). Take the sum of the scores: row n is ∇f(x̂[n]) "
            "then.",
            {"gradient_penalty": of_the_mean},
        ),
        Mistake(
            "Your penalty subtracts 1 from the squared norm.",
            "The norm is the root of the sum of squares: (√Σg² - 1)², not (Σg² - 1)².",
            penalty_of(lambda g: (((g * g).sum(axis=1) - 1) ** 2).mean()),
        ),
        Mistake(
            "Your penalty asks for a slope of 0.",
            "mean ‖∇f‖² is another penalty (R₁). WGAN-GP asks for a slope of 1.",
            penalty_of(lambda g: (g * g).sum(axis=1).mean()),
        ),
        Mistake(
            "Your penalty has no square.",
            "It is (‖∇f‖ - 1)², and not ‖∇f‖ - 1, which can be negative.",
            penalty_of(lambda g: (g.norm(axis=1) - 1).mean()),
        ),
        Mistake(
            "Your penalty has the absolute value in place of the square.",
            "It is (‖∇f‖ - 1)².",
            penalty_of(lambda g: (g.norm(axis=1) - 1).abs().mean()),
        ),
        Mistake(
            "Your penalty counts slopes above 1 only.",
            "That is the one-sided penalty, which the paper mentions. Equation 3 also draws a "
            "slope below 1 to 1.",
            penalty_of(lambda g: ((g.norm(axis=1) - 1).relu() ** 2).mean()),
        ),
        Mistake(
            "Your penalty takes the sum of absolute values for the norm.",
            "The norm is √Σg², which g.norm(axis=1) gives.",
            penalty_of(lambda g: ((g.abs().sum(axis=1) - 1) ** 2).mean()),
        ),
        Mistake(
            "Your penalty squares the norm alone, and subtracts 1 after it.",
            "It is (‖∇f‖ - 1)², with the 1 inside the square. ‖∇f‖² - 1 can be negative.",
            penalty_of(lambda g: (g.norm(axis=1) ** 2 - 1).mean()),
        ),
        Mistake(
            "Your penalty takes the mean of the gradient for its norm.",
            "Coordinates of different signs would cancel. The norm is √Σg².",
            penalty_of(lambda g: ((g.mean(axis=1) - 1) ** 2).mean()),
        ),
        Mistake(
            "Your penalty takes the sum of the gradient for its norm.",
            "Coordinates of different signs would cancel. The norm is √Σg².",
            penalty_of(lambda g: ((g.sum(axis=1) - 1) ** 2).mean()),
        ),
        Mistake(
            "Your penalty is computed for each element of the gradient.",
            "The norm of a sample is over all its coordinates: g.norm(axis=1).",
            penalty_of(lambda g: ((g - 1) ** 2).mean()),
            also=(penalty_of(lambda g: ((g.abs() - 1) ** 2).mean()),),
        ),
        Mistake(
            "Your penalty is a list of one number for each sample.",
            "A loss is one number. Take the mean over the batch.",
            penalty_of(lambda g: (g.norm(axis=1) - 1) ** 2),
        ),
        Mistake(
            "Your penalty takes the norm of x̂.",
            "The slope of f is to be 1, and not the length of x̂. First take the gradient of f.",
            {"gradient_penalty": lambda f, x_hat: ((x_hat.norm(axis=1) - 1) ** 2).mean()},
        ),
        Mistake(
            "Your penalty takes the score f(x̂) for the norm.",
            "The slope of f is to be 1, and not its value. First take the gradient of f.",
            {"gradient_penalty": lambda f, x_hat: ((f(x_hat) - 1) ** 2).mean()},
        ),
        Mistake(
            "Your penalty has the wrong sign.",
            "It is added to a loss that f descends. A negative one would draw the slopes away "
            "from 1.",
            penalty_of(lambda g: -((g.norm(axis=1) - 1) ** 2).mean()),
        ),
        Mistake(
            "Your penalty adds 1 to the norm.",
            "(‖∇f‖ + 1)² is smallest for a slope of 0. It is (‖∇f‖ - 1)².",
            penalty_of(lambda g: ((g.norm(axis=1) + 1) ** 2).mean()),
        ),
        Mistake(
            "Your penalty is half of the right one.",
            "The paper has no factor 1/2. λ is the only factor.",
            penalty_of(lambda g: ((g.norm(axis=1) - 1) ** 2).mean() / 2),
        ),
    ],
    guess=16,
    why_guess="∇f = (3, 4) everywhere, its norm is 5, and (5 - 1)² = 16.",
    shown="Shown: the penalty and its gradient of f's weights are right on {n} inputs of {shapes} "
    "shapes.",
    fact="Such a loss goes through every rule of f twice, and differentiates the rules. So each "
    "rule of chapter 1 was also checked to second order.",
    hints=(
        "The gradient with respect to which Tensor? And of which single number?",
        "(g,) = grad(f(x_hat).sum(), x_hat, create_graph=True), then a norm for each row.",
        "((g.norm(axis=1) - 1) ** 2).mean()",
    ),
    where=("minigan.losses.gradient_penalty", "minigan.losses.gradient_norms"),
    page="docs/stepping.md#a-gradient-penalty",
    off=("minigan.losses.gradient_norms", "minigan.losses.gradient_penalty"),
    place=lambda answer, put: put_penalty(put, "penalty", answer.gradient_penalty),
)


# 5.5 step_f


def step_inputs(rng):
    for inputs in batches(rng, sizes=(1, 2, 3, 4, 6)):
        yield inputs | {"eps": rng.random(len(inputs["z"])), "weight": rng.uniform(0.5, 3.0)}


def observe_step_f(answer, inputs, ask):
    G, f = players(inputs["seed"])
    opt_f = sgd(f)
    real, z, eps = Tensor(inputs["real"]), Tensor(inputs["z"]), inputs["eps"]
    before = weights(G)
    for which, (x, noise) in (("first", (real, z)), ("second", (real * 0.5, z + 1.0))):
        leave_gradients(f)
        call = "critic_step(G, f, opt_f, real, z, eps, weight)"
        arguments = G, f, opt_f, x, noise, eps, inputs["weight"]
        yield Seen("the loss", ask(call, answer.critic_step, *arguments))
        yield Seen(f"the list of f's weights after the {which} step", weights(f))
    yield must(np.array_equal(weights(G), before), "The weights of G changed. This step changes f.")
    yield Seen("the list of the gradients that G has got (0: none)", gradients(G))


LOSS = "f(fake).mean() - f(real).mean() + weight * penalty"

STEP_F = Exercise(
    number="5.5",
    name="step_f",
    title="one step of the critic of a WGAN-GP, the whole function",
    names=("critic_step",),
    right={"critic_step": ring.critic_step},
    inputs=step_inputs,
    observe=observe_step_f,
    mistakes=[
        Mistake(
            "Your loss has the scores the wrong way round.",
            "f descends mean f(fake) - mean f(real): real samples get high scores.",
            replace=(LOSS, "f(real).mean() - f(fake).mean() + weight * penalty"),
        ),
        Mistake(
            "Your loss has the whole sign wrong.",
            "The optimizer descends. f ascends mean f(real) - mean f(fake), and descends the "
            "penalty.",
            replace=(LOSS, f"-({LOSS})"),
        ),
        Mistake(
            "Your loss subtracts the penalty.",
            "f descends the loss. A subtracted penalty would make the slopes grow.",
            replace=(LOSS, "f(fake).mean() - f(real).mean() - weight * penalty"),
        ),
        Mistake(
            "Your loss has no penalty.",
            "Then the slope of f has no bound, and the scores grow without end.",
            replace=(LOSS, "f(fake).mean() - f(real).mean()"),
        ),
        Mistake(
            "Your loss leaves out the weight λ.",
            "The penalty is multiplied by weight.",
            replace=(LOSS, "f(fake).mean() - f(real).mean() + penalty"),
        ),
        Mistake(
            "Your loss is the loss of a GAN, with logarithms.",
            "The scores of a critic are plain numbers. Take their means, without bce.",
            replace=(
                LOSS,
                "losses.binary_cross_entropy_with_logits(f(real), 1.0) + "
                "losses.binary_cross_entropy_with_logits(f(fake), 0.0) + weight * penalty",
            ),
        ),
        Mistake(
            "Your loss takes sums of the scores.",
            "The expectation is a mean. With sums, the penalty weighs less in a larger batch.",
            replace=(LOSS, "f(fake).sum() - f(real).sum() + weight * penalty"),
        ),
        Mistake(
            "Your penalty has real and fake exchanged.",
            "gradient_penalty(f, real, fake, eps) takes the real samples first, and ε belongs to "
            "them.",
            replace=(
                "penalty = losses.gradient_penalty(f, real, fake, eps)",
                "penalty = losses.gradient_penalty(f, fake, real, eps)",
            ),
        ),
        Mistake(
            "Your samples of G are not detached.",
            "f's step is right. But backward also goes through G, which takes time, and adds "
            "gradients to G's weights.",
            replace=("G(z).detach()", "G(z)"),
        ),
        Mistake(
            "Your step does not clear the old gradients.",
            "backward adds to .grad. Call opt_f.zero_grad() before it.",
            replace=("    opt_f.zero_grad()\n", ""),
        ),
        Mistake(
            "Your step leaves f as it was.",
            "Either opt_f.step() is missing, or opt_f.zero_grad() comes between backward and step, "
            "or zero_grad and step both come before backward.",
            replace=("    opt_f.step()\n", ""),
        ),
    ],
    guess=-3,
    why_guess="2 - 5. A negative loss is normal: it is minus the estimated distance.",
    shown="Shown: the loss and the weights of f after two steps are right on {n} inputs. G got no "
    "gradient.",
    fact="f makes several such steps for each step of G (5 in the paper), because the difference "
    "of the scores is a distance only if f is near its best.",
    hints=(
        "Which sign has f(real) in a loss that is descended?",
        "fake = G(z).detach(), the penalty, the loss, and then zero_grad, backward, step.",
        "loss = f(fake).mean() - f(real).mean() + ...",
    ),
    where=("minigan.trainers.wgan_gp.WGANGP.critic_step",),
    page="docs/questions.md#why-do-the-signs-in-wgan-code-differ-from-the-paper",
    off=("minigan.trainers.wgan_gp.WGANGP.critic_step", "minigan.losses.wasserstein_critic_loss"),
    place=lambda answer, put: put(ring, "critic_step", answer.critic_step),
)


EXERCISES = [W1, CLIP, X_HAT, PENALTY, STEP_F]
