"""Right answers that are written in another way than the solution.

For each exercise a list of answers. An answer is (old, new, old, new, ...): lines of the solution,
and what stands in their place.
"""

OTHER_STYLES = {
    "power": [
        ("return gy * slope", "return slope * gy * 1.0"),
        ("slope = self.n * x ** (self.n - 1)", "slope = self.n * y / x"),
    ],
    "tanh": [
        ("gy * (1 - y * y)", "gy - gy * y**2"),
        ("gy * (1 - y * y)", "(1 + y) * (1 - y) * gy"),
        ("gy * (1 - y * y)", "-gy * (y**2 - 1)"),
    ],
    "unbroadcast": [
        (
            "    return g.sum(axis=axes, keepdims=True).reshape(shape)",
            "    for axis in axes:\n        g = g.sum(axis=axis, keepdims=True)\n"
            "    return g.reshape(shape)",
        ),
        (
            "axes = (*range(new), *stretched)",
            "axes = tuple(i for i in range(g.ndim) if i < new or i in stretched)",
        ),
    ],
    "mean": [
        ("BroadcastTo(x.shape)(gy / x.size)", "BroadcastTo(x.shape)(gy) * (1 / x.size)"),
        ("BroadcastTo(x.shape)(gy / x.size)", "(0 * x + 1) * gy / x.size"),
    ],
    "linear": [
        ("gW = gy.T @ x", "gW = (x.T @ gy).T"),
        ("gx = gy @ W", "gx = (W.T @ gy.T).T", "gb = gy.sum(axis=0)", "gb = gy.sum(0)"),
        ("return gx, gW, gb", "return (gx * 1, gW + 0, gb)"),
    ],
    "bce_logits": [
        (
            "np.maximum(x, 0) - x * self.t + np.log1p(np.exp(-np.abs(x)))",
            "np.logaddexp(0, x) - self.t * x",
        ),
        ("gy * (Sigmoid()(x) - self.t)", "gy * Sigmoid()(x) - gy * self.t"),
        (
            "gy * (Sigmoid()(x) - self.t)",
            "(1 - self.t) * gy * Sigmoid()(x) - self.t * gy * Sigmoid()(-x)",
        ),
    ],
}
