"""gan.py and wgan.py differ only in mathematics, settings and the names of the players."""

import ast
import difflib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = {
    "WGAN": "GAN",
    "critic": "discriminator",
    "critic_step": "discriminator_step",
    "c_optimizer": "d_optimizer",
    "c_loss": "d_loss",
    "real_scores": "p_real",
    "fake_scores": "p_fake",
}
MATHEMATICS = """
loss = losses.discriminator_loss(p_real, p_fake, self.real_label)
report = {'d_loss': loss, 'D(x)': p_real.mean(), 'D(G(z))': p_fake.mean()}
return report
loss = self.generator_loss(p_fake)
if self.steps % self.k == 0:

check_minibatch(real)
check_scores(p_real)
loss = losses.wasserstein_critic_loss(p_real, p_fake)
for w in self.discriminator.parameters():
c = float(self.clip_value)
w.data = w.data.clip(-c, c)
report = {'d_loss': loss}
return report | {'wasserstein': -report['d_loss']}
loss = losses.wasserstein_generator_loss(p_fake)
if generator_is_due(self.steps, self.n_critic, self.warm_up):
"""
SETTINGS = """
k=1
real_label=1.0
real_label = checked_label(real_label)
generator_loss=losses.non_saturating_generator_loss):
check_count('k, the discriminator steps to a generator step,', k, 1)
check_function('generator_loss, such as losses.minimax_generator_loss,', generator_loss)
self.k, self.real_label, self.generator_loss = (k, real_label, generator_loss)

clip_value=0.01
n_critic=5
warm_up=0):
check_critic(discriminator, n_critic, warm_up)
clip_value = number('clip_value must be a number', clip_value)
if not clip_value > 0:
raise ValueError(f"clip_value, the bound of the discriminator's weights, is {clip_value}, not > 0")
self.clip_value, self.n_critic, self.warm_up = (clip_value, n_critic, warm_up)
"""
IMPORTS = """
from minigan.guards.data import number
from minigan.guards.steps import check_count
from minigan.guards.steps import checked_label
from minigan.guards.steps import check_critic
from minigan.guards.steps import check_minibatch
from minigan.guards.steps import check_scores
from minigan.trainers.warm_up import generator_is_due
"""
ALLOWED = {line for text in (MATHEMATICS, SETTINGS, IMPORTS) for line in text.splitlines()} - {""}


def code(path):
    """A trainer's lines of code without comments and docstrings. It uses the names of a GAN.

    Each imported name has its own line, and so has each argument of a function.
    """
    tree, lines = ast.parse(path.read_text()), []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(
            node
        ):
            del node.body[0]
    text = re.sub(r"\w+", lambda word: NAMES.get(word[0], word[0]), ast.unparse(tree))
    text = re.sub(r"^( *)\((self\..*)\) = ", r"\1\2 = ", text, flags=re.MULTILINE)  # Python 3.10
    for line in filter(str.strip, text.splitlines()):
        start, is_import, names = line.partition(" import ")
        if is_import:
            lines += [f"{start} import {name}" for name in names.split(", ")]
        else:
            lines += line.split(", ") if line.startswith("    def ") else [line]
    return [line.strip() for line in lines]


def difference(root):
    """The lines that only one of the two files has."""
    folder = root / "minigan" / "trainers"
    lines = difflib.ndiff(code(folder / "gan.py"), code(folder / "wgan.py"))
    return [line[2:] for line in lines if line[:2] in ("- ", "+ ")]


def unexplained(root):
    return [line for line in difference(root) if line not in ALLOWED]


def test_the_trainers_differ_in_mathematics_settings_and_names_alone():
    assert unexplained(ROOT) == []


def test_every_line_that_may_differ_does():
    assert set(difference(ROOT)) == ALLOWED
