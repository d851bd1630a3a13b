from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """One pair of servers for the tests that do not stop servers; tests that write take a database of their own."""
    with open_directory() as directory, Lab.start(directory / "lab") as lab:
        yield lab


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that the servers' user can pass through, unlike pytest's own when we are root."""
    with open_directory() as directory:
        yield directory


@contextmanager
def open_directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="egrow-test-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


_numbers = itertools.count(1)


@pytest.fixture
def database(lab: Lab) -> Iterator[Callable[..., str]]:
    """Makes databases on one of the servers and drops them afterwards."""
    made: list[tuple[Server, str]] = []

    def make(server: Server, template: str = "template1") -> str:
        name = f"test{next(_numbers)}"
        lab.create_database(server, name, template=template)
        made.append((server, name))
        return name

    yield make
    for server, name in made:
        lab.drop_database(server, name)
