"""One pair for all tests of this directory; each makes its own tables anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from compare_world import Bench
from support.pair import Pair


@pytest.fixture(scope="module")
def bench(new_pair: Callable[..., Pair]) -> Bench:
    return Bench(new_pair())
