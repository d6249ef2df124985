"""The lines in which gan.py and wgan.py differ, and those that may differ."""

import ast
import difflib

# wgan.py has these words in place of gan.py's.
NAMES = {
    "class WGAN": "class GAN",
    "critic": "discriminator",
    "c_optimizer": "d_optimizer",
    "c_loss": "d_loss",
    "real_scores": "p_real",
    "fake_scores": "p_fake",
}
# The lines of the class that only gan.py (-) or only wgan.py (+) has.
MATHEMATICS = """\
- loss = losses.discriminator_loss(p_real, p_fake, self.real_label)
+ loss = losses.wasserstein_discriminator_loss(p_real, p_fake)
- report = {"d_loss": loss, "D(x)": p_real.mean(), "D(G(z))": p_fake.mean()}
+ report = {"d_loss": loss}
+ c = float(self.clip_value)
+ for w in self.discriminator.parameters():
+ w.data = w.data.clip(-c, c)
- return report
+ return report | {"wasserstein": -report["d_loss"]}
- loss = self.generator_loss(p_fake)
+ loss = losses.wasserstein_generator_loss(p_fake)
- if self.steps % self.k == 0:
+ if generator_is_due(self.steps, self.n_discriminator, self.warm_up):
"""
SETTINGS = """\
- k=1,
- real_label=1.0,
- generator_loss=losses.non_saturating_generator_loss,
+ clip_value=0.01,
+ n_discriminator=5,
+ warm_up=0,
- real_label = checked_label(real_label)
- check_count("k, the discriminator steps to a generator step,", k, 1)
- check_function("generator_loss, such as losses.minimax_generator_loss,", generator_loss)
+ check_discriminator(discriminator, n_discriminator, warm_up)
+ clip_value = number("clip_value must be a number", clip_value)
+ if not clip_value > 0:
+ raise ValueError(
+ f"clip_value, the bound of the discriminator's weights, is {clip_value}, not > 0"
+ )
- self.k = k
- self.real_label = real_label
- self.generator_loss = generator_loss
+ self.clip_value = clip_value
+ self.n_discriminator = n_discriminator
+ self.warm_up = warm_up
"""
EXPLAINED = (MATHEMATICS + SETTINGS).splitlines()


def lines_of_the_class(path):
    """The lines of a trainer's class, without docstrings, comments and indentation."""
    source = path.read_text()
    (trainer,) = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    docstrings = set()
    for node in ast.walk(trainer):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node):
            docstrings.update(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    lines = enumerate(source.splitlines(), start=1)
    own = [line for n, line in lines if trainer.lineno <= n and n not in docstrings]
    own = [line.partition("  # ")[0].strip() for line in own]
    return [line for line in own if line and not line.startswith("#")]


def difference(root):
    """The lines that only one of the two classes has, with - for gan.py and + for wgan.py."""
    folder = root / "minigan" / "trainers"
    gan, wgan = (lines_of_the_class(folder / name) for name in ("gan.py", "wgan.py"))
    for word, gans_word in NAMES.items():
        wgan = [line.replace(word, gans_word) for line in wgan]
    return [line for line in difflib.ndiff(gan, wgan) if line[0] in "-+"]


def unexplained(root):
    return [line for line in difference(root) if line not in EXPLAINED]
