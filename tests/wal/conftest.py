"""A server of every version with pg_walinspect, and a database of its own for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from _pytest.mark.structures import ParameterSet
from support.versions import bin_dirs
from wal_world import TEMPLATE, World, open_directory, prepare

from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server

_numbers = itertools.count(1)
_SERVERS = bin_dirs()


def _versions() -> list[ParameterSet]:
    """The lab's own version always, the others among the slow tests."""
    names = list(_SERVERS)
    return [pytest.param(name, marks=() if name == names[0] else pytest.mark.slow) for name in names]


@pytest.fixture(scope="session", params=_versions())
def wal_lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    with (
        open_directory() as directory,
        Lab.start(directory / "lab", bin_dir=_SERVERS[request.param], load=False) as lab,
    ):
        prepare(lab)
        yield lab


@pytest.fixture
def world(wal_lab: Lab) -> Iterator[World]:
    name = f"wal{next(_numbers)}"
    wal_lab.create_database(Server.PROD, name, template=TEMPLATE)
    world = World(wal_lab, name)
    yield world
    world.close()
    wal_lab.on("postgres").psql(Server.PROD, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots;")
    wal_lab.drop_database(Server.PROD, name)
