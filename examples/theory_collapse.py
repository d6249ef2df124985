"""Min-max and max-min: what G learns if D, or if G itself, is at its best in every round.

    python examples/theory_collapse.py

The players of dice_gan.py, with exact sums. In each round one player takes one step, and the other
player is set to its best answer.

    D is at its best, G takes a step:  min_G max_D V. p_g goes to p_data.
    G is at its best, D takes a step:  max_D min_G V. G's best answer to a fixed D is to roll only
                                       the face with the largest D. So G collapses to one face, D
                                       learns to refuse it, and G goes to another face.

Goodfellow 2016, "NIPS 2016 Tutorial: Generative Adversarial Networks", section 5.1.1.
"""

import numpy as np
from dice_gan import P_DATA, DiceGAN, best_discriminator
from theory_tools import new_figure, save_figure, theory_flags

from minigan.runs import console

LR = 1.0
ONE_FACE = 40.0  # softmax of 40 and five zeros: 1 - 2·10⁻¹⁷ for one face


def min_max(rounds):
    """p_g after each round, if D is at its best: (rounds, 6)"""
    game, found = DiceGAN(LR), []
    for _ in range(rounds):
        D = best_discriminator(game.generator().numpy())
        game.d.data = np.log(D / (1 - D))
        game.generator_step()
        found.append(game.generator().numpy())
    return np.array(found)


def max_min(rounds):
    """p_g in each round, if G is at its best, and D's answers: (rounds, 6) twice"""
    game, found, answers = DiceGAN(LR), [], []
    for _ in range(rounds):
        game.g.data = ONE_FACE * (np.arange(6) == game.d.data.argmax())
        found.append(game.generator().numpy())
        game.discriminator_step()
        answers.append(game.discriminator().numpy())
    return np.array(found), np.array(answers)


def main(argv=None):
    args = theory_flags(__doc__, argv, rounds=100)
    spread_out = min_max(args.rounds)
    collapsed, answers = max_min(args.rounds)
    faces = collapsed.argmax(axis=1) + 1
    print(f"min-max: p_g at the end is {spread_out[-1].round(3)}")
    print(f"max-min: one face has {collapsed.max(axis=1).min():.6f} or more in every round")
    print(f"         its face in the last 20 rounds: {faces[-20:].tolist()}")
    print(f"         its mean over the second half: {collapsed[args.rounds // 2 :].mean(axis=0)}")
    print(f"         D at the end is {answers[-1].round(3)}")

    figure, (axes,) = new_figure(1, 2, (8, 3))
    rounds = np.arange(1, args.rounds + 1)
    for face in range(6):
        axes[0].plot(rounds, spread_out[:, face], label=f"face {face + 1}")
        axes[0].axhline(P_DATA[face], color="black", linestyle=":", linewidth=0.7)
    axes[0].legend(fontsize=7, loc="upper right")
    axes[0].set(title="min-max: D is at its best", xlabel="round", ylabel="p_g", ylim=(0, 0.4))
    axes[1].plot(rounds, faces, ".", color="crimson")
    axes[1].set(title="max-min: G is at its best", xlabel="round", ylabel="the face that G rolls")
    save_figure(figure, args.out / "collapse.png", dpi=72)
    assert abs(spread_out[-1] - P_DATA).max() < 0.02
    assert collapsed.max(axis=1).min() > 0.999 and len(set(faces.tolist())) > 2


if __name__ == "__main__":
    console.run(main)
