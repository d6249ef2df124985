"""Chapter 3: what a network needs to learn: batch norm, Adam, and initial weights."""

import numpy as np

from minigan import optim
from minigan.exercises.exercise import Exercise, Mistake, Seen, must
from minigan.exercises.rules import ORDERS, observe_function, observe_rule
from minigan.op import Op
from minigan.ops import norm
from minigan.tensor import as_array

# 3.1 normalize


def own_batch_norm(x, gamma, beta, eps):
    return norm.BatchNorm((0,), eps).forward(x, gamma, beta)


def batch_norm(
    normalized=None, mean=None, var=None, scaled=lambda x, gamma, beta: gamma * x + beta
):
    """A batch norm of which a part may be wrong."""
    normalized = normalized or (lambda centred, var, eps: centred / np.sqrt(var + eps))
    mean = mean or (lambda x: x.mean(axis=0))
    var = var or (lambda x: x.var(axis=0))

    def wrong(x, gamma, beta, eps):
        return scaled(normalized(x - mean(x), var(x), eps), gamma, beta)

    return {"batch_norm": wrong}


def channel_inputs(rng):
    for n, c in [(2, 1), (3, 1), (2, 2), (3, 2), (4, 2), (4, 3), (5, 4), (8, 2)]:
        yield {
            "x": rng.normal(1.0, 2.0, (n, c)),
            "gamma": rng.uniform(0.5, 2.0, c),
            "beta": rng.normal(size=c),
            "eps": round(rng.uniform(0.1, 0.9), 2),
        }


NORMALIZE = Exercise(
    number="3.1",
    name="normalize",
    title="batch norm, solved and explained",
    names=("batch_norm",),
    right={"batch_norm": own_batch_norm},
    inputs=channel_inputs,
    observe=observe_function("batch_norm", "x gamma beta eps", "the output y"),
    mistakes=[
        Mistake(
            "Your y has ε outside the root.",
            "It is added to the variance: √(σ² + ε), and not √σ² + ε. In Adam it is outside.",
            batch_norm(lambda centred, var, eps: centred / (np.sqrt(var) + eps)),
        ),
        Mistake(
            "Your y has no ε.",
            "If all samples have the same value, σ is 0, and 0/0 is NaN.",
            batch_norm(lambda centred, var, eps: centred / np.sqrt(var)),
        ),
        Mistake(
            "Your y is divided by the variance.",
            "The standard deviation is the root of the variance.",
            batch_norm(lambda centred, var, eps: centred / (var + eps)),
        ),
        Mistake(
            "Your mean and variance are taken over the channels.",
            "axis=1 is the channels: that is layer norm. Batch norm takes them over the batch, "
            "axis=0.",
            batch_norm(
                mean=lambda x: x.mean(axis=1, keepdims=True),
                var=lambda x: x.var(axis=1, keepdims=True),
            ),
        ),
        Mistake(
            "Your mean and variance are taken over all elements.",
            "Each channel has its own: take them over axis=0 alone.",
            batch_norm(mean=lambda x: x.mean(), var=lambda x: x.var()),
        ),
        Mistake(
            "Your variance is divided by N - 1.",
            "That is the unbiased estimate, ddof=1. Batch norm divides by N. Only the running "
            "average, which is used after the training, has the unbiased one.",
            batch_norm(var=lambda x: x.var(axis=0, ddof=1)),
        ),
        Mistake(
            "Your variance is the mean of x², without subtracting μ.",
            "The variance is the mean of (x - μ)².",
            batch_norm(var=lambda x: (x * x).mean(axis=0)),
        ),
        Mistake(
            "Your y does not subtract the mean.",
            "x̂ is (x - μ) / √(σ² + ε), so that its mean is 0.",
            batch_norm(mean=lambda x: 0.0),
        ),
        Mistake(
            "Your y exchanges γ and β.",
            "γ is the factor, and β is added.",
            batch_norm(scaled=lambda x, gamma, beta: beta * x + gamma),
        ),
    ],
    guess=11,
    why_guess="μ is 3 and σ is 1, so x̂ is 1, and β is added.",
    shown="Shown: y agrees with minigan on {n} inputs of {shapes} shapes.",
    fact="Many learners' scripts write BatchNorm1d(n, 0.8). They mean a momentum, but the second "
    "argument of PyTorch is ε. With an ε of 0.8, the images of a new G are nearly all alike.",
    hints=(
        "Which axis is the batch, and which shape has a mean over it?",
        "x.mean(axis=0), and the mean of (x - mean)² over the same axis.",
        "(x - mean) / (var + eps) ** 0.5",
    ),
    where=("minigan.ops.norm.BatchNorm.forward",),
    page="docs/theory.md#an-ε-of-08",
    off=("minigan.ops.norm.BatchNorm", "minigan.ops.norm.Normalize"),
)


# 3.2 norm_rule


def own_normalize(eps):
    return norm.Normalize((0,), eps)  # over the batch


def batch_mean(x):
    return x.mean(axis=0)


def row_mean(x):
    return x.mean(axis=1, keepdims=True)


def scale(x, eps):
    """s = 1 / √(σ² + ε): (N, C) -> (C,)"""
    return (batch_mean((x - batch_mean(x)) ** 2) + eps) ** -0.5


def norm_rule(rule):
    """A wrong Normalize with the gradient rule(gy, y, x, s)."""

    class Wrong(Op):
        def __init__(self, eps):
            self.eps = eps

        def forward(self, x):
            return (x - batch_mean(x)) * scale(x, self.eps)

        def backward(self, gy, y, x):
            return rule(gy, y, x, scale(x, self.eps))

    return {"Normalize": Wrong}


def constant_scale(gy, y, x, s):
    return as_array(s) * (gy - batch_mean(gy) - y * batch_mean(gy * y))


def norm_inputs(rng):
    for n, c in [(2, 1), (3, 1), (2, 2), (3, 2), (4, 2), (4, 3), (5, 4), (8, 2)]:
        yield {
            "x": rng.normal(1.0, 2.0, (n, c)),
            "eps": round(rng.uniform(0.1, 0.9), 2),
            "gy": rng.normal(size=(n, c)),
        }


NORM_RULE = Exercise(
    number="3.2",
    name="norm_rule",
    title="the rule of batch norm",
    names=("Normalize",),
    right={"Normalize": own_normalize},
    inputs=norm_inputs,
    observe=observe_rule(lambda answer, x: answer.Normalize(x["eps"]), "Normalize(eps)", "x"),
    mistakes=[
        Mistake(
            "Your gradient takes μ and σ² for constants.",
            "It is s gy, the direct way alone. But each x changes μ and σ², and they change every "
            "y of the channel.",
            norm_rule(lambda gy, y, x, s: s * gy),
        ),
        Mistake(
            "Your gradient takes σ² for a constant.",
            "The way through σ² is missing: -s y mean(gy y). Note that mean(gy) mean(y) is "
            "something else: it is 0, because the y of a channel have the mean 0.",
            norm_rule(lambda gy, y, x, s: s * (gy - batch_mean(gy))),
        ),
        Mistake(
            "Your gradient takes μ for a constant.",
            "The way through μ is missing: -s mean(gy).",
            norm_rule(lambda gy, y, x, s: s * (gy - y * batch_mean(gy * y))),
        ),
        Mistake(
            "Your gradient lacks the factor s.",
            "All three ways have it: y changes by s if x changes by 1.",
            norm_rule(lambda gy, y, x, s: gy - batch_mean(gy) - y * batch_mean(gy * y)),
        ),
        Mistake(
            "Your gradient is divided by s.",
            "s is 1 / √(σ² + ε). So s is a factor: channels that vary much have small gradients.",
            norm_rule(lambda gy, y, x, s: (gy - batch_mean(gy) - y * batch_mean(gy * y)) / s),
        ),
        Mistake(
            "Your gradient has sums in place of the means.",
            "μ is a sum divided by N. So each x moves it only by 1/N.",
            norm_rule(
                lambda gy, y, x, s: s * (gy - gy.sum(axis=0) - y * (gy * y).sum(axis=0)),
            ),
        ),
        Mistake(
            "Your gradient has means over all elements.",
            "They are over the batch, axis=0: one number for each channel.",
            norm_rule(lambda gy, y, x, s: s * (gy - gy.mean() - y * (gy * y).mean())),
        ),
        Mistake(
            "Your gradient has means over the channels.",
            "axis=1 is the channels. The means are over the batch, axis=0, as in forward.",
            norm_rule(lambda gy, y, x, s: s * (gy - row_mean(gy) - y * row_mean(gy * y))),
        ),
        Mistake(
            "Your gradient adds the way through σ².",
            "If x moves away from μ, σ grows, and all y become smaller: the sign is a minus.",
            norm_rule(lambda gy, y, x, s: s * (gy - batch_mean(gy) + y * batch_mean(gy * y))),
        ),
        Mistake(
            "Your gradient has x where y belongs.",
            "The way through σ² has the normalized values twice: y mean(gy y). They have mean 0.",
            norm_rule(lambda gy, y, x, s: s * (gy - batch_mean(gy) - x * batch_mean(gy * x))),
        ),
        Mistake(
            "Your rule is right to first order, and its own derivative is wrong.",
            "It takes s for a constant, such as an s that forward has kept. Compute s from x in "
            "backward: then it is a Tensor if x is one.",
            norm_rule(constant_scale),
        ),
    ],
    guess=0,
    why_guess="L is the sum of all y, which is 0 for every x. So no x can change it.",
    shown="Shown: the value, and " + ORDERS + ", agree with minigan on {n} inputs of {shapes} "
    "shapes.",
    fact="The gradient of a channel has the sum 0: batch norm does not feel a shift of x. So a "
    "bias in the layer before a batch norm learns nothing, and many networks leave it out.",
    hints=(
        "What does s depend on, and how many numbers of it are there for each channel?",
        "s is computed as in forward: (var + self.eps) ** -0.5. The means are x.mean(axis=0).",
        "gx = s * (gy - gy.mean(axis=0) - y * (...).mean(axis=0))",
    ),
    where=("minigan.ops.norm.Normalize.backward",),
    page="docs/derivations.md#the-gradient-of-batch-norm",
    off=("minigan.ops.norm.BatchNorm", "minigan.ops.norm.Normalize"),
)


# 3.3 adam


def root(v_hat, eps):
    return np.sqrt(v_hat) + eps


def adam_step(
    m_part=lambda g, beta1: (1 - beta1) * g,
    v_part=lambda g, beta2: (1 - beta2) * g * g,
    corrected=lambda m, t, beta: m / (1 - beta**t),
    v_corrected=None,
    divisor=root,
    sign=-1,
    keep_corrected=(False, False),
    betas=lambda beta1, beta2: (beta1, beta2),
):
    """An Adam of which a part may be wrong."""
    v_corrected = v_corrected or corrected

    def adam(t, p, g, m, v, lr, beta1, beta2, eps):
        beta1, beta2 = betas(beta1, beta2)
        m = beta1 * m + m_part(g, beta1)
        v = beta2 * v + v_part(g, beta2)
        m_hat, v_hat = corrected(m, t, beta1), v_corrected(v, t, beta2)
        p = p + sign * lr * m_hat / divisor(v_hat, eps)
        keep_m, keep_v = keep_corrected
        return p, m_hat if keep_m else m, v_hat if keep_v else v

    return {"adam": adam}


def another_order(*given):
    p, m, v = adam_step()["adam"](*given)
    return m, v, p


def eps_before_correction(t, p, g, m, v, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
    return p - rate * m / (np.sqrt(v) + eps), m, v


def eps_without_parentheses(t, p, g, m, v, lr, beta1, beta2, eps):
    new, m, v = adam_step(divisor=lambda v_hat, eps: np.sqrt(v_hat))["adam"](
        t, p, g, m, v, lr, beta1, beta2, eps
    )
    return new + eps, m, v


def no_correction(m, t, beta):
    return m


def adam_inputs(rng):
    """Settings whose ε is large, so that its place can be seen."""
    for t, shape in [(1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (5, 3), (4, (2, 2)), (10, (3, 2))]:
        first = t == 1
        yield {
            "t": t,
            "p": rng.normal(size=shape),
            "g": rng.normal(size=shape),
            "m": np.zeros(shape) if first else rng.normal(size=shape),
            "v": np.zeros(shape) if first else rng.uniform(0.1, 1.0, shape),
            "lr": 0.1,
            "beta1": round(rng.uniform(0.3, 0.7), 2),
            "beta2": round(rng.uniform(0.8, 0.95), 2),
            "eps": round(rng.uniform(0.05, 0.2), 2),
        }


def observe_adam(answer, inputs, ask):
    call = "adam(t, p, g, m, v, lr, beta1, beta2, eps)"
    g = inputs["g"].copy()
    results = ask(call, answer.adam, *inputs.values())
    three = isinstance(results, (tuple, list)) and len(results) == 3
    yield must(three, "adam has to return three arrays: p, m and v.")
    p, m, v = results
    yield Seen("the new m", m)
    yield Seen("the new v", v)
    yield Seen("the new p", p)
    yield must(np.array_equal(inputs["g"], g), "Your code changes g in place. It is still needed.")


def put_adam(answer, put):
    def update(self, step, p, g, m, v):
        new = answer.adam(step, p, g, m, v, self.lr, *self.betas, self.eps)
        for array, values in zip((p, m, v), new, strict=True):
            array[...] = values

    put(optim.Adam, "update", update)


ADAM = Exercise(
    number="3.3",
    name="adam",
    title="a step of Adam",
    names=("adam",),
    right=adam_step(),
    inputs=adam_inputs,
    observe=observe_adam,
    mistakes=[
        Mistake(
            "Your step has no bias correction.",
            "m and v begin with 0. Without the division by 1 - βᵗ, the first steps have the wrong "
            "length.",
            adam_step(corrected=no_correction),
        ),
        Mistake(
            "Your bias correction has t - 1.",
            "The first step is t = 1. With t - 1 its correction would be a division by 0.",
            adam_step(corrected=lambda m, t, beta: m / (1 - beta ** (t - 1))),
        ),
        Mistake(
            "Your bias correction has β in place of βᵗ.",
            "It is right in step 1 alone. βᵗ falls to 0, so that the correction ends.",
            adam_step(corrected=lambda m, t, beta: m / (1 - beta)),
        ),
        Mistake(
            "Your bias correction has (1 - β)ᵗ in place of 1 - βᵗ.",
            "The power belongs to β alone: 1 - beta1**t.",
            adam_step(corrected=lambda m, t, beta: m / (1 - beta) ** t),
        ),
        Mistake(
            "Your bias correction multiplies by 1 - βᵗ.",
            "m and v are too small at first. A division by 1 - βᵗ makes them larger.",
            adam_step(corrected=lambda m, t, beta: m * (1 - beta**t)),
        ),
        Mistake(
            "Your v has no bias correction.",
            "v begins with 0, too. v̂ = v / (1 - β₂ᵗ).",
            adam_step(v_corrected=no_correction),
        ),
        Mistake(
            "Your m has no bias correction.",
            "m begins with 0, too. m̂ = m / (1 - β₁ᵗ).",
            adam_step(corrected=no_correction, v_corrected=lambda v, t, beta: v / (1 - beta**t)),
        ),
        Mistake(
            "You return m̂ and v̂ in place of m and v.",
            "The next step would correct them a second time. Only p uses m̂ and v̂.",
            adam_step(keep_corrected=(True, True)),
        ),
        Mistake(
            "You return m̂ in place of m.",
            "The next step would correct it a second time. Only p uses m̂.",
            adam_step(keep_corrected=(True, False)),
        ),
        Mistake(
            "You return v̂ in place of v.",
            "The next step would correct it a second time. Only p uses v̂.",
            adam_step(keep_corrected=(False, True)),
        ),
        Mistake(
            "You return m, v and p in place of p, m and v.",
            "The order of the results is p, m, v.",
            {"adam": another_order},
        ),
        Mistake(
            "Your p adds ε to the whole, and not to √v̂.",
            "Python divides before it adds. So the sum needs parentheses: (v_hat**0.5 + eps).",
            {"adam": eps_without_parentheses},
        ),
        Mistake(
            "Your p has ε inside the root.",
            "Adam has √v̂ + ε: ε is outside. In batch norm it is inside.",
            adam_step(divisor=lambda v_hat, eps: np.sqrt(v_hat + eps)),
        ),
        Mistake(
            "Your p adds ε to √v, before the bias correction.",
            "That is the short form in section 2 of the paper, which TensorFlow uses. Its ε̂ means "
            "something else. Algorithm 1 adds ε to √v̂.",
            {"adam": eps_before_correction},
        ),
        Mistake(
            "Your p is divided by v̂, and not by its root.",
            "v̂ is a mean of g², so √v̂ is as large as a gradient.",
            adam_step(divisor=lambda v_hat, eps: v_hat + eps),
        ),
        Mistake(
            "Your p moves with the gradient.",
            "A step descends the loss: p - lr m̂ / (√v̂ + ε).",
            adam_step(sign=1),
        ),
        Mistake(
            "Your v is a mean of g, and not of g².",
            "v measures how large the gradients are. The square removes their sign.",
            adam_step(v_part=lambda g, beta2: (1 - beta2) * g),
        ),
        Mistake(
            "Your m adds the whole gradient.",
            "β₁ m + g is momentum as in SGD. A running mean has β₁ m + (1 - β₁) g.",
            adam_step(m_part=lambda g, beta1: g),
        ),
        Mistake(
            "Your β₁ and β₂ are exchanged.",
            "β₁ belongs to m, the mean of g. β₂ belongs to v, the mean of g².",
            adam_step(betas=lambda beta1, beta2: (beta2, beta1)),
        ),
        Mistake(
            "Your m has β₂.",
            "β₁ belongs to m, the mean of g. β₂ belongs to v, the mean of g².",
            adam_step(betas=lambda beta1, beta2: (beta2, beta2)),
        ),
        Mistake(
            "Your v has β₁.",
            "β₁ belongs to m, the mean of g. β₂ belongs to v, the mean of g².",
            adam_step(betas=lambda beta1, beta2: (beta1, beta1)),
        ),
    ],
    guess=0.9,
    why_guess="m̂ is 1000 and √v̂ is 1000, so the step is lr. A gradient of 0.001 would give the "
    "same step.",
    shown="Shown: the new p, m and v agree with minigan for {n} steps.",
    fact="The GANs of the DCGAN paper use β₁ = 0.5, and those with a gradient penalty 0. With the "
    "usual 0.9, m still contains the gradients against an opponent of ten steps ago.",
    hints=(
        "m and v are running means, with two terms each. What do they contain after step 1?",
        "m = beta1 * m + (1 - beta1) * g. v is the same with g². p uses m / (1 - beta1**t) and "
        "the same of v.",
        "p = p - lr * m_hat / (v_hat**0.5 + ...)",
    ),
    where=("minigan.optim.Adam.update",),
    page="docs/mixtures.md#the-settings",
    off=("minigan.optim.Adam.update",),
    place=put_adam,
)


# 3.4 init


def scaled(factor, name="weights"):
    """A wrong function with this name: noise times factor(I, O)."""
    return {name: lambda noise: noise * factor(noise.shape[1], noise.shape[0])}


def scaled_after_relu(factor):
    return scaled(factor, "weights_after_relu")


def noise_inputs(rng):
    for o, i in [(1, 2), (2, 1), (2, 3), (3, 2), (1, 5), (4, 3), (3, 8), (9, 4)]:
        yield {"noise": rng.normal(size=(o, i))}


def observe_init(answer, inputs, ask):
    noise = inputs["noise"]
    yield Seen("the first result", ask("weights(noise)", answer.weights, noise))
    after_relu = ask("weights_after_relu(noise)", answer.weights_after_relu, noise)
    yield Seen("the second result", after_relu)


INIT = Exercise(
    number="3.4",
    name="init",
    title="initial weights whose variance stays",
    names=("weights", "weights_after_relu"),
    right={
        "weights": lambda noise: noise * np.sqrt(1 / noise.shape[1]),
        "weights_after_relu": lambda noise: noise * np.sqrt(2 / noise.shape[1]),
    },
    inputs=noise_inputs,
    observe=observe_init,
    mistakes=[
        Mistake(
            "Your first weights have the standard deviation 1/I.",
            "1/I is the variance. The standard deviation is its root.",
            scaled(lambda i, o: 1 / i),
        ),
        Mistake(
            "Your first weights have the standard deviation 1/√O, with the number of outputs.",
            "1/√O keeps the gradients as large as they were. But y[o] is a sum over the inputs, "
            "and their number is noise.shape[1].",
            scaled(lambda i, o: o**-0.5),
        ),
        Mistake(
            "Your first weights have the standard deviation √(2 / (I + O)).",
            "That is the compromise of Glorot and Bengio between the values and the gradients. "
            "Here only the values have to stay: I w² = 1.",
            scaled(lambda i, o: (2 / (i + o)) ** 0.5),
        ),
        Mistake(
            "Your first weights have the standard deviation 1/√(I O).",
            "y[o] is a sum over I terms. The other outputs do not change it.",
            scaled(lambda i, o: (i * o) ** -0.5),
        ),
        Mistake(
            "Your first weights are √I times the noise.",
            "A sum of I terms is too large, so the weights have to be smaller: divide.",
            scaled(lambda i, o: i**0.5),
        ),
        Mistake(
            "Your first weights are the noise itself.",
            "Then I w² is I, and each layer makes the signal √I times larger.",
            scaled(lambda i, o: 1.0),
        ),
        Mistake(
            "Your first weights have the standard deviation 0.02.",
            "The DCGAN paper uses it for all layers. That works because batch norm follows. Here "
            "the number depends on I.",
            scaled(lambda i, o: 0.02),
        ),
        Mistake(
            "Your first result is the standard deviation alone.",
            "The weights are drawn: the noise times this number.",
            {"weights": lambda noise: noise.shape[1] ** -0.5},
        ),
        Mistake(
            "Your second weights are like the first ones.",
            "relu sets half of the inputs to 0. So the mean of x² is only half the mean of a².",
            scaled_after_relu(lambda i, o: i**-0.5),
        ),
        Mistake(
            "Your second weights have the standard deviation 2/√I.",
            "The 2 belongs to the variance: I w² = 2.",
            scaled_after_relu(lambda i, o: 2 * i**-0.5),
        ),
        Mistake(
            "Your second weights have the standard deviation 1/√(2 I).",
            "relu makes the signal smaller. So the weights have to be larger, not smaller.",
            scaled_after_relu(lambda i, o: (2 * i) ** -0.5),
        ),
        Mistake(
            "Your second weights have the standard deviation √(2/O), with the number of outputs.",
            "y[o] is a sum over the inputs. That number is noise.shape[1].",
            scaled_after_relu(lambda i, o: (2 / o) ** 0.5),
        ),
    ],
    guess=0.05,
    why_guess="w² is 1/400, and w is its root.",
    shown="Shown: both results are right for {shapes} shapes.",
    fact="PyTorch's default for a Linear layer, and minigan's, is a uniform draw from ±1/√I. Its "
    "variance is 1/(3 I): a third of what would keep the signal.",
    hints=(
        "What must I · w² be in the first case, and what in the second?",
        "I w² = 1, and I w² = 2. I is noise.shape[1].",
        "noise / noise.shape[1] ** 0.5",
    ),
    where=("minigan.nn.init.default_",),
    page="docs/theory.md#an-ε-of-08",
)


EXERCISES = [NORMALIZE, NORM_RULE, ADAM, INIT]
