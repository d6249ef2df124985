"""The layout shows the reading path: few entries beside it, and imports that point one way.

The tests have a layout, too: a test module is not imported by another.
"""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "minigan"
PATH = ["backend.py", "tensor.py", "op.py", "autograd.py", "ops", "nn", "losses.py", "optim.py"]
PATH += ["trainers"]
# A file imports only files of its own row and of the rows above it.
ORDER = [
    "backend.py guards/moved.py guards/tracebacks.py",
    "guards/data.py guards/checkpoint.py guards/compiler.py guards/interrupts.py guards/run.py",
    "guards/graph.py guards/pytorch.py guards/accepted.py guards/state.py",
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
    "exercises/*",
    "debug.py lab/*",
]


def test_few_entries_stand_beside_the_reading_path():
    entries = {p.name for p in PACKAGE.iterdir()} - {"__init__.py", "py.typed", "__pycache__"}
    assert set(PATH) <= entries
    assert len(entries - set(PATH)) <= 9


def imports(path):
    """The files of minigan that a file imports: {file: the line of the import}.

    Imports inside functions count. Those for type checkers do not, because they never run.
    """
    found = {}
    ahead = list(ast.parse(path.read_text()).body)
    while ahead:
        node = ahead.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        ahead += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
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
    files = [p for p in PACKAGE.rglob("*.py") if p.name not in ("__init__.py", "debug.py")]
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
        if file.name in ("tensor.py", "debug.py"):
            continue  # tensor.py's last lines close the circle; debug.py imports itself
        for other in imports(file):
            if other.name != "__init__.py":
                assert row_of(other) <= row_of(file), f"{file} imports {other}"


def imported_modules(source):
    """The names of the modules that a file may import, in functions and in its texts of code, too.

    For `from a import b`, both `a` and `a.b`, because b may be a module.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for line in node.value.splitlines():
                if match := re.match(r"\s*(?:from|import)\s+([\w.]+)", line):
                    yield match[1]


def imported_tests(source, tests):
    """The modules that a file imports and that are in `tests`, a set of names without folders."""
    return [name for name in imported_modules(source) if tests & set(name.split("."))]


def test_no_file_imports_a_test_module():
    """What two test modules need is in a helper module, whose name does not begin with test_."""
    tests = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    files = [p for name in ("tests", "benchmarks", "examples") for p in (ROOT / name).rglob("*.py")]
    assert len(tests) > 50
    found = {str(p.relative_to(ROOT)): imported_tests(p.read_text(), tests) for p in files}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import test_a",
        "import b.test_a as a",
        "from test_a import x",
        "from b import test_a",
        "from . import test_a",
        "def f():\n    from b.test_a import x",
        "code = 'import sys\\nfrom b.test_a import x'",
    ],
)
def test_an_import_of_a_test_module_is_found(source):
    assert imported_tests(source, {"test_a"})
    assert not imported_tests(source, {"test_b"})
