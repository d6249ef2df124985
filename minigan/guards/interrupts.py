"""Changes that Ctrl-C cannot leave half done.

Ctrl-C raises KeyboardInterrupt between two instructions of Python, and so also between two lines of
a `finally`. It does not interrupt a function that is written in C.
"""

from collections import deque
from functools import partial


def make_changes(changes):
    """Make all changes in one call of a C function. An interrupt comes before it or after it.

    changes: `partial` objects of functions that are written in C, such as setattr.

    >>> x = [1, 2, 3]
    >>> make_changes([partial(x.__setitem__, 0, 10), partial(x.append, 4)])
    >>> x
    [10, 2, 3, 4]
    """
    deque(map(partial.__call__, changes), maxlen=0)
