"""Several productions that one dev feeds open, stream, pause, fail, die and close windows of the same names at once.

``EGROW_SOAK_SECONDS`` says how long, ``EGROW_SOAK_SEED`` with which seed. ``make soak`` gives it five minutes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from productions_world import Production, editors
from support.pair import Pair, further_production

from egrow_replica.model import Server

SECONDS = float(os.environ.get("EGROW_SOAK_SECONDS", "15"))
SEED = int(os.environ.get("EGROW_SOAK_SEED", "1"))
PRODUCTIONS = 3


def test_each_ends_as_if_it_were_alone(new_pair: Callable[..., Pair]) -> None:
    first = new_pair()
    pairs = [first, *(further_production(first) for _ in range(PRODUCTIONS - 1))]
    try:
        productions = [Production(pair, SEED, lane) for lane, pair in enumerate(pairs)]
        with editors(first, SEED), ThreadPoolExecutor(PRODUCTIONS) as pool:
            runs = [pool.submit(one.run, SECONDS) for one in productions]
        for run in runs:
            run.result()
        for one in productions:
            assert one.done, "it has done something"
        # Once more, with nobody at work: each production comes to what dev has.
        for pair in pairs:
            pair.ok("sync", "--name", "the-last", "--no-backup")
            dev, prod = (pair.value(server, "SELECT count(*) FROM lessons") for server in Server)
            assert prod >= dev
        assert [one for one in first.leftovers() if one.startswith("dev:")] == []
    finally:
        for pair in reversed(pairs[1:]):
            pair.drop()
