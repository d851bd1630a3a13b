"""The server of the differential test, and its counts in pytest's summary."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

sys.path.append(str(Path(__file__).parent.parent / "guard"))

from corpora import read_catalog
from differential_world import trapped_server
from grammar import Catalog
from watching import Tally, Watcher

from egrow_replica.db import pinned_options
from egrow_replica.lab.lab import Lab

_TALLIES: dict[str, Tally] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was asked and run."""
    if not _TALLIES:
        return
    terminalreporter.section("guard against PostgreSQL")
    total = Tally()
    for name, tally in _TALLIES.items():
        terminalreporter.line(f"{name}: {tally}")
        total.add(tally)
    terminalreporter.line(f"in all: {total}")


@pytest.fixture(scope="session")
def trapped() -> Iterator[Lab]:
    with trapped_server() as lab:
        yield lab


@pytest.fixture(scope="session")
def watcher(trapped: Lab) -> Iterator[Watcher]:
    watching = Watcher(trapped.prod_admin_dsn)
    yield watching
    watching.close()


@pytest.fixture(scope="session")
def catalog(trapped: Lab) -> Catalog:
    with psycopg.connect(trapped.prod_admin_dsn, options=pinned_options()) as connection:
        return read_catalog(connection)


@pytest.fixture(scope="session")
def tallies() -> dict[str, Tally]:
    return _TALLIES
