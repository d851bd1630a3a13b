"""The servers that the tests run on, and a pair of databases for each of them. A missing server fails."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from support.pair import Pair, make_pair, open_directory

from egrow_replica.errors import EgrowError
from egrow_replica.lab.binaries import find_bin_dir
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server


def pytest_configure(config: pytest.Config) -> None:
    # A run in the background of a shell ignores SIGINT, and what it starts would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "slow: takes long and is left out unless --slow is given")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests that take long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


def pytest_report_header() -> str:
    try:
        postgres = find_bin_dir(None) / "postgres"
        return subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    except (EgrowError, OSError, subprocess.CalledProcessError) as error:
        return f"no PostgreSQL server: {error}"


@pytest.fixture(scope="session")
def academy() -> Iterator[Lab]:
    """One pair of servers for the whole run; tests work on copies of its databases."""
    with open_directory() as directory, Lab.start(directory / "lab") as lab:
        # The first pair makes the roles, which belong to the servers.
        make_pair(lab, roles=frozenset(), name="first").drop()
        yield lab


@pytest.fixture(scope="session")
def academy_roles(academy: Lab) -> frozenset[str]:
    """The roles that may be there when no window is open: with the one that ``setup`` makes where writes are held."""
    names = "SELECT rolname FROM pg_roles"
    there = (academy.psql(server, names).split() for server in Server)
    return frozenset({"egrow_maintenance"}.union(*there))


@pytest.fixture(scope="session")
def new_pair(academy: Lab, academy_roles: frozenset[str]) -> Iterator[Callable[..., Pair]]:
    """Makes pairs that live until the end of the run."""
    made: list[Pair] = []

    def make(**options: object) -> Pair:
        pair = make_pair(academy, roles=academy_roles, **options)  # type: ignore[arg-type]
        made.append(pair)
        return pair

    yield make
    for pair in made:
        pair.drop()


@pytest.fixture
def pair(academy: Lab, academy_roles: frozenset[str]) -> Iterator[Pair]:
    """A pair of one's own."""
    made = make_pair(academy, roles=academy_roles)
    yield made
    made.drop()


@pytest.fixture(scope="session")
def _kept(academy: Lab, academy_roles: frozenset[str]) -> Iterator[Callable[[], Pair]]:
    kept: list[Pair] = []

    def get() -> Pair:
        if kept and kept[0].is_used:
            kept.pop().drop()
        if not kept:
            kept.append(make_pair(academy, roles=academy_roles))
        return kept[0]

    yield get
    for made in kept:
        made.drop()


@pytest.fixture
def shared_pair(_kept: Callable[[], Pair]) -> Iterator[Pair]:
    """A pair in which no window was ever opened, shared by tests that should not open one; a new one where one did."""
    made = _kept()
    tables, logins, sections = dict(made.tables), dict(made.logins), dict(made.sections)
    yield made
    made.tables, made.logins, made.sections = tables, logins, sections
    made.configure()


@contextmanager
def open_labs(roles: frozenset[str]) -> Iterator[Callable[..., Pair]]:
    with ExitStack() as stack:

        def make(*, set_up: bool = True, **options: object) -> Pair:
            directory = stack.enter_context(open_directory())
            lab = stack.enter_context(Lab.start(directory / "lab", **options))  # type: ignore[arg-type]
            home = directory / "home"
            home.mkdir()
            pair = Pair(lab, home, roles=roles)
            if set_up:
                pair.set_up()
            return pair

        yield make


@pytest.fixture
def new_lab(academy_roles: frozenset[str]) -> Iterator[Callable[..., Pair]]:
    """Makes servers of one's own, with the academy in them and everything that setup makes."""
    with open_labs(academy_roles) as make:
        yield make


@pytest.fixture(scope="module")
def new_module_lab(academy_roles: frozenset[str]) -> Iterator[Callable[..., Pair]]:
    """As ``new_lab``, for all tests of a module."""
    with open_labs(academy_roles) as make:
        yield make
