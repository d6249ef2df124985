"""Let a failing test of a user show the user's lines and the message, and no frame of minigan."""

import sys


def hide_frames():
    """Mark each module of minigan that is loaded. A module that is loaded later marks itself.

    pytest leaves out the frames of a module that has `__tracebackhide__`. With --full-trace, or at
    a breakpoint, it shows all.
    """
    for name, module in list(sys.modules.items()):
        if f"{name}.".startswith("minigan."):
            vars(module)["__tracebackhide__"] = True
