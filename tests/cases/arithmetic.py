"""Cases of +, -, *, /, unary - and **, also with a number."""

import operator

from hypothesis import strategies as st

from cases import arrays, case, pairs
from minigan.ops.arithmetic import Add, Div, Mul, Neg, Pow, Sub

POSITIVE = {"low": 0.3, "high": 2.0}


def squares_and_differences(x, y):
    """One tensor is used several times, so its gradients must be added."""
    return x * x - y * x + (x - x) * y + y


@st.composite
def dividends(draw):
    a, b = draw(pairs(away_from=[0.0]))
    return [a, b]


CASES = [
    case("a + b", Add, operator.add, pairs(), operator.add),
    case("a - b", Sub, operator.sub, pairs(), operator.sub),
    case("a * b", Mul, operator.mul, pairs(), operator.mul),
    case("a / b", Div, operator.truediv, pairs(**POSITIVE), operator.truediv),
    case("a / b, b of either sign", Div, operator.truediv, dividends(), operator.truediv),
    case("-a", Neg, operator.neg, arrays(), operator.neg),
    case("2 - a", Sub, lambda a: 2.0 - a, arrays(), lambda a: 2.0 - a),
    case("a - 2", Sub, lambda a: a - 2, arrays(), lambda a: a - 2),
    case("3 / a", Div, lambda a: 3 / a, arrays(**POSITIVE), lambda a: 3 / a),
    case("a / 3", Div, lambda a: a / 3, arrays(), lambda a: a / 3),
    case("2 a + 1", (Mul, Add), lambda a: 2 * a + 1, arrays(), lambda a: 2 * a + 1),
    case(
        "one tensor many times",
        (Mul, Sub, Add),
        squares_and_differences,
        pairs(),
        squares_and_differences,
    ),
    *(
        case(f"a ** {n}", Pow, lambda a, n=n: a**n, arrays(**POSITIVE), lambda a, n=n: a**n)
        for n in (0, 1, 2, 3, -1, -2, 0.5, 2.5)
    ),
    *(
        case(f"a ** {n}, a of either sign", Pow, lambda a, n=n: a**n, arrays(), lambda a, n=n: a**n)
        for n in (0, 1, 2, 3)
    ),
]
