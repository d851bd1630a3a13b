"""Time-outs and defaults that roles, databases or the server were given: a window pins its own, whoever set them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from support.pair import SIDES, Pair
from support.waiting import wait_until

from egrow_replica.model import Server

#: Who may be given a setting; a later one outranks an earlier one.
LEVELS = {
    "server": "ALTER SYSTEM",
    "database": "ALTER DATABASE {database}",
    "role": "ALTER ROLE {role}",
    "role in database": "ALTER ROLE {role} IN DATABASE {database}",
}
#: Values that end or change each session of ours which does not set its own.
HOSTILE = {
    "idle_session_timeout": "'300ms'",
    "idle_in_transaction_session_timeout": "'300ms'",
    "statement_timeout": "'5ms'",
    "default_transaction_isolation": "'serializable'",
    "default_transaction_deferrable": "on",
    "default_transaction_read_only": "on",
    "synchronous_commit": "remote_apply",
}


@pytest.fixture(scope="module")
def servers(new_module_lab: Callable[..., Pair]) -> Pair:
    return new_module_lab()


def reload(pair: Pair, server: Server) -> None:
    before = pair.value(server, "SELECT pg_conf_load_time()")
    pair.run_sql(server, "SELECT pg_reload_conf()")
    wait_until(lambda: pair.value(server, "SELECT pg_conf_load_time()") != before, 10, what="the settings")


@contextmanager
def given(pair: Pair, level: str, settings: dict[str, str]) -> Iterator[None]:
    """Both servers give the settings to the operator's sessions, or to everybody's."""
    names = {"database": pair.database, "role": "egrow_operator"}
    alter = LEVELS[level].format(**names)
    try:
        for server in SIDES:
            for name, value in settings.items():
                pair.run_sql(server, f"{alter} SET {name} = {value}")
            if level == "server":
                reload(pair, server)
        yield
    finally:
        for server in SIDES:
            for name in settings:
                pair.run_sql(server, f"{alter} RESET {name}")
            if level == "server":
                reload(pair, server)


@pytest.mark.parametrize("level", LEVELS)
def test_an_idle_session_is_not_ended(servers: Pair, level: str) -> None:
    """The lock's session is idle while the window is made, and the slot's for as long as its snapshot is needed."""
    servers.dev_sql("UPDATE courses SET title = title || '.'")
    with given(servers, level, {"idle_session_timeout": "'100ms'"}):
        servers.ok("enable", "--name", f"idle-{level.replace(' ', '-')}")
        servers.ok("pause")
        servers.ok("resume")
        servers.ok("disable")
    assert servers.leftovers() == []


def test_no_other_default_of_a_role_changes_a_window(servers: Pair) -> None:
    servers.dev_sql("UPDATE courses SET title = title || '.'")
    with given(servers, "role in database", HOSTILE):
        servers.ok("sync", "--name", "hostile", "--no-backup")
        servers.ok("restore", "hostile")
    assert servers.leftovers() == []


def test_the_stream_pins_what_could_end_it(servers: Pair) -> None:
    """On dev the worker logs in as a role of its own, which may have been given anything."""
    servers.ok("enable", "--name", "stream", "--no-backup")
    conninfo = servers.value(Server.PROD, "SELECT subconninfo FROM pg_subscription")
    for pinned in ("idle_session_timeout=0", "transaction_timeout=0", "statement_timeout=0", "lock_timeout="):
        assert pinned in conninfo.replace("\\", ""), pinned
    servers.ok("disable")
