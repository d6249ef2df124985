"""How much gradient reaches the generator if the discriminator is sure?

    python examples/theory_saturation.py

Goodfellow et al. 2014, section 3. Early in training, D recognises the fakes easily and D(G(z)) is
near 0. There G's loss of Algorithm 1, log(1 - D(G(z))), is flat, and the other loss, -log D(G(z)),
is steep. With D = sigmoid(s), their slopes in s are -D(G(z)) and -(1 - D(G(z))). The script lowers
s in steps and measures the gradient in G's weights.
"""

import numpy as np
from theory_tools import new_figure, save_figure, theory_flags

import minigan
from minigan import losses, nn
from minigan.nn import frozen
from minigan.runs import console


def gradient_norm(G, D, loss, z):
    """‖∂loss/∂θ‖ over all of G's parameters θ"""
    G.zero_grad()
    with frozen(D):
        loss(D(G(z))).backward()
    return np.sqrt(sum((p.grad.data**2).sum() for p in G.parameters()))


def main(argv=None):
    args = theory_flags(__doc__, argv, samples=1)
    z = minigan.randn(args.samples, 8, dtype=np.float64)
    G = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4)).double()
    scores = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1)).double()
    D = nn.Sequential(scores, nn.Sigmoid())

    bias = scores[2].bias
    answers, minimax, non_saturating = [], [], []
    for shift in np.linspace(4, -20, 49):
        bias.data = np.array([shift])
        with minigan.no_grad():
            answers.append(D(G(z)).mean().item())
        minimax.append(gradient_norm(G, D, losses.minimax_generator_loss, z))
        non_saturating.append(gradient_norm(G, D, losses.non_saturating_generator_loss, z))
    answers, minimax, non_saturating = map(np.array, (answers, minimax, non_saturating))

    print("  D(G(z))     log(1 - D)    -log D     gradient that reaches G")
    for i in range(0, len(answers), 8):
        print(f"{answers[i]:9.2e}   {minimax[i]:9.2e}   {non_saturating[i]:9.2e}")
    if args.samples == 1:  # for one sample the two gradients are parallel, as the slopes say
        assert np.allclose(minimax / non_saturating, answers / (1 - answers), rtol=1e-6)
    assert minimax[-1] < 1e-7 * minimax.max()
    assert non_saturating[-1] > 0.99 * non_saturating.max()

    figure, axes = new_figure(1, 1, (6, 4))
    axes = axes[0, 0]
    axes.loglog(answers, minimax, label="log(1 - D(G(z))): saturates")
    axes.loglog(answers, non_saturating, label="-log D(G(z)): does not")
    axes.invert_xaxis()
    axes.set(xlabel="D(G(z)): right, D is sure of the fakes", ylabel="gradient norm in G's weights")
    axes.grid(alpha=0.3)
    axes.legend()
    save_figure(figure, args.out / "saturation.png")


if __name__ == "__main__":
    console.run(main)
