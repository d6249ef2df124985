"""Every row of docs/from_pytorch.md is true.

Lines that the page calls accepted run. Each other line raises an error that says what to write.
"""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import minigan
from minigan import nn, randn
from minigan.nn import functional

PAGE = (Path(__file__).parents[2] / "docs" / "from_pytorch.md").read_text()
ROWS = re.findall(r"^\| `(.*)` \| (.*) \|$", PAGE, re.MULTILINE)
ACCEPTED = [typed for typed, answer in ROWS if answer.startswith("accepted")]
NUMPY_ERROR = [typed for typed, answer in ROWS if answer.startswith("NumPy's error")]
REFUSED = [typed for typed, answer in ROWS if typed not in ACCEPTED + NUMPY_ERROR]

# What a line is refused with: words of the error. For `a, b, ...`, the words of each.
WORDS = {
    "grad(loss, w, only_inputs=False)": "leave it out",
    "w.grad.zero_()": "p.grad = None",
    "with minigan.inference_mode(): net(x)": "no_grad()",
    "w.grad_fn": "x.op",
    "x.is_leaf": "x.op is None",
    "x.register_hook(print)": "grad(loss, x)",
    "x.cuda()": "backend.use('cupy')",
    "w.double()": ".double()",
    "x.half()": "leave it out",
    "x.long()": "astype('int64')",
    "x.sum(dim=1)": "axis",
    "x.mean(1, keepdim=True)": "keepdims",
    "x.norm(2, dim=1)": "axis",
    "x.var(dim=1)": "axis",
    "x.std()": "correction=1",
    "x.max(dim=1)": "axis",
    "_, i = x.max(1)": "max(axis=...)",
    "x.transpose(0, 1)": "x.transpose(1, 0)",
    "x.argmax(1)": "x.numpy()",
    "x.softmax(1)": "log_softmax",
    "x.pow(2), x.square()": ["x ** n", "x * x"],
    "x.matmul(x.T), x.mm(x.T)": ["@", "@"],
    "x.t()": "x.T",
    "x.expand(3, 4, 2)": "ops.broadcast_to",
    "x.repeat(2, 1)": "ops.concatenate",
    "x.clone()": "minigan.tensor(x.data)",
    "x.add_(1.0), x.mul_(2.0)": ["no_grad()", "no_grad()"],
    "x.clamp_(-1, 1)": "x.copy_(x.data.clip(low, high))",
    "x.astype('float64'), x.copy(), x.ravel(), x.dot(x), x.prod(), x.cumsum(0), x.new_ones(3)": [
        "x.double()",
        "minigan.tensor(x.data)",
        "x.flatten()",
        "x @ y",
        "a subclass of Op",
        "np.triu",
        "minigan.ones(",
    ],
    "np.log(x), np.maximum(0, x), np.isnan(x), np.mean(x)": [
        "x.log()",
        "ops.maximum(x, y)",
        "np.isnan(x.numpy())",
        "x.mean(axis)",
    ],
    "minigan.Tensor(64, 1), nn.Parameter(64, 8)": ["minigan.zeros", "minigan.zeros"],
    "x + minigan.tensor(np.ones(2))": "convert the data with .astype",
    "x.device, x.is_cuda": ["backend.current()", "backend.current()"],
    "minigan.exp(x), minigan.mean(x)": ["x.exp(", "x.mean("],
    "minigan.matmul(x, x)": "a @ b",
    "minigan.clamp(x, 0, 1), minigan.isnan(x), minigan.einsum('ij->j', x), minigan.bernoulli(x)": [
        "x.clamp(",
        "np.isnan(x.numpy())",
        "(a * b).sum(axis)",
        "backend.rng().random",
    ],
    "minigan.float, minigan.long": ["minigan.float32", "np.int64"],
    "minigan.arange(3)": "np.arange",
    "minigan.randint(0, 10, (4,))": "integers(",
    "minigan.device('cuda')": "backend.use('cupy')",
    "minigan.cuda.is_available()": "backend.use('cupy')",
    "minigan.FloatTensor([1.0])": "minigan.tensor",
    "minigan.save(net, path)": "save(network.state_dict(), path)",
    "net.load_state_dict({}, strict=False)": "{**net.state_dict(), **part}",
    "minigan.utils.data.DataLoader(x)": "datasets.minibatches",
    "net.cuda()": "backend.use('cupy')",
    "net.half()": "leave it out",
    "net.register_buffer('a', np.ones(2))": "buffer_names",
    "nn.BatchNorm1d(8, 0.8)": "eps=0.8",
    "nn.Conv2d(3, 8, 4, groups=3)": "one Conv2d for each group",
    "nn.Upsample(16)": "scale_factor",
    "nn.Upsample(scale_factor=2, mode='bilinear')": "other numbers",
    "nn.Embedding(10, 5)": "self.table[labels]",
    "nn.Softmax(dim=1), nn.ELU()": ["F.softmax(x, dim=1)", "ops.where"],
    "nn.MaxPool2d(2), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1)": [
        ".max(axis=(3, 5))",
        ".mean(axis=(3, 5))",
        "keepdims=True",
    ],
    "nn.ZeroPad2d((1, 0, 1, 0)), nn.ReflectionPad2d(1)": ["ops.concatenate", "other numbers"],
    "nn.DataParallel(net)": "leave it out",
    "nn.init.zeros_(net.bias)": "constant_(p, 0.0)",
    "nn.init.xavier_uniform_(net.weight)": "uniform_(p, -a, a)",
    "nn.utils.clip_grad_norm_(net.parameters(), 1.0)": "p.grad",
    "F.nll_loss(x, y), F.gelu(x)": ["-log_p[np.arange(n), labels].mean()", "differs by"],
    "F.one_hot(np.array([0, 1]), 2)": "np.eye",
    "F.interpolate(x, scale_factor=2)": "nn.Upsample",
    "F.pad(x, (1, 1))": "padding",
    "nn.CrossEntropyLoss()(x, minigan.tensor([0, 1, 0, 1]))": "np.array([0, 1])",
    "nn.BCELoss(weight=np.ones(4))": "reduction='none'",
    "optim.SGD(net.parameters(), lr=0.1).zero_grad(set_to_none=False)": "leave it out",
    "optim.Adam(net.parameters(), amsgrad=True)": "other numbers",
    "optim.Adam(net.parameters()).param_groups[0]['lr'] = 1e-4": "optimizer.lr",
    "optim.lr_scheduler.StepLR": "optimizer.lr",
    "optim.Adam([{'params': net.parameters()}])": "one optimizer for each",
    "optim.AdamW(net.parameters())": "weight_decay=",
}
ERRORS = (AttributeError, TypeError, ValueError, RuntimeError)


@pytest.fixture
def run(tmp_path):
    """A function that runs a line of code. The line can use the names of the page."""
    net, x = nn.Linear(2, 1), randn(4, 2)
    w = randn(2).requires_grad_()
    loss = (w * w * w).sum()
    loss.backward()
    names = {name: getattr(minigan, name) for name in dir(minigan)}
    names |= {"minigan": minigan, "np": np, "F": functional, "path": tmp_path / "net.npz"}
    names |= {"net": net, "x": x, "w": w, "loss": loss}
    names |= {"X": np.ones((4, 2), np.float32), "y": np.array([0, 1, 0, 1])}
    minigan.save(net.state_dict(), names["path"])
    return lambda line: exec(line, names)


@pytest.mark.parametrize("line", ACCEPTED)
def test_what_is_accepted_runs(run, line):
    run(line)


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_refused_says_what_to_write(run, line):
    words = WORDS[line] if isinstance(WORDS[line], list) else [WORDS[line]]
    for part, expected in zip(parts(line), words, strict=True):
        with pytest.raises(ERRORS) as caught:
            run(part)
        assert expected in str(caught.value)


@pytest.mark.parametrize("line", NUMPY_ERROR)
def test_an_array_has_numpys_methods_only(run, line):
    with pytest.raises(AttributeError, match=r"'numpy\.ndarray' object has no attribute"):
        run(line)


def parts(line):
    """`a, b` as [a, b]; any other line alone."""
    value = getattr(ast.parse(line).body[0], "value", None)
    return [ast.unparse(part) for part in value.elts] if isinstance(value, ast.Tuple) else [line]


def test_the_page_has_the_rows_of_this_test():
    assert len(ACCEPTED) > 40
    assert len(NUMPY_ERROR) == 3
    assert set(REFUSED) == set(WORDS)


# What is accepted gives PyTorch's numbers, written here with NumPy.

X = np.linspace(-2.0, 2.0, 8, dtype=np.float32).reshape(4, 2)
E = np.exp(X)
SAME = {
    "x.view(2, 4)": X.reshape(2, 4),
    "x.view((2, -1))": X.reshape(2, 4),
    "x.permute(1, 0)": X.T,
    "x.permute((1, 0))": X.T,
    "x.clamp(-1, 1)": X.clip(-1, 1),
    "x.clamp(min=0.5)": X.clip(0.5),
    "x.clamp(max=0.5)": X.clip(None, 0.5),
    "x.unsqueeze(-1)": X[..., None],
    "x.contiguous()": X,
    "x.double()": X.astype(np.float64),
    "x.to(minigan.float64).float()": X,
    "x.to(device='cpu', dtype=np.float64)": X.astype(np.float64),
    "minigan.cat([x, x], 1)": np.concatenate([X, X], 1),
    "minigan.ones(2, 3)": np.ones((2, 3)),
    "minigan.full((2,), 0.5)": np.full(2, 0.5),
    "minigan.zeros_like(x)": np.zeros_like(X),
    "minigan.from_numpy(X)": X,
    "F.relu(x, True)": np.maximum(X, 0),
    "F.leaky_relu(x, 0.2)": np.where(X > 0, X, 0.2 * X),
    "F.sigmoid(x)": 1 / (1 + 1 / E),
    "F.tanh(x)": np.tanh(X),
    "F.softplus(x)": np.log1p(E),
    "F.softmax(x, dim=0)": E / E.sum(axis=0),
    "F.log_softmax(x, dim=1)": X - np.log(E.sum(axis=1, keepdims=True)),
    "F.dropout(x, training=False)": X,
    "F.linear(x, x)": X @ X.T,
    "F.linear(x, x, minigan.ones(4))": X @ X.T + 1,
    "F.mse_loss(x, X + 2)": 4.0,
    "F.mse_loss(x, X + 2, reduction='sum')": 32.0,
    "nn.Identity(8)(x)": X,
    "nn.Flatten(1)(x)": X,
    "nn.init.constant_(np.ones(3), 2.0)": np.full(3, 2.0),
}


@pytest.mark.parametrize("line", SAME)
def test_what_is_accepted_gives_the_same_numbers(line):
    names = {"minigan": minigan, "nn": nn, "F": functional, "np": np, "X": X}
    y = eval(line, names | {"x": minigan.tensor(X)})
    y = y if isinstance(y, np.ndarray) else y.data
    np.testing.assert_allclose(y, SAME[line], rtol=1e-5, atol=1e-6)
    assert y.shape == np.shape(SAME[line])


def test_accepted_names_keep_the_history():
    x = minigan.tensor(X, requires_grad=True)
    x.view(8).unsqueeze(0).permute(1, 0).clamp(-9, 9).contiguous().to("cpu").sum().backward()
    np.testing.assert_array_equal(x.grad.data, np.ones_like(X))


def test_a_misspelt_name_is_plainly_missing():
    name = "misspelt"
    for owner in minigan.Tensor(1.0), nn.Linear(1, 1), minigan, nn, nn.init, functional:
        with pytest.raises(AttributeError, match=r"has no attribute 'misspelt'$"):
            getattr(owner, name)
        assert not hasattr(owner, "__misspelt__")


def test_what_is_on_the_cpu_does_not_go_to_the_gpu():
    for part in nn.Linear(2, 1), minigan.ones(3):
        assert part.cpu() is part.to("cpu") is part
        with pytest.raises(RuntimeError, match=r"is on the CPU.*backend\.use\('cupy'\)"):
            part.to("cuda:0")
        with pytest.raises(TypeError, match="no device or dtype 'gpu'"):
            part.to("gpu")
    assert isinstance(nn.ReLU().cuda(), nn.ReLU)


def test_a_module_list_is_changed_and_read_as_a_list():
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    last = nn.Linear(2, 2)
    assert layers.append(last)[-1] is last and len(layers) == 4
    layers[0] = first = nn.Linear(2, 2, bias=False)
    assert [*layers][:1] == [first] and layers[1:][-1] is last
    assert list(layers.state_dict())[:3] == ["0.weight", "1.weight", "1.bias"]


def test_an_array_is_filled_in_place_as_a_parameter_is():
    for fill in nn.init.normal_, nn.init.uniform_:
        p = nn.Parameter(np.zeros(5))
        minigan.seed(0)
        fill(p)
        minigan.seed(0)
        array = np.zeros(5)
        assert fill(array) is array
        np.testing.assert_array_equal(array, p.data)
