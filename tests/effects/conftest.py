from __future__ import annotations

from collections.abc import Iterator

import pytest
from effects_world import OLD, World, a_world
from setups_world import Production, a_production


@pytest.fixture(scope="session", params=["newest", pytest.param("15", marks=pytest.mark.slow)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The lab's servers, and Debian's 15 among the slow tests: there it has to be installed."""
    old = request.param == "15"
    with a_world(OLD if old else None) as world:
        yield world


@pytest.fixture(scope="session")
def production() -> Iterator[Production]:
    """A production on which set-ups are planted."""
    with a_production() as production:
        yield production
