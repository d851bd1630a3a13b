from __future__ import annotations

from collections.abc import Iterator

import pytest
from closure_world import OLD, World, a_world


@pytest.fixture(scope="session", params=["newest", "15"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The lab's servers, and Debian's 15 where it is installed."""
    old = request.param == "15"
    if old and not OLD.exists():
        pytest.skip(f"there is no PostgreSQL in {OLD}")
    with a_world(OLD if old else None) as world:
        yield world
