"""A GAN on a die. The game has about 40 lines, and no number in it is an estimate.

    python examples/dice_gan.py                  # train, and print every number on the way
    python examples/dice_gan.py --proposition_2  # D at its optimum: p_g converges to p_data
    python examples/dice_gan.py --missing_face   # a face that G hardly ever rolls, two losses
    python examples/dice_gan.py --histogram      # a picture of rolls beside the probabilities

Source: Goodfellow et al. 2014, "Generative Adversarial Nets", sections 3 and 4. The data are the
rolls of a loaded die. There are only six outcomes, so an expectation is a sum over six faces. No
batch is drawn, and no number is an estimate. docs/dice.md walks through the numbers.
"""

import numpy as np
from theory_tools import new_figure, save_figure, theory_flags

import minigan
from minigan import Tensor, grad
from minigan.nn.functional import softmax
from minigan.runs import console

P_DATA = np.array([0.05, 0.10, 0.15, 0.20, 0.20, 0.30])  # the loaded die


def value(p_g, D):
    """V(D, G) = E[log D(x)] + E[log(1 - D(G(z)))], equation 1: D ascends it, and G descends it"""
    return (P_DATA * D.log()).sum() + (p_g * (1 - D).log()).sum()


def non_saturating_loss(p_g, D):
    """-E[log D(G(z))]: what section 3 advises G to descend instead"""
    return -(p_g * D.log()).sum()


class DiceGAN:
    """Two players with six numbers each.

    g: the generator rolls a die with the probabilities p_g = softmax(g). At first it is fair.
    d: D = sigmoid(d) is, for each face, the probability that a roll of this face comes from the
    data. At first it is one half.
    """

    def __init__(self, lr, generator_loss=value):
        self.g = Tensor(np.zeros(6), requires_grad=True)
        self.d = Tensor(np.zeros(6), requires_grad=True)
        self.lr, self.generator_loss = lr, generator_loss

    def generator(self):
        return softmax(self.g, dim=0)

    def discriminator(self):
        return self.d.sigmoid()

    def discriminator_step(self):
        """Ascend V once. G is held fixed."""
        p_g = self.generator().detach()
        D = self.discriminator()
        V = value(p_g, D)
        self.d.grad = None
        V.backward()
        self.d.data = self.d.data + self.lr * self.d.grad.data

    def generator_step(self):
        """Descend the generator's loss once. D is held fixed."""
        p_g = self.generator()
        D = self.discriminator().detach()
        loss = self.generator_loss(p_g, D)
        self.g.grad = None
        loss.backward()
        self.g.data = self.g.data - self.lr * self.g.grad.data


# --- what the paper says of these numbers --------------------------------------------------------


def best_discriminator(p_g):
    """D* = p_data / (p_data + p_g), Proposition 1: no other D gives a larger V"""
    return P_DATA / (P_DATA + p_g)


def kl(p, q):
    return (p * np.log(p / q)).sum()


def jsd(p, q):
    """The Jensen-Shannon divergence: 0 if p = q, and at most log 2"""
    m = (p + q) / 2
    return (kl(p, m) + kl(q, m)) / 2


def largest_value(p_g):
    """C(G) = -log 4 + 2 JSD(p_data, p_g), Theorem 1: the value of V at D*"""
    return -np.log(4) + 2 * jsd(P_DATA, p_g)


def gradients_by_hand(p_g, D):
    """∂V/∂d and ∂V/∂g by calculus: docs/dice.md derives them in four lines each"""
    log_q = np.log(1 - D)
    return (P_DATA + p_g) * (best_discriminator(p_g) - D), p_g * (log_q - (p_g * log_q).sum())


# --- what is printed and drawn -------------------------------------------------------------------


def print_row(name, numbers):
    numbers = np.round(numbers, 4) + 0.0  # -0.0 becomes 0.0
    print(f"{name:26}" + "".join(f"{x:9.4f}" for x in numbers))


def print_state(gan, step):
    """Every number of the game, and each gradient twice: by backward() and by hand."""
    p_g, D = gan.generator(), gan.discriminator()
    V = value(p_g, D)
    by_backward = [gradient.numpy() for gradient in grad(V, [gan.d, gan.g])]
    p_g, D = p_g.numpy(), D.numpy()
    by_hand = gradients_by_hand(p_g, D)

    print(f"\nstep {step:<21}" + "".join(f"   face {face}" for face in range(1, 7)))
    print_row("p_data", P_DATA)
    print_row("p_g", p_g)
    print_row("D", D)
    print_row("D* = p_data/(p_data + p_g)", best_discriminator(p_g))
    for name, gradient, expected in zip("dg", by_backward, by_hand, strict=True):
        print_row(f"∂V/∂{name}, by backward()", gradient)
        print_row(f"∂V/∂{name}, by hand", expected)
    print(f"V(D, G) = {V.item():.6f}   C(G) = -log 4 + 2 JSD = {largest_value(p_g):.6f}")


def train(lr, n_steps, print_interval):
    """Let the players take turns, and print the state before the first turn and between turns."""
    gan = DiceGAN(lr)
    for step in range(n_steps + 1):
        try:
            with np.errstate(divide="raise", invalid="raise"):
                if step % print_interval == 0:
                    print_state(gan, step)
                if step < n_steps:
                    gan.discriminator_step()
                    gan.generator_step()
        except FloatingPointError as error:
            raise SystemExit(
                f"error: in step {step} a probability has become exactly 0 or 1, and a logarithm "
                f"is infinite: choose an --lr smaller than {lr}"
            ) from error
    return gan


def proposition_2(lr=0.1, n_steps=50):
    """D at its optimum at every step, and gradient descent on p_g itself, from a fair die.

    C(G) is a convex function of p_g, so small enough steps lead to its smallest value. The mean of
    the gradient is subtracted, so that the sum of p_g stays 1. Returns the rows of the table:
    (step, JSD, the largest |D* - 1/2|, p_g).
    """
    p_g, rows = Tensor(np.full(6, 1 / 6), requires_grad=True), []
    for step in range(n_steps + 1):
        D = best_discriminator(p_g.data)
        rows.append((step, jsd(P_DATA, p_g.data), abs(D - 0.5).max(), p_g.data))
        (gradient,) = grad(value(p_g, Tensor(D)), p_g)  # log(1 - D)
        p_g.data = p_g.data - lr * (gradient.data - gradient.data.mean())
    return rows


def missing_face(loss, share, lr=2.0):
    """G's gradient on face 6 when p_g(6) is `share` and D is at its optimum, and the recovery.

    The other faces have the right proportions. Returns D(6), ∂loss/∂g(6), and the number of steps
    of G, each at the best D, until p_g(6) is at least half of p_data(6).
    """
    gan = DiceGAN(lr, loss)
    p_g = np.append(P_DATA[:5] / P_DATA[:5].sum() * (1 - share), share)
    gan.g.data = np.log(p_g)
    steps = 0
    while p_g[5] < P_DATA[5] / 2:
        gan.d.data = np.log(P_DATA / p_g)  # sigmoid(log(p_data / p_g)) = D*
        gan.generator_step()
        if steps == 0:
            first = gan.discriminator().numpy()[5], gan.g.grad.numpy()[5]
        p_g = gan.generator().numpy()
        steps += 1
    return *first, steps


def roll(p, n):
    """n rolls of a die with probabilities p: a generator that turns noise z ~ U(0, 1) into faces"""
    z = minigan.backend.rng().random(n)
    return np.searchsorted(np.cumsum(p)[:-1], z, side="right") + 1


def draw_histogram(gan, n, path):
    figure, axes = new_figure(1, 2, (9, 3.5))
    faces = np.arange(1, 7)
    dice = {"the loaded die": P_DATA, "the generator": gan.generator().numpy()}
    for panel, (name, p) in zip(axes[0], dice.items(), strict=True):
        counts = np.bincount(roll(p, n), minlength=7)[1:]
        panel.bar(faces - 0.2, counts / n, 0.4, label=f"{n:,} rolls")
        panel.bar(faces + 0.2, p, 0.4, label="probability")
        panel.set(title=name, xlabel="face", ylim=(0, 0.38))
        panel.legend(loc="upper left")
    save_figure(figure, path)


def main(argv=None):
    args = theory_flags(
        __doc__,
        argv,
        n_steps=100,
        lr=2.0,
        print_interval=25,
        proposition_2=False,
        missing_face=False,
        histogram=False,
        n_rolls=1000,
    )
    if args.proposition_2:
        print("step       JSD  |D - 1/2|  p_g")
        for step, divergence, distance, p_g in proposition_2()[::10]:
            numbers = "".join(f"{x:8.4f}" for x in p_g)
            print(f"{step:4}  {divergence:.2e}   {distance:.2e} {numbers}")
    elif args.missing_face:
        print("                    minimax loss    non-saturating loss")
        print(" p_g(6)    D(6)  gradient    steps       gradient    steps")
        for share in (1e-1, 1e-2, 1e-3, 1e-4):
            D, *minimax = missing_face(value, share)
            _, *other = missing_face(non_saturating_loss, share)
            columns = "      ".join("{:9.1e} {:8,}".format(*pair) for pair in (minimax, other))
            print(f"{share:7.0e} {D:.4f} {columns}")
    else:
        gan = train(args.lr, args.n_steps, args.print_interval)
        if args.histogram:
            draw_histogram(gan, args.n_rolls, args.out / "histogram.png")


if __name__ == "__main__":
    console.run(main)
