"""The moves of a run as text, for the address of the page: which player did each step."""

import re

from minigan.lab.problems import RequestError

D, G = "D", "G"
MOST = 1_000_000  # moves of a run


def to_text(moves, k):
    """The moves as text: s120.D5.G1 is 120 steps of the schedule, 5 of D and one of G.

    >>> to_text("DGDGDDG", k=1)
    's5.D1.s1'
    """
    parts, since = [], 0  # since: steps of D after the last of G
    for move in moves:
        by_schedule = move == (G if since >= k else D)
        since = 0 if move == G else since + 1
        kind = "s" if by_schedule else move
        if parts and parts[-1][0] == kind:
            parts[-1][1] += 1
        else:
            parts.append([kind, 1])
    return ".".join(f"{kind}{count}" for kind, count in parts)


def parse(text, k):
    """The players of the moves in a text, "D" or "G" each. Raises RequestError if it is not one.

    >>> parse("s5.D1.s1", k=1)
    ['D', 'G', 'D', 'G', 'D', 'D', 'G']
    """
    if not isinstance(text, str) or not re.fullmatch(r"([sDG]\d{1,9}(\.[sDG]\d{1,9})*)?", text):
        raise RequestError("The moves must look like s120.D5.G1.")
    moves, since = [], 0
    for part in text.split(".") if text else []:
        if len(moves) + int(part[1:]) > MOST:
            raise RequestError(f"A run has at most {MOST:,} moves.")
        for _ in range(int(part[1:])):
            move = part[0] if part[0] != "s" else G if since >= k else D
            since = 0 if move == G else since + 1
            moves.append(move)
    return moves
