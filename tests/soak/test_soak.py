"""Windows over a production that lives, with nobody tampering: there is never a false alarm.

``EGROW_SOAK`` says how many, ``EGROW_SOAK_SEED`` with which seed the first one begins, ``EGROW_SOAK_LANES`` how many
are open at a time, each on databases of its own; with one lane servers are stopped as well. ``make soak`` runs 200.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from soak_world import Soak
from support.pair import Pair

FIRST = int(os.environ.get("EGROW_SOAK_SEED", "1"))
COUNT = int(os.environ.get("EGROW_SOAK", "8"))
LANES = int(os.environ.get("EGROW_SOAK_LANES", "2"))


Lanes = list[Pair]


@pytest.fixture(scope="module")
def new_lane(new_pair: Callable[..., Pair], new_module_lab: Callable[..., Pair]) -> Callable[[], Pair]:
    """Makes a production for a lane and all of its windows: what one leaves, the next has to live with.

    Only who has servers of their own can stop them.
    """
    return new_module_lab if LANES == 1 else new_pair


@pytest.fixture(scope="module")
def lanes(new_lane: Callable[[], Pair]) -> Lanes:
    return [new_lane() for _ in range(LANES)]


@pytest.mark.parametrize("first", range(FIRST, FIRST + COUNT, LANES))
def test_no_false_alarm(lanes: Lanes, new_lane: Callable[[], Pair], first: int) -> None:
    seeds = range(first, min(first + LANES, FIRST + COUNT))
    with ThreadPoolExecutor(LANES) as pool:
        windows = [pool.submit(Soak(lanes[n], seed, alone=LANES == 1).run) for n, seed in enumerate(seeds)]
    failures = []
    for n, window in enumerate(windows):
        if failure := window.exception():
            failures.append(failure)
            lanes[n] = new_lane()  # this one may still have a window open
    if failures:
        raise failures[0]
