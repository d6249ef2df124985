"""Write mask_values.json: PyTorch's results for mask_cases.py.

    PYTHONPATH=tests python tests/ops/write_mask_values.py

{name: [the gradient of the sum, the gradient of that gradient times a direction]}. The second is
null where PyTorch finds no graph.
"""

import json
from pathlib import Path
from types import SimpleNamespace

from ops.mask_cases import DIRECTION, cases


def main():
    import torch

    def number(x):
        return torch.tensor(x, dtype=torch.float64)

    library = SimpleNamespace(
        number=number,
        relu=torch.relu,
        maximum=torch.maximum,
        minimum=torch.minimum,
        where=torch.where,
        clip=torch.clamp,
        leaky_relu=torch.nn.functional.leaky_relu,
        stack=torch.stack,
        concatenate=torch.cat,
    )
    lines = []
    for name, f, numbers in cases():
        x = number(numbers).requires_grad_()
        (g,) = torch.autograd.grad(f(library, x).sum(), x, create_graph=True)
        h = None
        if g.requires_grad:
            (h,) = torch.autograd.grad((g * number(DIRECTION)).sum(), x, allow_unused=True)
        second = None if h is None else (h + torch.zeros_like(x)).tolist()
        lines.append(f"{json.dumps(name)}: {json.dumps([g.tolist(), second])}")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name("mask_values.json").write_text(text)


if __name__ == "__main__":
    main()
