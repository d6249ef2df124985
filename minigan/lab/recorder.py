"""Record one step of a trainer: every line of minigan that runs, and what its variables hold.

Python calls a trace function before each line (`sys.settrace`). The recorder's looks at the local
variables, and keeps a copy of every array that it has not seen. It changes nothing, so a recorded
step gives the same bits as a plain one.
"""

import os
import sys
import zlib
from contextlib import suppress
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np

from minigan import Tensor, nn
from minigan.op import Op
from minigan.optim import Optimizer
from minigan.trainers import GAN, WGAN, WGANGP

PACKAGE = str(Path(__file__).parent.parent)
LAB = os.path.join(PACKAGE, "lab", "")
CALL, LINE, RETURN, EXCEPTION = 0, 1, 2, 3
KINDS = {"call": CALL, "line": LINE, "return": RETURN, "exception": EXCEPTION}
BUDGET = (
    64_000_000  # bytes of arrays that one recording may keep; beyond, it keeps every n-th number
)
THIN = 4096  # numbers that are kept of an array beyond the budget
LOOK = 64  # numbers by which a change of a large array is noticed
ITEMS = 16  # parts of a value that are described
OBJECTS = (nn.Module, Optimizer, GAN, WGAN, WGANGP)  # whose attributes are parts
CHANGERS = tuple(os.path.join(PACKAGE, name) for name in ("optim.py", os.path.join("trainers", "")))
DEEP = 5  # parts within parts: a trainer, its optimizer, the states, one state, an array


class Recorder:
    """Runs a function and records it.

    codes, calls: the functions that ran, and each call of one: (code index, parent call, event).
    events: (call, line, kind). A line event comes before the line runs.
    changes: for an event, the (name, value) of the variables that are new or changed.
    returns: for a return event, the value. ends: for a call, its last event.
    values: what is known of each value; a value is an index into this list.
    made: for each result of an operation, (operation, its inputs, result, event).
    rules: for each backward rule that the walk called, a dict; see `_rule_begins`.
    """

    def __init__(self):
        self.codes, self.calls, self.events = [], [], []
        self.changes, self.returns, self.ends = {}, {}, {}
        self.values = Values()
        self.made, self.rules = [], []
        self.names = {}  # id of a Tensor: the variable of a trainer or a loss that held it
        self._code_index = {}
        self._files = {}  # file name of a code: whether it is recorded
        self._stack = []  # [frame, call, the variables' last keys, rule or None] of what is running
        self._rules_running = []
        self._kept = []  # Tensors and operations, so that no id is used twice

    def run(self, function, *args):
        """function(*args), recorded; returns its result."""
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            return function(*args)
        finally:
            sys.settrace(before)
            self._stack.clear()

    def _trace(self, frame, event, arg):
        """Called by Python for each call, line, return and exception."""
        file = frame.f_code.co_filename
        if file not in self._files:
            self._files[file] = file.startswith(PACKAGE + os.sep) and not file.startswith(LAB)
        if not self._files[file]:
            return None
        if event == "call":
            self._begin(frame)
            return self._trace
        if event == "opcode" or not self._stack:
            return self._trace
        entry = self._stack[-1]
        if entry[0] is not frame:  # a generator went on, or an exception skipped returns
            entry = self._find(frame)
        number = len(self.events)
        self.events.append((entry[1], frame.f_lineno, KINDS[event]))
        if event == "exception":
            return self._trace
        self._look(frame, entry, number)
        if event == "return":
            self.returns[number] = self.values.index(arg)
            self.ends[entry[1]] = number
            self._returned(frame, entry, number, arg)
            self._stack.remove(entry)
        return self._trace

    def _begin(self, frame):
        code = frame.f_code
        if code not in self._code_index:
            self._code_index[code] = len(self.codes)
            self.codes.append(code)
        parent = self._stack[-1][1] if self._stack else -1
        call, number = len(self.calls), len(self.events)
        self.calls.append((self._code_index[code], parent, number))
        self.events.append((call, frame.f_lineno, CALL))
        entry = [frame, call, {}, None]
        self._stack.append(entry)
        self._look(frame, entry, number)
        this = frame.f_locals.get("self")
        # A rule that the walk calls. A rule that another rule calls is a line of that rule.
        is_rule = code.co_name == "backward" and isinstance(this, Op) and this.inputs is not None
        if is_rule and not self._inside_op_backward():
            entry[3] = self._rule_begins(frame, this, parent, number)
            self._rules_running.append(len(self.rules) - 1)

    def _inside_op_backward(self):
        """Whether the caller of the newest call is itself the backward of an operation."""
        if len(self._stack) < 2:
            return False
        caller = self._stack[-2][0]
        return caller.f_code.co_name == "backward" and isinstance(caller.f_locals.get("self"), Op)

    def _find(self, frame):
        """The entry of a frame that is not the newest."""
        for entry in reversed(self._stack):
            if entry[0] is frame:
                return entry
        self._begin(frame)
        return self._stack[-1]

    def _look(self, frame, entry, number):
        """Note the variables of this frame that are new or changed."""
        last, found = entry[2], []
        if frame.f_code.co_filename.startswith(CHANGERS):
            self.values.keys_of_objects.clear()
        trainer = frame.f_code.co_filename.endswith(("gan.py", "wgan_gp.py", "losses.py"))
        for name, value in frame.f_locals.items():
            key = self.values.key(value)
            if last.get(name) != key:
                last[name] = key
                found.append((name, self.values.index(value, key)))
                if trainer and isinstance(value, Tensor) and name != "self":
                    self.names.setdefault(id(value), name)
                    self._kept.append(value)
        if found:
            self.changes[number] = found

    def _rule_begins(self, frame, op, parent, number):
        """What is known when the walk calls op.backward(gy, y, *xs)."""
        code, variables = frame.f_code, frame.f_locals
        names = code.co_varnames[1 : code.co_argcount]
        args = [variables[name] for name in names]
        if code.co_flags & 0x04:  # *xs
            args += variables[code.co_varnames[code.co_argcount + code.co_kwonlyargcount]]
        self._kept.append(op)
        rule = {
            "op": op,
            "walk": parent,  # the call that runs the walk
            "event": number,
            "end": number,
            "create_graph": isinstance(args[0], Tensor),
            "gy": self.values.index(args[0]),
            "gradients": [],
            "needs": [bool(needed) for needed in op.needs],
        }
        self.rules.append(rule)
        return rule

    def _returned(self, frame, entry, number, result):
        """Note what an operation made, or what a rule returned."""
        rule = entry[3]
        if rule is not None:
            self._rules_running.pop()
            rule["end"] = number
            results = result if isinstance(result, tuple) else (result,)
            rule["gradients"] = [None if g is None else _copy(g) for g in results]
            rule["values"] = [None if g is None else self.values.index(g) for g in results]
        elif isinstance(result, Tensor) and result.op is not None:
            op = result.op
            if frame.f_locals.get("self") is op and frame.f_code.co_name == "__call__":
                inside = self._rules_running[-1] if self._rules_running else None
                inputs = [(x, self.values.index(x)) for x in op.inputs]
                value = self.values.index(result)
                self.made.append((op, inputs, result, value, number, inside))


class Values:
    """Descriptions of values, and copies of arrays. Equal arrays share one entry."""

    def __init__(self):
        self.entries, self.arrays = [], []
        self.bytes = 0
        self._by_key, self._by_content = {}, {}
        self._kept = []
        # The keys of modules, optimizers and trainers. To look at all their arrays before each line
        # would take long, so the recorder empties this after each line that may change one.
        self.keys_of_objects = {}

    def key(self, value, deep=0):
        """Something that differs if the value is another one, or has other contents."""
        kind = type(value)
        if isinstance(value, Tensor):
            if not _ready(value):
                return ("new", id(value))
            return ("t", id(value), self._array_key(value.data), value.requires_grad)
        if kind is np.ndarray:
            return ("a", self._array_key(value))
        if kind in (int, str, bool, type(None)):
            return (kind, value)
        if kind is float or isinstance(value, np.generic):
            return (kind, repr(value))
        number = None if kind is tuple else id(value)
        if isinstance(value, OBJECTS):
            if number not in self.keys_of_objects:
                keys = [self.key(part, deep + 1) for _, part in parts(value)] if deep < DEEP else []
                self.keys_of_objects[number] = (kind, number, *keys)
            return self.keys_of_objects[number]
        found = ()
        if deep < DEEP and isinstance(value, (tuple, list)):
            found = value[:ITEMS]
        elif deep < DEEP and isinstance(value, dict):
            found = islice(value.values(), ITEMS)
        return (kind, number, *[self.key(part, deep + 1) for part in found])

    def index(self, value, key=None, deep=0):
        """The number of this value's entry, which is made if there is none."""
        key = self.key(value, deep) if key is None else key
        if key not in self._by_key:
            self._kept.append(value if not isinstance(value, np.ndarray) else None)
            self._by_key[key] = self._add(value, deep)
        return self._by_key[key]

    def _array_key(self, array):
        if array.size <= 4 * LOOK:
            looked = array.tobytes()
        else:
            looked = array.flat[places(array.size)].tobytes()
        return (id(array), array.shape, hash(looked))

    def _add(self, value, deep):
        name = type(value).__name__
        if isinstance(value, Tensor) and _ready(value):
            entry = {"type": name, "op": None if value.op is None else type(value.op).__name__}
            return self._add_array(value.data, entry)
        if isinstance(value, np.ndarray):
            return self._add_array(value, {"type": "array", "op": None})
        entry = {"type": name, "text": f"a {name}"}
        found = parts(value) if deep < DEEP else []
        if found:
            entry["names"] = [name for name, _ in found]
            entry["items"] = [self.index(part, None, deep + 1) for _, part in found]
        with suppress(AttributeError):  # an object whose __init__ still runs
            entry["text"] = _text(value, name)
        self.entries.append(entry)
        self.arrays.append(None)
        return len(self.entries) - 1

    def _add_array(self, array, entry):
        data = np.ascontiguousarray(array)
        content = (entry["type"], entry["op"], array.shape, array.dtype.str, zlib.crc32(data))
        if content in self._by_content:
            return self._by_content[content]
        entry |= {"shape": list(array.shape), "dtype": str(array.dtype), "array": True}
        entry |= summary(data)
        shape = ", ".join(map(str, array.shape))
        if array.size == 1 and array.dtype.kind == "f":
            entry["text"] = f"{entry['type']} ({shape}), {data.item():.6g}"
        else:
            mean = entry["mean"]
            entry["text"] = f"{entry['type']} ({shape})" + (
                "" if mean is None else f", mean {mean:.4g}"
            )
        if self.bytes + data.nbytes > BUDGET and data.size > THIN:
            data = thinned(data)
        kept = data.copy()
        self.bytes += kept.nbytes
        self.entries.append(entry)
        self.arrays.append(kept)
        self._by_content[content] = len(self.entries) - 1
        return self._by_content[content]


def thinned(array):
    """Every n-th number of an array that is beyond the budget."""
    return array.reshape(-1)[:: array.size // THIN]


def parts(value):
    """The parts of a value that the page can open: [(name, part)], at most ITEMS of them."""
    if isinstance(value, (tuple, list)):
        found = [(f"[{i}]", part) for i, part in enumerate(value[:ITEMS])]
    elif isinstance(value, dict):
        found = [(f"[{key!r}]"[:60], value[key]) for key in islice(value, ITEMS)]
    elif isinstance(value, OBJECTS):
        found = [(name, part) for name, part in vars(value).items() if name[0] != "_"]
    else:
        found = []
    return found[:ITEMS]


@cache
def places(size):
    """Random places in an array of this size. Regular ones may all lie in a few columns."""
    return np.random.default_rng(0).integers(size, size=LOOK)


def _ready(tensor):
    """Whether a Tensor has its data yet: its __init__ is recorded, too."""
    has_data = isinstance(getattr(tensor, "data", None), np.ndarray)
    return has_data and hasattr(tensor, "requires_grad") and hasattr(tensor, "op")


def _text(value, name):
    """A few words about a value that is not an array."""
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    if isinstance(value, (int, bool, type(None), np.generic)):
        return str(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, Op):
        return f"the operation {value!r}"
    if isinstance(value, nn.Module):
        size = sum(p.size for p in value.parameters())
        return f"{name}, {size:,} parameters" if size else repr(value)
    if isinstance(value, Optimizer):
        return f"{name}, lr={value.lr:g}"
    if isinstance(value, (tuple, list)):
        return f"{len(value)} {'item' if len(value) == 1 else 'items'}"
    if isinstance(value, dict):
        if 0 < len(value) <= 6 and all(isinstance(v, (int, float)) for v in value.values()):
            return ", ".join(f"{k}: {v:.4g}" for k, v in value.items())
        return f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"
    if isinstance(value, type) or (callable(value) and hasattr(value, "__name__")):
        return f"the {'class' if isinstance(value, type) else 'function'} {value.__name__}"
    return f"a {name}"


def summary(array):
    """The mean, standard deviation, least and largest of the finite numbers; None without any."""
    numbers = array.reshape(-1)
    if array.dtype.kind == "f" and not np.isfinite(numbers).all():
        numbers = numbers[np.isfinite(numbers)]
    if numbers.size == 0:
        return {"mean": None, "std": None, "min": None, "max": None}
    return {
        "mean": float(numbers.mean(dtype=np.float64)),
        "std": float(numbers.std(dtype=np.float64)),
        "min": float(numbers.min()),
        "max": float(numbers.max()),
    }


def _copy(gradient):
    data = gradient.data if isinstance(gradient, Tensor) else gradient
    return np.array(data)
