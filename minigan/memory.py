"""Memory: which gradient arrays one walk may change in place."""

from minigan.tensor import Tensor


class Memory:
    """Adds gradients, in place where no rule or tensor can hold the array.

    The walk does not own the first gradient of a tensor: a rule may return gy itself, or a view of
    it. The sum of two gradients is a new array, which the walk owns, so a third is added in place.
    With create_graph the gradients are Tensors, which are never changed in place.
    """

    def __init__(self, total, create_graph):
        # The first gradients are kept. So no new array gets the id of one of them.
        self.create_graph, self.first = create_graph, [*total.values()]
        self.held = set(map(id, self.first))  # ids of arrays that others may hold
        self.ours = set()  # the tensors whose sum is an array that the walk owns

    def add(self, x, total, gx, others):
        """Return total + gx for the tensor x. others: arrays in use, which gx may be one of."""
        if self.create_graph:
            return total + gx
        if x not in self.ours:
            self.ours.add(x)
            new = gx.base is None and id(gx) not in self.held and sum(g is gx for g in others) < 2
            total, gx = gx if new else gx.copy(), total
        total += gx
        return total

    def own(self, x, g):
        """Return the gradient g of x as a Tensor that shares memory with nothing else."""
        if self.create_graph:
            return g
        if x.op is not None or g.base is not None or id(g) in self.held:
            g = g.copy()
        self.held.add(id(g))
        return Tensor(g)
