"""Decide which arrays of gradients may be changed in place during one walk."""

from minigan.tensor import Tensor


class Memory:
    """Knows which arrays nobody else holds, and adds gradients up in them.

    A rule may return gy itself, or a view of it. So the first gradient of a tensor is not changed.
    The sum of two gradients is a new array, and a third one is added to it in place. With
    create_graph the gradients are Tensors, which are never changed in place.
    """

    def __init__(self, total, create_graph):
        self.create_graph = create_graph
        self.held = set(map(id, total.values()))  # the arrays that somebody else may hold
        self.ours = set()  # the tensors whose sum is an array of ours

    def add(self, x, total, gx, others):
        """The sum for x with one more gradient, gx. others: the arrays that gx may be, too."""
        if self.create_graph:
            return total + gx
        if x not in self.ours:
            self.ours.add(x)
            new = gx.base is None and id(gx) not in self.held and sum(g is gx for g in others) < 2
            total, gx = gx if new else gx.copy(), total
        total += gx
        return total

    def own(self, x, g):
        """The gradient of x as a Tensor whose memory nobody else holds."""
        if self.create_graph:
            return g
        if x.op is not None or g.base is not None or id(g) in self.held:
            g = g.copy()
        self.held.add(id(g))
        return Tensor(g)
