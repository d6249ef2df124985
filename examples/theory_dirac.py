"""The smallest GAN with two players: where do the steps of G and D lead?

    python examples/theory_dirac.py

The Dirac-GAN of Mescheder et al. 2018 ("Which Training Methods for GANs do actually Converge?").
The data are the single number 0. G has one number θ, and makes the single sample θ. D has one
number ψ, and D(x) = sigmoid(ψx). So V(θ, ψ) = log D(0) + log(1 - D(θ)), and the solution is
θ = ψ = 0. Near it, the Jacobian of the two players' steps has the eigenvalues ±i/2: they circle.
The penalty R1, which is γ/2 times the squared slope of D's logit at the data, adds a negative real
part. The program measures the Jacobians with minigan and compares them with the formulas.
"""

import numpy as np
from theory_tools import new_figure, save_figure, theory_flags

import minigan
from minigan.runs import console

START, STEP = (1.0, 0.0), 0.2


def steps_of(theta, psi, gamma=0.0):
    """The directions of both players at (θ, ψ): G descends V, D ascends V - γ/2 ψ². (2,)"""
    t, p = (minigan.tensor(value, "float64", requires_grad=True) for value in (theta, psi))
    V = (1 - (p * t).sigmoid()).log()  # and log D(0) = -log 2, which does not change
    g_t, g_p = minigan.grad(V, [t, p])
    return np.array([-g_t.item(), g_p.item() - gamma * psi])


def jacobian(gamma, h=1e-5):
    """The derivatives of `steps_of` in θ and ψ at the solution (0, 0), by central differences"""
    ends = [(steps_of(*d, gamma) - steps_of(*-d, gamma)) / (2 * h) for d in np.eye(2) * h]
    return np.transpose(ends)


def formula(gamma):
    """The roots of λ² + γλ + 1/4 = 0"""
    root = np.emath.sqrt(gamma**2 - 1)
    return np.array([-gamma - root, -gamma + root]) / 2


def play(n, gamma=0.0, *, in_turn=False):
    """The path of n steps of both players from START: (n + 1, 2)"""
    path = [np.array(START)]
    for _ in range(n):
        theta, psi = path[-1]
        psi_new = psi + STEP * steps_of(theta, psi, gamma)[1]
        theta_new = theta + STEP * steps_of(theta, psi_new if in_turn else psi, gamma)[0]
        path.append(np.array([theta_new, psi_new]))
    return np.array(path)


def main(argv=None):
    args = theory_flags(__doc__, argv, steps=200)
    print("    γ   eigenvalues, measured and by the formula      |1 + 0.2 λ|")
    for gamma in (0.0, 0.3, 0.6, 1.0, 1.5):
        measured = np.sort_complex(np.linalg.eigvals(jacobian(gamma)))
        expected = np.sort_complex(formula(gamma).astype(complex))
        factor = abs(1 + STEP * expected).max()
        print(f"  {gamma:.1f}   {measured.round(3)}   {expected.round(3)}   {factor:.3f}")
        # At γ = 1 the two eigenvalues are equal, so a rounding error changes them by its root.
        assert np.allclose(measured, expected, atol=1e-4)
        assert (factor < 1) == (gamma > 0)

    paths = {
        "both at once: outward": play(args.steps),
        "in turn: around the solution": play(args.steps, in_turn=True),
        "at once, with R1, γ = 0.3: to the solution": play(args.steps, 0.3),
    }
    radii = {title: np.linalg.norm(path, axis=1) for title, path in paths.items()}
    for title, radius in radii.items():
        print(
            f"{title}: the distance from the solution is 1 at first, at the end {radius[-1]:.4f}, "
            f"and in between from {radius.min():.4f} to {radius.max():.4f}"
        )
    at_once, in_turn, penalty = radii.values()
    assert (np.diff(at_once) > 0).all()
    assert in_turn.min() > 0.9 and in_turn.max() < 1.1
    assert penalty[-1] < 0.1

    figure, (axes,) = new_figure(1, 4, (13.5, 3.6))
    for panel, (title, path) in zip(axes[:3], paths.items(), strict=True):
        panel.plot(*path.T, ".-", color="crimson", markersize=3, linewidth=0.7)
        panel.plot(*path[0], "o", color="black", label="start")
        panel.plot(0, 0, "*", color="gold", markersize=12, label="solution", zorder=5)
        reach = 1.15 * abs(path).max()
        panel.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        panel.set(xlabel="θ, of G", ylabel="ψ, of D")
        panel.set_title(title, fontsize=9)
        panel.legend(fontsize=7, loc="lower left")
    gammas = np.linspace(0, 1.25, 251)
    roots = np.array([formula(gamma).astype(complex) for gamma in gammas])
    for i in range(2):
        axes[3].plot(roots[:, i].real, roots[:, i].imag, color="C0", linewidth=1)
    for gamma, marker in ((0.0, "o"), (0.3, "s"), (1.0, "^")):
        found = formula(gamma).astype(complex)
        axes[3].plot(found.real, found.imag, marker, color="C1", label=f"γ = {gamma}")
    axes[3].axvline(0, color="grey", linewidth=0.7)
    axes[3].set(xlim=(-1.1, 0.3), ylim=(-0.7, 0.7), xlabel="real part", ylabel="imaginary part")
    axes[3].set_title("the eigenvalues, γ from 0 to 1.25", fontsize=9)
    axes[3].legend(fontsize=7)
    save_figure(figure, args.out / "dirac.png", dpi=72)


if __name__ == "__main__":
    console.run(main)
