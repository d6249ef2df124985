"""Node: a number that remembers how it was computed. The exercises of chapter 2 use it."""


class Node:
    def __init__(self, value, inputs=(), rule=None):
        self.value = value  # a number
        self.inputs = inputs  # the Nodes that it was computed from. A leaf has none
        self.rule = rule  # rule(g, *inputs): a tuple with the gradient of each input
        self.generation = 1 + max((x.generation for x in inputs), default=-1)

    def __add__(self, other):
        value = self.value + other.value
        return Node(value, (self, other), lambda g, a, b: (g, g))

    def __mul__(self, other):
        value = self.value * other.value
        return Node(value, (self, other), lambda g, a, b: (g * b, g * a))

    def __repr__(self):
        return f"Node({self.value})"
