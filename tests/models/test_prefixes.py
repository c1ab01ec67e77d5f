"""Copies that start alike run behind one prefix, with the same values and far fewer tokens."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import models
from tests.traces import no_trace
from tokimp.models import scoring
from tokimp.models.masking import Copy
from tokimp.models.prefix_cache import PrefixCache
from tokimp.models.prefixes import Group, groups, same_start
from tokimp.models.scoring import Scorer
from tokimp.types import Target
from tokimp.watch import Watch

DECODERS = [family for family, task in models.ROWS if task == "next-token"]
EVERY_DECODER = pytest.mark.parametrize("family", DECODERS)
LENGTH = 24


def changed_at_each(length: int, other: int = 5) -> list[Copy]:
    """The text, and copies with one token changed."""
    ids = np.arange(length) + 10
    eye = np.eye(length, dtype=bool)
    return [Copy(ids, length - 1), *[Copy(np.where(row, other, ids), length - 1) for row in eye]]


def tokens_run(copies: list[Copy], found: list[Group]) -> int:
    """Tokens of all copies behind their prefixes, and of the prefixes themselves."""
    path, run = np.empty(0, dtype=np.int64), 0
    for shared, members in found:
        prefix = copies[members[0]].ids[:shared]
        kept = same_start(path, prefix)
        if kept < shared:
            path, run = prefix, run + shared - kept
        run += sum(len(copies[i].ids) - shared for i in members)
    return run


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8), max_size=40), st.integers(0, 40))
def test_every_copy_stands_once_behind_a_prefix_of_its_own(rows: list[list[int]], cost: int) -> None:
    copies = [Copy(np.array(row), len(row) - 1) for row in rows]
    found = groups(copies, cost)
    assert sorted(i for group in found for i in group.members) == list(range(len(copies)))
    for shared, members in found:
        first = copies[members[0]].ids[:shared]
        for i in members:
            assert shared <= copies[i].position
            np.testing.assert_array_equal(copies[i].ids[:shared], first)


def test_leave_one_out_runs_little_more_than_what_changed() -> None:
    copies = changed_at_each(68)
    found = groups(copies, 32)
    assert sum(len(copy.ids) for copy in copies) == 4692
    least = 68 + sum(68 - i for i in range(68))  # the text, and each copy from its change on
    assert least == 2414
    assert tokens_run(copies, found) < 1.1 * least
    assert len(found) <= 10
    assert tokens_run(copies, groups(copies)) < 1.2 * least


def test_a_permutation_shares_prefixes_too() -> None:
    order = np.random.default_rng(0).permutation(68)
    keep = np.array([np.isin(np.arange(68), order[:count]) for count in range(1, 69)])
    copies = [Copy(np.where(row, np.arange(68) + 10, 5), 67) for row in keep]
    assert tokens_run(copies, groups(copies, 32)) < 0.65 * 68 * 68
    assert tokens_run(copies, groups(copies)) < 0.7 * 68 * 68


def test_copies_that_have_little_in_common_run_together() -> None:
    copies = [Copy(np.array([i, 7, 8]), 2) for i in range(20)]
    assert groups(copies) == [Group(0, tuple(range(20)))]
    assert groups([]) == []


@EVERY_DECODER
def test_values_behind_a_prefix_are_the_plain_ones(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.shared(family, "next-token")
    copies = changed_at_each(LENGTH)
    copies += [Copy(np.delete(copies[0].ids, i), LENGTH - 2) for i in range(LENGTH)]
    targets = [Target(7, "", 0), Target(9, "", 0, contrast=8, output="log_prob", continuation=(11, 12))]
    with torch.inference_mode():
        plain = [float(model.logits(model.embed(copy.ids)[None], models.last(copy.ids))[0, 0, 7]) for copy in copies]
    scorer = Scorer(model, targets, Watch())
    lengths: list[int] = []
    behind = PrefixCache.behind
    monkeypatch.setattr(
        PrefixCache, "behind", lambda self, prefix: (lengths.append(len(prefix)), behind(self, prefix))[1]
    )
    with no_trace(model):
        values = scorer(copies)
    assert max(lengths) > LENGTH / 2
    np.testing.assert_allclose(values, plain, rtol=1e-4, atol=1e-5)
    continued = scorer.select(1)(copies)
    monkeypatch.setattr(scoring, "groups", lambda copies: [Group(0, (i,)) for i in range(len(copies))])
    np.testing.assert_allclose(continued, Scorer(model, targets, Watch()).select(1)(copies), rtol=1e-4, atol=1e-5)


def test_a_prefix_keeps_what_the_next_one_shares_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model = models.shared("llama", "next-token")
    ran: list[int] = []
    extend = type(model).extend
    monkeypatch.setattr(
        type(model), "extend", lambda self, past, embeds: (ran.append(embeds.shape[1]), extend(self, past, embeds))[1]
    )
    cache = PrefixCache(model)
    assert cache.behind(np.empty(0, dtype=np.int64)) is None
    for prefix, run in (([1, 2, 3, 4], [4]), ([1, 2], []), ([1, 2, 3, 5, 6], [2]), ([7], [1])):
        ran.clear()
        past = cache.behind(np.array(prefix))
        assert past is not None
        assert past.get_seq_length() == len(prefix)
        assert ran == run
