"""The server of the differential test, and its counts in pytest's summary."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

sys.path.append(str(Path(__file__).parent.parent / "guard"))

from corpora import read_catalog
from differential_world import ASKED, read_files, trapped_server
from grammar import Catalog
from watching import Tally, Watcher

from egrow_replica.catalog import Scope
from egrow_replica.catalog.scope import content_table
from egrow_replica.catalog.tables import read_foreign_keys, read_owned_sequences, read_relations, read_tables
from egrow_replica.db import connect, parse_dsn, pinned_options
from egrow_replica.guard import Policy
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server

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
    files = read_files(trapped)
    watching = Watcher(trapped.prod_admin_dsn)
    yield watching
    watching.close()
    assert read_files(trapped) == files, "a file of the server was made, changed or removed"


@pytest.fixture(scope="session")
def catalog(trapped: Lab) -> Catalog:
    with psycopg.connect(trapped.prod_admin_dsn, options=pinned_options()) as connection:
        return read_catalog(connection)


@pytest.fixture(scope="session")
def world_scope(trapped: Lab) -> Scope:
    """The content of the trapped database, as the project reads it."""
    dsn = parse_dsn(SecretStr(trapped.prod_admin_dsn), name="prod")
    with connect(dsn, Server.PROD, Policy.reading(), what="test") as door:
        content = ASKED["content"].content
        tables = read_tables(door, [one for name, one in read_relations(door).items() if name in content])
        oids = [table.relation.oid for table in tables.values()]
        found = [content_table(table, table, (), None) for table in tables.values()]
        return Scope(
            tables=tuple(table for table in found if table is not None),
            sequences=tuple(read_owned_sequences(door, oids)),
            foreign_keys=tuple(read_foreign_keys(door)),
        )


@pytest.fixture(scope="session")
def tallies() -> dict[str, Tally]:
    return _TALLIES
