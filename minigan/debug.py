"""A debugger for minigan: stop in a trainer's step, then go from one backward rule to the next.

    python -m minigan.debug [--at NAME] SCRIPT [ARGUMENTS]

It stops first in the first call of `discriminator_step` or `critic_step`, or of the function NAME.
Parts of a name may be left out: GAN.train and minigan.GAN.train both mean
minigan.trainers.gan.GAN.train. All commands of pdb work, but `step` does not stop in the modules in
SKIP. Three commands are new: `rule`, `graph` and `shapes`. `help rule` explains the first.
"""

import argparse
import bdb
import pdb
import sys
import traceback
from heapq import heappop, heappush
from inspect import unwrap
from itertools import count
from pathlib import Path
from types import ModuleType

import numpy as np

from minigan.backend import get_array_module
from minigan.op import Op
from minigan.tensor import Tensor, as_array

STEPS = ["discriminator_step", "critic_step"]
SKIP = ["minigan.backend", "minigan.debug", "minigan.guards*", "minigan.ops.compiled"]
SKIP += ["minigan.switches", "minigan.nn.module"]  # nn.module calls a layer's forward
SKIP += ["contextlib", "copy", "functools", "importlib*", "inspect", "threading", "numpy*", "cupy*"]


class Debugger(pdb.Pdb):
    """pdb that runs a script up to a given call, and stops there."""

    awaited = None  # a function of a frame: is this the call to stop in?
    reached = None  # the frame of that call, until the debugger stops there

    def run_script(self, script, awaited):
        """Run a script as `python SCRIPT` does, and stop in the call for which awaited is true."""
        main = sys.modules["__main__"] = ModuleType("__main__")
        main.__file__ = script
        self.reset()
        self.botframe = sys._getframe()
        self.wait(awaited)
        try:
            code = compile(Path(script).read_bytes(), script, "exec")
            sys.settrace(self.trace_dispatch)
            exec(code, vars(main))
        except bdb.BdbQuit:
            pass
        except Exception as error:
            sys.settrace(None)
            traceback.print_exc()
            self.interaction(None, error.__traceback__)
            raise SystemExit(1) from None
        finally:
            sys.settrace(None)

    def wait(self, awaited):
        """Go on, as `continue` does, up to the call for which awaited(frame) is true."""
        self.awaited = awaited
        self.set_until(self.botframe, sys.maxsize)  # this line does not exist

    def dispatch_call(self, frame, arg):
        if self.awaited is None or not self.awaited(frame):
            return super().dispatch_call(frame, arg)
        self.awaited, self.reached = None, frame
        self.skip.discard(frame.f_globals.get("__name__"))  # the user asked for this module
        for caller, _ in traceback.walk_stack(frame):
            caller.f_trace = self.trace_dispatch  # `next` must also stop in the callers
        return self.trace_dispatch

    def stop_here(self, frame):
        return frame is self.reached or (super().stop_here(frame) and not is_for_a_guard(frame))

    def interaction(self, *args):
        self.awaited = self.reached = None
        super().interaction(*args)

    def do_rule(self, arg):
        """rule

        Go on to the next operation's backward rule, and stop at its first line.
        """
        self.wait(is_rule)
        return True

    def do_graph(self, arg):
        """graph TENSOR

        List the operations behind a tensor, in the order in which backward visits them, with the
        shapes of their inputs and of the result.
        """
        try:
            tensor = eval(arg, self.curframe.f_globals, self.curframe.f_locals)
        except Exception as error:
            return self.error(f"{type(error).__name__}: {error}")
        if not isinstance(tensor, Tensor) or tensor.op is None:
            return self.error("graph is for a Tensor that an operation made, outside no_grad")
        for y in results_behind(tensor):
            shapes = ", ".join(str(x.shape) for x in y.op.inputs)
            self.message(f"{y.op!s:20} {shapes} -> {y.shape}")

    def do_shapes(self, arg):
        """shapes

        List the local arrays and Tensors with their shape, dtype, mean and range.
        """
        for name, value in self.curframe.f_locals.items():
            a = as_array(value)
            if isinstance(a, get_array_module(a).ndarray):
                kind = "Tensor" if isinstance(value, Tensor) else "array"
                text = f"{name:8} {kind:6} {a.shape!s:12} {a.dtype!s:8}"
                if a.size and a.dtype.kind in "fiub":
                    with np.errstate(all="ignore"):
                        mean, low, high = float(a.mean(dtype=float)), float(a.min()), float(a.max())
                    text += f" mean {mean:.3g}, from {low:.3g} to {high:.3g}"
                self.message(text)


def is_for_a_guard(frame):
    """Does a guard call this function, directly or not? The step of a trainer does not count."""
    caller = frame.f_back
    while caller is not None:
        if caller.f_globals.get("__name__", "").startswith("minigan.guards"):
            step = caller.f_locals.get("step")
            return getattr(step, "__code__", None) is not frame.f_code
        frame, caller = caller, caller.f_back
    return False


def is_rule(frame):
    """Is this the call of an operation's rule?"""
    code = frame.f_code
    op = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
    return isinstance(op, Op) and getattr(unwrap(op.backward), "__code__", None) is code


def is_call_of(names, script):
    """A function of a frame: is this the call of a function with one of these names?"""
    names = {name.split(".")[-1]: name.split(".") for name in names}

    def is_call(frame):
        code = frame.f_code
        if code.co_name not in names or not hasattr(code, "co_qualname"):  # new in Python 3.11
            return code.co_name in names
        module = frame.f_globals.get("__name__")
        module = Path(script).stem if module == "__main__" else module
        whole = iter(f"{module}.{code.co_qualname}".split("."))
        return all(part in whole for part in names[code.co_name])  # each after the one before

    return is_call


def results_behind(y):
    """The results of the operations behind y, in the order in which backward visits them."""
    seen, order, ahead = {y}, count(1), [(-y.generation, 0, y)]
    while ahead:
        y = heappop(ahead)[2]
        yield y
        for x in y.op.inputs:
            if x.op is not None and x not in seen:
                seen.add(x)
                heappush(ahead, (-x.generation, next(order), x))


def main():
    parser = argparse.ArgumentParser("python -m minigan.debug")
    parser.add_argument("--at", metavar="NAME", help=f"where to stop first; default: {STEPS}")
    parser.add_argument("script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    if not Path(args.script).is_file():
        parser.error(f"there is no file {args.script}")
    names = [args.at] if args.at else STEPS
    sys.argv = [args.script, *args.arguments]
    sys.path[0] = str(Path(args.script).resolve().parent)
    debugger = Debugger(skip=SKIP)
    try:
        debugger.run_script(args.script, is_call_of(names, args.script))
    finally:
        if debugger.awaited is not None:
            goal = "rule" if debugger.awaited is is_rule else " or ".join(names)
            print(f"{args.script} ended without a stop: no call of a {goal}")


if __name__ == "__main__":
    from minigan import debug  # under its own name, since SCRIPT becomes __main__

    debug.main()
