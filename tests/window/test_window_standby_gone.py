"""Commits that wait for a synchronous standby which is gone: an application's do, and a window's do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from support.pair import SIDES, Pair
from support.waiting import wait_until

from egrow_replica.model import Server

#: Seconds; nothing of a window may wait for the standby, so that this is many times what it takes.
SOON = 60.0


@pytest.fixture(scope="module")
def servers(new_module_lab: Callable[..., Pair]) -> Pair:
    return new_module_lab()


def set_standby(pair: Pair, server: Server, names: str) -> None:
    pair.run_sql(server, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    pair.run_sql(server, "SELECT pg_reload_conf()")
    wait_until(lambda: pair.value(server, "SHOW synchronous_standby_names") == names, 10, what="the setting")


@contextmanager
def standby_gone(pair: Pair, *servers: Server) -> Iterator[None]:
    try:
        for server in servers:
            set_standby(pair, server, "gone")
        yield
    finally:
        for server in servers:
            set_standby(pair, server, "")


@pytest.mark.parametrize("servers_without", [(Server.DEV,), (Server.PROD,), SIDES], ids=["dev", "prod", "both"])
def test_a_window_is_opened_and_closed(servers: Pair, servers_without: tuple[Server, ...]) -> None:
    name = "-".join(("gone", *servers_without))
    servers.dev_sql("UPDATE courses SET title = title || '.'")
    with standby_gone(servers, *servers_without):
        for command in (
            ("enable", "--name", name, "--no-backup"),
            ("pause",),
            ("resume",),
            ("validate",),
            ("disable",),
            ("restore", name),
        ):
            result = servers.cli(*command, seconds=SOON)
            assert result.exit_code == 0, str(result)
    assert servers.leftovers() == []


def test_the_standby_goes_while_a_window_is_open(servers: Pair) -> None:
    servers.dev_sql("UPDATE courses SET title = title || '.'")
    servers.ok("enable", "--name", "goes", "--no-backup")
    servers.dev_sql("UPDATE courses SET title = title || '!'")
    with standby_gone(servers, *SIDES):
        assert servers.cli("status", seconds=SOON).exit_code == 0
        closed = servers.cli("disable", seconds=SOON)
        assert closed.exit_code == 0, str(closed)
        assert closed.json["validation"]["verdict"] == "intact"
    assert servers.leftovers() == []
