"""The layout shows the reading path: few entries beside it, and imports that point one way."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "minigan"
PATH = ["backend.py", "tensor.py", "op.py", "autograd.py", "ops", "nn", "losses.py", "optim.py"]
PATH += ["trainers"]
# A file imports only files of its own row and of the rows above it.
ORDER = [
    "backend.py guards/moved.py",
    "guards/data.py guards/checkpoint.py guards/run.py",
    "guards/graph.py guards/pytorch.py guards/state.py",
    "switches.py",
    "tensor.py",
    "op.py",
    "autograd.py",
    "ops/*",
    "losses.py",
    "nn/*",
    "optim.py",
    "guards/steps.py",
    "trainers/*",
    "gradcheck/*",
    "runs/files.py runs/checkpoints.py runs/safetensors.py runs/plots.py",
    "datasets/*",
    "metrics/*",
    "runs/*",
    "debug.py lab/*",
]


def test_few_entries_stand_beside_the_reading_path():
    entries = {p.name for p in PACKAGE.iterdir()} - {"__init__.py", "py.typed", "__pycache__"}
    assert set(PATH) <= entries
    assert len(entries - set(PATH)) <= 9


def imports(path):
    """The files of minigan that a file imports when it is loaded: {file: the line of the import}.

    The imports inside functions and for type checkers are left out: they run later, or never.
    """
    found = {}
    ahead = list(ast.parse(path.read_text()).body)
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.Try):
            ahead += node.body
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] != "minigan":
                continue
            for end in range(len(parts), 1, -1):
                module = PACKAGE.joinpath(*parts[1:end])
                file = module.with_suffix(".py")
                if file.exists() or (file := module / "__init__.py").exists():
                    found[file] = node.lineno
                    break
    return found


def test_imports_form_no_circle_but_the_one_at_the_end_of_tensor():
    files = [p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py"]
    graph = {file: set(imports(file)) for file in files}
    tensor = PACKAGE / "tensor.py"
    last_class_or_function = max(node.lineno for node in ast.parse(tensor.read_text()).body[:-3])
    closing = {file for file, line in imports(tensor).items() if line > last_class_or_function}
    assert {file.name for file in closing} >= {"autograd.py", "op.py"}
    graph[tensor] -= closing
    TopologicalSorter(graph).prepare()  # CycleError, which names the files, if there is a circle


def row_of(file):
    """The first row of ORDER that names the file."""
    path = file.relative_to(PACKAGE)
    return next(i for i, row in enumerate(ORDER) if any(map(path.match, row.split())))


def test_imports_point_one_way():
    files = [p for p in PACKAGE.rglob("*.py") if p.name != "__init__.py"]
    for file in files:
        if file.name == "tensor.py":
            continue  # its last lines close the circle
        for other in imports(file):
            if other.name != "__init__.py":
                assert row_of(other) <= row_of(file), f"{file} imports {other}"
