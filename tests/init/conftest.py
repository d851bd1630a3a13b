"""Places for ``init``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from init_world import FOREIGN, FOREIGN_DEV, FOREIGN_PROD, Place
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server


@pytest.fixture(scope="session")
def read_pair(new_pair: Callable[..., Pair]) -> Pair:
    """The academy, for tests that only read it."""
    return new_pair()


@pytest.fixture
def place(tmp_path: Path, read_pair: Pair) -> Place:
    """An empty directory, and the academy."""
    return Place(tmp_path, read_pair)


@pytest.fixture(scope="module")
def foreign(new_pair: Callable[..., Pair], tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Two empty databases with a shop of quoted names in two schemas."""
    pair = new_pair(template="template1", set_up=False)
    pair.both_sql(FOREIGN)
    pair.dev_sql(FOREIGN_DEV)
    pair.prod_sql(FOREIGN_PROD)
    counted = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'Cola'"
    wait_until(lambda: (pair.value(Server.PROD, counted) or 0) >= 88, 10, what="the server's counters")
    place = Place(tmp_path_factory.mktemp("foreign"), pair)
    place.use_env_files()
    return place
