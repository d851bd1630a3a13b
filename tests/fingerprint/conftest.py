"""Databases on the academy's servers, and on Debian's 15 where it is installed: it has xml, and another age."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fingerprint_world import Place
from support.pair import open_directory

from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def places(academy: Lab) -> Iterator[list[Place]]:
    """Two servers of the lab's version, and an old one."""
    with ExitStack() as stack:
        made = [Place("production", academy, Server.PROD), Place("dev", academy, Server.DEV)]
        if (DEBIAN_15 / "postgres").is_file():
            directory = stack.enter_context(open_directory())
            lab = stack.enter_context(Lab.start(directory / "lab", bin_dir=DEBIAN_15, load=False))
            made.append(Place("Debian's 15", lab, Server.PROD))
        yield made
        for place in made:
            place.close()


@pytest.fixture
def place(places: list[Place]) -> Place:
    """The first of them."""
    return places[0]
