"""Which copies of a decoder's input run together behind one prefix that is read from a cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tokimp.models.masking import Copy
from tokimp.models.tokens import Ids

# A forward pass reads all weights once and starts many small operations: measured on two cores,
# that takes as long as this many tokens.
TOKENS_OF_A_PASS = 64
BIG_ENDIAN = np.dtype(">u4")  # so that bytes stand in the order of the ids


class Group(NamedTuple):
    """Copies `members` whose first `shared` tokens are the same and need not run again."""

    shared: int
    members: tuple[int, ...]


@dataclass
class _Node:
    """A prefix in the tree of all copies: who starts with it, and the tokens that its being so short costs them."""

    depth: int
    members: list[int] = field(default_factory=list)
    excess: int = 0


def groups(copies: Sequence[Copy], pass_tokens: int = TOKENS_OF_A_PASS) -> list[Group]:
    """Every copy once, in groups ordered so that each prefix is mostly there from the one before.

    The copies form a tree of prefixes. From the leaves up, copies wait for more company at shorter
    prefixes until the tokens that would run again outweigh a pass of their own. What a copy's target
    is read from is never part of the prefix. For n copies of n tokens with one token changed in
    each this makes groups of about the square root of 2 × `pass_tokens`. What an encoder reads is
    shared as a whole or not at all.
    """
    if not copies:
        return []
    order = sorted(range(len(copies)), key=lambda i: (copies[i].source, copies[i].ids.astype(BIG_ENDIAN).tobytes()))
    common = [_common(copies[one], copies[other]) for one, other in pairwise(order)]
    found: list[Group] = []
    open_nodes = [_Node(0)]
    for copy, before, behind in zip(order, [0, *common], [*common, 0], strict=True):
        _open(open_nodes, max(before, behind)).members.append(copy)
        while open_nodes[-1].depth > behind:
            node = open_nodes.pop()
            parent = _open(open_nodes, behind)
            lost = node.depth - parent.depth
            excess = node.excess + lost * len(node.members)
            if excess - lost > pass_tokens and len(node.members) > 1:  # a prefix of one's own runs once, too
                found.append(Group(node.depth, tuple(node.members)))
            else:
                parent.members += node.members
                parent.excess += excess
    if open_nodes[0].members:
        found.append(Group(0, tuple(open_nodes[0].members)))
    return found


def same_start(one: Ids, other: Ids) -> int:
    """How many first tokens two inputs share."""
    length = min(len(one), len(other))
    different = np.flatnonzero(one[:length] != other[:length])
    return int(different[0]) if len(different) else length


def _common(one: Copy, other: Copy) -> int:
    shared = min(same_start(one.ids, other.ids), one.position, other.position)
    return shared if one.source == other.source <= shared else 0


def _open(nodes: list[_Node], depth: int) -> _Node:
    """The innermost open node, after opening one of that depth where the innermost is shorter."""
    if nodes[-1].depth < depth:
        nodes.append(_Node(depth))
    return nodes[-1]
