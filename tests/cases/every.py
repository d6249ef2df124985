"""The cases of all families, in one table."""

from cases import arithmetic, conv, elementwise, losses, matmul, nn, norm, reduce, shape

FAMILIES = [arithmetic, conv, elementwise, losses, matmul, nn, norm, reduce, shape]
CASES = [case for family in FAMILIES for case in family.CASES]
