"""Servers whose roles may go, and pairs of databases on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from setup_world import OURS, our_roles
from support.pair import SIDES, Pair, make_pair

from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server


@pytest.fixture(scope="module")
def own_lab(new_module_lab: Callable[..., Pair]) -> Lab:
    return new_module_lab(set_up=False).lab


@pytest.fixture
def new_own_pair(own_lab: Lab) -> Iterator[Callable[..., Pair]]:
    """Makes pairs of databases on the same two servers; none of our roles is there before or after a test."""
    made: list[Pair] = []
    with ExitStack() as stack:

        def make(**options: object) -> Pair:
            there = own_lab.psql(Server.PROD, "SELECT rolname FROM pg_roles").split()
            roles = frozenset((*there, *OURS))
            pair = make_pair(own_lab, roles=roles, **options)  # type: ignore[arg-type]
            made.append(pair)
            stack.callback(pair.drop)
            return pair

        yield make
    for server in SIDES:
        for name in (one for one in own_lab.psql(server, "SELECT rolname FROM pg_roles").split() if "egrow" in one):
            own_lab.psql(server, f'DROP OWNED BY "{name}"; DROP ROLE "{name}"')


@pytest.fixture
def own(new_own_pair: Callable[..., Pair]) -> Pair:
    """One pair, with everything that setup makes."""
    pair = new_own_pair()
    assert our_roles(pair, Server.PROD)
    return pair
