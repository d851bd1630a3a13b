"""Windows over a production that lives, with nobody tampering: there is never a false alarm.

``EGROW_SOAK`` says how many, ``EGROW_SOAK_SEED`` with which seed the first one begins; ``make soak`` runs 200.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from soak_world import Soak
from support.pair import Pair

FIRST = int(os.environ.get("EGROW_SOAK_SEED", "1"))
COUNT = int(os.environ.get("EGROW_SOAK", "8"))


@pytest.fixture(scope="module")
def production(new_pair: Callable[..., Pair]) -> Pair:
    """One for all windows: what one leaves, the next has to live with."""
    return new_pair()


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_no_false_alarm(production: Pair, seed: int) -> None:
    Soak(production, seed).run()
