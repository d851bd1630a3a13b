"""Whatever a write of content sets in motion, over however many steps: it is found or leaves no trace."""

from __future__ import annotations

import os
import sys

import pytest
from setups_chains import chain
from setups_world import Production, changed, picture, refusals, write, write_judged

#: How many chains a run tries; each is the same in every run.
CHAINS = int(os.environ.get("EGROW_CHAINS", "25"))
MANY = 1000


def test_no_chain_ends_outside_content(production: Production) -> None:
    _try(production, range(CHAINS))


@pytest.mark.slow
def test_no_chain_of_many_ends_outside_content(production: Production) -> None:
    _try(production, range(CHAINS, CHAINS + MANY))


def _try(production: Production, seeds: range) -> None:
    failed: list[str] = []
    biting = found = 0
    for seed in seeds:
        set_up = chain(seed)
        with production.planted(set_up) as (database, schema):
            refused = bool(refusals(database, schema))
            before = _picture(database, schema)
            stopped = write_judged(database, schema, set_up)
            after = _picture(database, schema)
            write(database, schema, set_up)
            bites = bool(changed(after, _picture(database, schema)))
        left = changed(before, after)
        moved = [name for name in left if name.endswith(("tickets", "_id_seq"))]
        if set(left) - set(moved) or (left and not refused) or (bites and not stopped):
            failed.append(f"{set_up.name}: {left}, {'' if refused else 'not '}refused beforehand")
        biting += bites
        found += bites and refused
    sys.stdout.write(f"\n{len(seeds)} chains, {biting} bite, {found} of those are refused beforehand\n")
    assert failed == []
    assert biting > len(seeds) * 0.8, "most of them show nothing"


def _picture(database: Production, schema: str) -> dict[str, str]:
    with database.connect() as connection:
        return picture(connection, schema)
