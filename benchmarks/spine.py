"""Measure how short the code behind loss.backward() is, to read and to step through.

    python benchmarks/spine.py [FOLDER]

FOLDER is the root of a checkout, by default this one. The table has the measures of the spine:
lines of code (run `ruff format` first), pdb's stops in a discriminator step of mnist_gan,
docstrings, and the lines in which two trainers differ without a reason.

The numbers are a report. tests/benchmarks/test_spine.py fails only if one of them has grown by a
quarter. A clear line is worth more than a small number.
"""

import ast
import io
import statistics
import sys
import tokenize
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
SPINE = ("backend", "tensor", "op", "autograd")
BESIDE = ("switches", "guards/data", "guards/graph")
NOT_CODE = {"COMMENT", "NL", "NEWLINE", "INDENT", "DEDENT", "ENDMARKER"}
BLOCKS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def lines_of_code(path):
    """The number of lines that hold a token of code: no docstring, comment or blank line."""
    source, lines = path.read_text(), set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if tokenize.tok_name[token.type] not in NOT_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, BLOCKS) and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def sizes(root):
    """Lines of code: of the spine, of the spine with ops/, and of the files beside them.

    Those are the files in BESIDE, and every file of minigan that defines an operation or that
    backward enters in a step of mnist_gan or mnist_wgan_gp. Returns the three numbers, and the
    files beside.
    """
    package = root / "minigan"
    spine = [package / f"{name}.py" for name in SPINE]
    ops = sorted((package / "ops").glob("*.py"))
    beside = {package / f"{name}.py" for name in BESIDE} | files_of_operations()
    for step in (discriminator_step, critic_step):
        beside |= {Path(frame.f_code.co_filename) for _, frame in events_of_backward(step)}
    beside = {path for path in beside if path.exists() and package in path.parents}
    beside = sorted(beside - {*spine, *ops})
    return [sum(map(lines_of_code, paths)) for paths in (spine, spine + ops, beside)], beside


def files_of_operations():
    """The files of minigan that define a subclass of Op. Answers to exercises do not count."""
    from minigan import Op

    found, ahead = set(), [Op]
    while ahead:
        ahead += (kind := ahead.pop()).__subclasses__()
        if kind.__module__.startswith("minigan.") and "exercises" not in kind.__module__:
            found.add(Path(sys.modules[kind.__module__].__file__))
    return found


def discriminator_step():
    """A step of mnist_gan's discriminator, with noise for images."""
    import mnist_gan

    from minigan import optim, randn, trainers

    G, D = mnist_gan.build_generator(100), mnist_gan.build_discriminator()
    gan = trainers.GAN(G, D, optim.Adam(G.parameters()), optim.Adam(D.parameters()))
    gan.discriminator_step(randn(64, 784), randn(64, 100))


def critic_step():
    """A step of mnist_wgan_gp's critic, with noise for images."""
    import mnist_gan
    import mnist_wgan

    from minigan import optim, rand, randn, trainers

    G, f = mnist_gan.build_generator(100), mnist_wgan.build_critic()
    gan = trainers.WGANGP(G, f, optim.Adam(G.parameters()), optim.Adam(f.parameters()))
    gan.critic_step(randn(64, 784), randn(64, 100), rand(64))


def events_of_backward(step):
    """The stops of pdb's `step` inside loss.backward(), as ("call", "line" or "return", frame)."""
    from minigan import Tensor

    events, backward = [], Tensor.backward

    def trace(frame, event, arg):
        events.append((event, frame))
        return trace

    def traced(*args, **settings):
        sys.settrace(trace)
        try:
            backward(*args, **settings)
        finally:
            sys.settrace(None)

    Tensor.backward = traced
    try:
        step()
    finally:
        Tensor.backward = backward
    return events


def stops():
    """Stops until the first rule; and from one rule to the next, stops and frames (medians)."""
    events = events_of_backward(discriminator_step)
    rules = [i for i, event in enumerate(events) if is_call_of_a_rule(*event)]
    pairs = list(pairwise(rules))
    between = statistics.median(b - a for a, b in pairs)
    frames = statistics.median(
        sum(event == "call" for event, _ in events[a + 1 : b + 1]) for a, b in pairs
    )
    return rules[0] + 1, between, frames  # the stop at the rule's call counts


def is_call_of_a_rule(event, frame):
    from minigan import Op

    name = frame.f_code.co_name
    return event == "call" and name == "backward" and isinstance(frame.f_locals.get("self"), Op)


def without_docstring(root):
    """The methods of Tensor that have no docstring and no leading underscore.

    A property's setter shares the docstring of the getter.
    """
    tree = ast.parse((root / "minigan" / "tensor.py").read_text())
    (tensor,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Tensor")
    methods = [n for n in ast.walk(tensor) if isinstance(n, ast.FunctionDef)]
    documented = {n.name for n in methods if ast.get_docstring(n) is not None}
    public = [n.name for n in methods if not n.name.startswith("_")]
    return [name for name in public if name not in documented]


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT).resolve()
    sys.path[:0] = [str(root), str(root / "examples"), str(ROOT / "tests")]
    from trainer_diff import unexplained

    (spine, with_ops, beside), files = sizes(root)
    first, between, frames = stops()
    names = ", ".join(str(path.relative_to(root / "minigan")) for path in files)
    print("| measure | now |\n|---|---|")
    print(f"| lines of code of {', '.join(SPINE)} | {spine} |")
    print(f"| the same with ops/ | {with_ops} |")
    print(f"| lines of code of {names} | {beside} |")
    print(f"| pdb's stops until the first rule | {first} |")
    print(f"| pdb's stops from rule to rule (median) | {between:g} |")
    print(f"| frames entered from rule to rule (median) | {frames:g} |")
    print(f"| public methods of Tensor without a docstring | {len(without_docstring(root))} |")
    print(f"| unexplained differences between gan.py and wgan.py | {len(unexplained(root))} |")


if __name__ == "__main__":
    main()
