from __future__ import annotations

from collections.abc import Iterator

import pytest
from maintenance_world import APP, KEEPER, clear
from support.pair import Pair, make_pair

from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server


@pytest.fixture(scope="session")
def _held_pair(academy: Lab, academy_roles: frozenset[str]) -> Iterator[Pair]:
    pair = make_pair(academy, roles=academy_roles, set_up=False)
    pair.configure(maintenance={"roles": [APP]})
    pair.set_up()
    yield pair
    # Roles are the servers', and outlive a database.
    pair.drop()
    academy.psql(Server.PROD, f"DROP ROLE {KEEPER}")


@pytest.fixture
def held(_held_pair: Pair) -> Iterator[Pair]:
    """The pair; nothing is held before and after."""
    pair = _held_pair
    sections = {name: dict(values) for name, values in pair.sections.items()}
    yield pair
    clear(pair)
    pair.sections = sections
    pair.configure()
