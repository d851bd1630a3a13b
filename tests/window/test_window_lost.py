"""A session of ours that is ended at a bad moment: the controller says what is left, and the next one goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr
from support.gate import Gated
from support.pair import SIDES, Pair
from support.waiting import wait_until

from egrow_replica.db import Door, connect, parse_dsn
from egrow_replica.errors import ServerUnavailable
from egrow_replica.guard import Policy
from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
#: What nobody can know who has lost a connection.
CLAIMED = "what was begun there is rolled back"


@pytest.fixture(scope="module")
def lab(new_module_lab: Callable[..., Pair]) -> Gated:
    return Gated(new_module_lab())


@pytest.fixture
def gated(lab: Gated) -> Iterator[Gated]:
    lab.pair.dev_sql("UPDATE courses SET title = title || '.'")
    yield lab
    for server in SIDES:
        lab.pair.lab.start_server(server)
    still = "SELECT 1 FROM egrow_replica.window WHERE state NOT IN ('closed', 'rolled_back')"
    if lab.pair.value(PROD, still):
        lab.pair.cli("disable", "--no-validate")


def end(pair: Pair, server: Server, what: str) -> None:
    """End the sessions of a command that introduce themselves so."""
    query = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name LIKE %s AND pid <> pg_backend_pid()"""
    assert pair.value(server, query, f"egrow-replica/%{what}") > 0


def test_the_locks_session(gated: Gated) -> None:
    """Nothing is taken back, because another controller may be at work; all that stands is named."""
    pair, name = gated.pair, gated.new_name()
    with gated.stopped("after", "slot", "enable", "--name", name, "--no-backup") as running:
        end(pair, PROD, "enable/lock")
    result = running.result()
    assert result.exit_code == 7, str(result)
    assert CLAIMED not in result.message
    assert f"window {name} is opening" in result.message
    for kind, server in (("origin", "prod"), ("slot", "dev"), ("publication", "dev")):
        assert f"{kind} egrow_{name}".replace("-", "_") in result.message.replace("-", "_"), kind
        assert server in result.message
    assert "`egrow-replica enable` goes on" in result.message
    pair.ok("enable", "--no-backup")
    pair.ok("disable")
    assert pair.leftovers() == []


@pytest.mark.parametrize(("moment", "step"), [("before", "slot"), ("after", "reconcile"), ("after", "subscription")])
def test_the_writing_session(gated: Gated, moment: str, step: str) -> None:
    """All is taken back over a new connection, and that is what is said."""
    pair, name = gated.pair, gated.new_name()
    before = pair.content()
    with gated.stopped(moment, step, "enable", "--name", name, "--no-backup") as running:
        end(pair, PROD, f"{name}/write")
    result = running.result()
    assert result.exit_code == 7, str(result)
    assert CLAIMED not in result.message
    assert result.json["rolled_back"] is True
    assert f"window {name} is rolled_back" in result.message
    assert "nothing of it is left on prod" in result.message
    assert "nothing of it is left on dev" in result.message
    assert pair.content() == before
    assert pair.leftovers() == []


def test_the_snapshots_session(gated: Gated) -> None:
    """The slot's connection holds the snapshot in which the reconcile reads dev."""
    pair, name = gated.pair, gated.new_name()
    with gated.stopped("after", "slot", "enable", "--name", name, "--no-backup") as running:
        end(pair, DEV, f"{name}/slot")
    result = running.result()
    assert result.exit_code == 7, str(result)
    assert "snapshot" in result.message
    assert f"window {name} is rolled_back" in result.message
    assert pair.leftovers() == []


def test_the_writing_session_of_a_window_that_is_closed(gated: Gated) -> None:
    pair, name = gated.pair, gated.new_name()
    pair.ok("enable", "--name", name, "--no-backup")
    with gated.stopped("after", "note-rows", "disable") as running:
        end(pair, PROD, f"{name}/write")
    result = running.result()
    assert result.exit_code == 7, str(result)
    assert CLAIMED not in result.message
    assert f"window {name} is closing" in result.message
    assert "`egrow-replica disable` again" in result.message
    pair.ok("disable")
    with gated.stopped("after", "baseline", "restore", name) as running:
        end(pair, PROD, f"{name}/write")
    result = running.result()
    assert result.exit_code == 7, str(result)
    assert CLAIMED not in result.message
    assert f"window {name} is closed" in result.message
    pair.ok("restore", name)
    assert pair.leftovers() == []


@pytest.mark.parametrize("server", SIDES)
def test_a_server_stops_while_a_window_is_closed(gated: Gated, server: Server) -> None:
    """What the one that answers has is named; of the other nothing is claimed."""
    pair, name = gated.pair, gated.new_name()
    pair.ok("enable", "--name", name, "--no-backup")
    with gated.stopped("after", "note-rows", "disable") as running:
        pair.lab.stop_server(server, "immediate")
    result = running.result()
    assert result.exit_code == 7, str(result)
    assert CLAIMED not in result.message
    assert f"{server} does not answer" in result.message
    if server is DEV:
        assert f"window {name} is closing" in result.message
        assert "publication and slot" in result.message
    else:
        assert "publication egrow_" in result.message
        assert "slot egrow_" in result.message
    pair.lab.start_server(server)
    pair.ok("disable")
    assert pair.leftovers() == []


def test_a_commit_whose_answer_is_lost(gated: Gated) -> None:
    """It had committed on the primary and waited for a standby: only another look can tell."""
    pair = gated.pair
    pair.prod_sql("CREATE TABLE IF NOT EXISTS public.told (n int)")
    pair.prod_sql("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
    pair.prod_sql("SELECT pg_reload_conf()")
    wait_until(lambda: pair.value(PROD, "SHOW synchronous_standby_names") == "gone", what="the setting")
    policy = Policy.for_window(content=["public.told"])
    dsn = parse_dsn(SecretStr(pair.lab.prod_admin_dsn), name="prod")
    waits = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name LIKE 'egrow%%'"
    try:
        with connect(dsn, PROD, policy, what="told", read_only=False) as door:
            door.execute("SET synchronous_commit = 'on'")
            ended = _end_once(pair, waits)
            ended.start()
            with pytest.raises(ServerUnavailable) as raised:
                _insert(door)
            ended.join()
    finally:
        pair.prod_sql("ALTER SYSTEM RESET synchronous_standby_names")
        pair.prod_sql("SELECT pg_reload_conf()")
    assert "whether" in raised.value.hint
    assert "is not known" in raised.value.hint
    assert pair.value(PROD, "SELECT count(*) FROM told") == 1
    pair.prod_sql("DROP TABLE public.told")


def _insert(door: Door) -> None:
    with door.transaction():
        door.execute("INSERT INTO public.told (n) VALUES (1)")
        door.judged()


def _end_once(pair: Pair, query: str) -> threading.Thread:
    def act() -> None:
        pid = wait_until(lambda: pair.value(PROD, query), what="the commit")
        pair.value(PROD, "SELECT pg_terminate_backend(%s)", pid)

    return threading.Thread(target=act)
