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
    "used_twice": [
        (
            "        if x in sums:  # another use of x has given a gradient before\n"
            "            sums[x] = sums[x] + gx  # `sums[x] = gx` would forget it\n"
            "        else:\n"
            "            sums[x] = gx  # the first use that arrives\n",
            "        sums[x] = sums.get(x, 0.0) + gx\n",
        ),
        (
            "    for x, gx in zip(inputs, gxs):\n        if x in sums:",
            "    for i in reversed(range(len(inputs))):\n"
            "        x, gx = inputs[i], gxs[i]\n        if x in sums:",
        ),
    ],
    "order": [
        (
            "max(waiting, key=lambda node: node.generation)",
            "sorted(waiting, key=lambda node: -node.generation)[0]",
        ),
        (
            "        for x in node.inputs:\n"
            "            if x not in waiting:\n"
            "                waiting.append(x)\n",
            "        waiting = list({*waiting, *node.inputs})\n",
        ),
        (  # a topological sort, as micrograd does it
            "    found = []\n    waiting = [y]\n",
            "    found, waiting = [], []\n\n"
            "    def visit(node):\n"
            "        if node not in found:\n"
            "            for x in node.inputs:\n"
            "                visit(x)\n"
            "            found.append(node)\n\n"
            "    visit(y)\n"
            "    found.reverse()\n",
        ),
    ],
    "walk": [
        ("sums[x] = sums[x] + gx if x in sums else gx", "sums[x] = sums.get(x, 0) + gx"),
        (
            "        if node.rule is None:\n            found[node] = g\n            continue\n",
            "        found[node] = g  # also of nodes that are no leaves\n"
            "        if not node.inputs:\n            continue\n",
        ),
        (
            "        node = max(sums, key=lambda node: node.generation)\n",
            "        _, _, node = heapq.heappop(ahead)\n",
            "    sums = {y: 1.0}\n",
            "    sums = {y: 1.0}\n    ahead = [(-y.generation, id(y), y)]\n",
            "            sums[x] = sums[x] + gx if x in sums else gx",
            "            if x not in sums:\n"
            "                heapq.heappush(ahead, (-x.generation, id(x), x))\n"
            "            sums[x] = sums.get(x, 0.0) + gx",
            "from minigan.exercises import check\n",
            "import heapq\n\nfrom minigan.exercises import check\n",
        ),
    ],
    "second_order": [
        ("sums[z] = sums[z] + gz if z in sums else gz", "sums[z] = sums.get(z, Node(0.0)) + gz"),
        (
            "    return Node(math.exp(x.value), (x,), lambda g, a: (g * exp(a),))",
            "    y = Node(math.exp(x.value), (x,), lambda g, a: (g * y,))\n    return y",
        ),
        (
            "    return found.get(x, Node(0.0))",
            "    return found[x] if x in found else Node(0.0) * x",
        ),
    ],
    "normalize": [
        ("((x - mean) ** 2).mean(axis=0)", "x.var(axis=0)"),
        ("((x - mean) ** 2).mean(axis=0)", "(x**2).mean(axis=0) - mean**2"),
        (
            "    return gamma * x_hat + beta",
            "    return np.stack([gamma * row + beta for row in x_hat])",
            "from minigan.exercises import check\n",
            "import numpy as np\n\nfrom minigan.exercises import check\n",
        ),
    ],
    "norm_rule": [
        (
            "s * (gy - gy.mean(axis=0) - y * (gy * y).mean(axis=0))",
            "s * gy - s * gy.sum(axis=0) / len(x) - s * y * (gy * y).sum(axis=0) / x.shape[0]",
        ),
        (
            "s = (((x - x.mean(axis=0)) ** 2).mean(axis=0) + self.eps) ** -0.5",
            "centred = x - x.mean(axis=0, keepdims=True)\n"
            "        s = 1 / ((centred * centred).mean(axis=0, keepdims=True) + self.eps) ** 0.5",
            "y * (gy * y)",
            "centred * s * (gy * centred * s)",
        ),
        (  # the derivation of Ioffe & Szegedy, with the gradients of σ² and μ
            "        gx = s * (gy - gy.mean(axis=0) - y * (gy * y).mean(axis=0))",
            "        n = len(x)\n"
            "        mean = x.mean(axis=0)\n"
            "        g_var = (gy * (x - mean)).sum(axis=0) * -0.5 * s**3\n"
            "        g_mean = -(gy * s).sum(axis=0)\n"
            "        gx = gy * s + g_var * 2 * (x - mean) / n + g_mean / n",
        ),
    ],
    "adam": [
        (
            "m = beta1 * m + (1 - beta1) * g",
            "m = m + (1 - beta1) * (g - m)",
            "v = beta2 * v + (1 - beta2) * g**2",
            "v = v + (1 - beta2) * (g * g - v)",
        ),
        (
            "    m = beta1 * m + (1 - beta1) * g\n",
            "    m *= beta1\n    m += (1 - beta1) * g\n",
            "    p = p - lr * m_hat / (v_hat**0.5 + eps)",
            "    p -= lr * m_hat / (v_hat**0.5 + eps)",
        ),
        (
            "    p = p - lr * m_hat / (v_hat**0.5 + eps)",
            "    c = (1 - beta2**t) ** 0.5\n"
            "    p = p - lr * c / (1 - beta1**t) * m / (v**0.5 + c * eps)",
        ),
    ],
    "init": [
        ("noise / noise.shape[1] ** 0.5", "noise * (1 / len(noise[0])) ** 0.5"),
        ("noise * (2 / noise.shape[1]) ** 0.5", "2**0.5 * weights(noise)"),
        (
            "noise * (2 / noise.shape[1]) ** 0.5",
            "np.sqrt(2) / np.sqrt(noise.shape[1]) * noise",
            "from minigan.exercises import check\n",
            "import numpy as np\n\nfrom minigan.exercises import check\n",
        ),
    ],
    "best_d": [
        ("return p / (p + q)", "return 1 / (1 + q / p)"),
        ("return p / (p + q)", "ratio = p / q\n    return ratio / (1 + ratio)"),
    ],
    "value": [
        (
            "(x_log_y(p, D) + x_log_y(q, 1 - D)).sum()",
            "float(np.sum(x_log_y(p, D))) + float(np.sum(x_log_y(q, 1 - D)))",
        ),
        (
            "(x_log_y(p, p / m) + x_log_y(q, q / m)).sum() / 2",
            "(np.log(4) + value(p / (p + q), p, q)) / 2",
        ),
    ],
    "slopes": [
        ("return -p ", "return -1 / (1 - p) * p * (1 - p) "),
        ("return p - 1 ", "return -(1 - p) "),
    ],
    "step_d": [
        (
            "    fake = G(z).detach()  # (N, 2)\n",
            "    from minigan import no_grad\n\n    with no_grad():\n        fake = G(z)\n",
        ),
        (
            "    loss = bce(D(real), 1.0) + bce(D(fake), 0.0)  # (N, 1), (N, 1) -> ()\n"
            "    opt_D.zero_grad()\n",
            "    opt_D.zero_grad()\n    loss = bce(D(fake), 0.0) + bce(D(real), 1.0)\n",
        ),
        (
            "bce(D(real), 1.0) + bce(D(fake), 0.0)",
            "(-D(real)).exp().__radd__(1).log().mean() + D(fake).exp().__radd__(1).log().mean()",
        ),
    ],
    "step_g": [
        (
            "    loss = bce(D(G(z)), 1.0)  # (N, 2) -> (N, 2) -> (N, 1) -> ()\n"
            "    opt_G.zero_grad()\n",
            "    opt_G.zero_grad()\n    loss = bce(D(G(z)), 1.0)\n",
        ),
        (
            "    loss = bce(D(G(z)), 1.0)  # (N, 2) -> (N, 2) -> (N, 1) -> ()\n",
            "    from minigan.nn import frozen\n\n"
            "    with frozen(D):\n        loss = -D(G(z)).sigmoid().log().mean()\n",
        ),
    ],
    "w1": [
        ("cost.mean()", "cost.sum() / len(cost)"),
        (
            "np.abs(x - y)  # (n,), the way",
            "np.array([abs(a - b) for a, b in zip(x, y)])  # the way",
        ),
    ],
    "clip": [
        ("np.clip(p.data, -c, c)", "np.minimum(np.maximum(p.data, -c), c)"),
        (
            "    for p in f.parameters():\n        p.data = np.clip(p.data, -c, c)",
            "    from minigan import no_grad\n\n    with no_grad():\n"
            "        for p in f.parameters():\n            p.copy_(p.clip(-c, c))",
        ),
    ],
    "x_hat": [
        ("eps * real + (1 - eps) * fake", "fake + eps * (real - fake)"),
        ("eps = eps[:, None]", "eps = eps.reshape(-1, 1)"),
        (
            "eps * real + (1 - eps) * fake",
            "np.stack([e * r + (1 - e) * f for e, r, f in zip(eps, real, fake)])",
            "def interpolate",
            "import numpy as np\n\n\ndef interpolate",
        ),
    ],
    "penalty": [
        ("g.norm(axis=1)", "((g * g).sum(axis=1) + 1e-12).sqrt()"),
        ("((norms - 1) ** 2).mean()", "(norms * norms - 2 * norms + 1).sum() / len(norms)"),
        (
            "grad(f(x_hat).sum(), x_hat,",
            "grad(f(x_hat), x_hat, Tensor(1.0 + 0 * f(x_hat).data),",
            "from minigan import grad",
            "from minigan import Tensor, grad",
        ),
    ],
    "step_f": [
        (
            "    loss = f(fake).mean() - f(real).mean() + weight * penalty  # ()\n"
            "    opt_f.zero_grad()\n",
            "    opt_f.zero_grad()\n"
            "    loss = weight * penalty - (f(real).mean() - f(fake).mean())\n",
        ),
        ("    loss.backward()\n", "    loss.backward(retain_graph=True)\n"),
    ],
    "stuck_gan": [
        (
            "bce(D(fake.detach()), 0.0)",
            "bce(D(fake), 0.0)",
            "        opt_D.step()\n",
            "        opt_D.step()\n        opt_G.zero_grad()\n",
        ),
    ],
    "wrong_way": [
        (
            "d_loss = bce(D(real), 1.0) + bce(D(fake.detach()), 0.0)",
            "d_loss = bce(D(real), 0.0) + bce(D(fake.detach()), 1.0)",
            "g_loss = bce(D(fake), 1.0)",
            "g_loss = bce(D(fake), 0.0)",
        ),
    ],
    "stuck_wgan": [("# no norm at all, or nn.LayerNorm(16)", "nn.LayerNorm(16),")],
    "runs_away": [
        (
            "    opt_G, opt_D = [optim.Adam(net.parameters(), **adam) for net in (G, D)]\n",
            "    opt_G = optim.Adam(G.parameters(), **adam)\n"
            "    opt_D = optim.RMSprop(D.parameters(), 0.01)\n",
        ),
    ],
    "modes": [
        ("distances = np.sqrt((ways**2).sum(axis=2))", "distances = np.linalg.norm(ways, axis=-1)"),
        ("len(covered), good.mean()", "np.int64(covered.size), sum(good) / len(samples)"),
        (
            "covered = np.unique(nearest[good])",
            "covered = {int(i) for i, g in zip(nearest, good) if g}",
        ),
    ],
    "frechet": [
        (
            "    return shift + np.trace(cov1 + cov2 - 2 * cross)",
            "    values = np.linalg.eigvals(cov1 @ cov2).real\n"
            "    roots = np.sqrt(np.maximum(values, 0)).sum()\n"
            "    return shift + np.trace(cov1) + np.trace(cov2) - 2 * roots",
        ),
        (
            "root1 = root(cov1)",
            "root1 = np.linalg.cholesky(cov1)",
            "cross = root(root1 @ cov2 @ root1)",
            "cross = root(root1.T @ cov2 @ root1)",
        ),
        (
            "    root1 = root(cov1)",
            "    cov1, cov2 = cov2, cov1\n    root1 = root(cov1)",
            "((mean1 - mean2) ** 2).sum()",
            "(mean2 - mean1) @ (mean2 - mean1)",
        ),
    ],
}
