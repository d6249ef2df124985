"""Which calls of a recorded step are helpers: the line depth hides them unless the reader asks.

Helpers check the input, do the bookkeeping of memory, and walk over the modules. Without them the
lines are those of the algorithm: the trainer's step, the networks, the losses, the operations with
their rules, the walk back, and the optimizer's update.
"""

STEP = "minigan/trainers/"  # here the recording begins for the reader
HELPERS = {  # of each file or folder, the functions that are helpers; None for all of them
    "minigan/guards/": None,
    "minigan/backend.py": None,
    "minigan/switches.py": None,
    "minigan/tensor.py": (
        "__init__",
        "data",
        "grad",
        "_mark_changed",
        "as_array",
        "as_tensor",
    ),
    "minigan/nn/module.py": (
        "fused_with",
        "modules",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "_below",
        "__iter__",
        "__len__",
        "_join",
    ),
    "minigan/autograd.py": (
        "add",
        "is_held",
        "own",
        "path_to",
    ),
    "minigan/ops/matmul.py": ("row_major",),
    "minigan/ops/reduce.py": ("axes", "folded_size"),
    "minigan/optim.py": ("blocks",),
}


def helper(file, name):
    """Whether a function is a helper. A comprehension belongs to the line around it.

    >>> helper("minigan/guards/steps.py", "check_count")
    True
    >>> helper("minigan/nn/linear.py", "Linear.forward")
    False
    """
    if name.endswith(">"):  # such as <listcomp>
        return True
    name = name.split(".")[-1]
    for place, names in HELPERS.items():
        if file.startswith(place) and (names is None or name in names):
            return True
    return False


def hidden(calls, functions, files):
    """For each call, (function, parent call, event), whether it is a helper or inside one.

    The checks in front of a trainer's step call the step: it is not hidden, nor what it calls.
    """
    found = []
    for number, parent, _ in calls:
        function = functions[number]
        file = files[function["file"]]
        if file.startswith(STEP):
            inside = False
        else:
            inside = parent < 0 or found[parent]
        found.append(inside or helper(file, function["name"]))
    return found
