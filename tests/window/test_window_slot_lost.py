"""Dev's slot has lost what it kept: that is said at once, and nothing waits for what cannot come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
STATUS = "SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s"
#: The configuration lets a window wait for 30 s until production has caught up.
AT_ONCE = 20.0


@pytest.fixture(scope="module")
def losing(new_module_lab: Callable[..., Pair]) -> Pair:
    return new_module_lab()


@contextmanager
def setting(pair: Pair, name: str, value: str) -> Iterator[None]:
    """Dev with another setting."""
    pair.dev_sql(f"ALTER SYSTEM SET {name} = '{value}'")
    pair.dev_sql("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        pair.dev_sql(f"ALTER SYSTEM RESET {name}")
        pair.dev_sql("SELECT pg_reload_conf()")


def lose(pair: Pair, slot: str, name: str = "max_slot_wal_keep_size", value: str = "1MB") -> None:
    """Wait until dev has given up the slot."""

    def lost() -> bool:
        pair.dev_sql("SELECT pg_switch_wal()")
        pair.dev_sql("CREATE TABLE passing AS SELECT 1 AS one")
        pair.dev_sql("DROP TABLE passing")
        pair.dev_sql("CHECKPOINT")
        return bool(pair.value(DEV, STATUS, slot) == "lost")

    with setting(pair, name, value):
        wait_until(lost, what="the loss of the slot's WAL", poll=0.2)


def assert_closed_at_once(pair: Pair, name: str, said: str) -> None:
    began = time.monotonic()
    closed = pair.cli("disable")
    assert (closed.exit_code, closed.json["window"]) == (5, {"name": name, "state": "closed"}), str(closed)
    assert said in closed.error["message"], str(closed)
    assert time.monotonic() - began < AT_ONCE
    assert pair.leftovers() == []


def assert_named(pair: Pair, said: str) -> None:
    status = pair.cli("status")
    assert (status.exit_code, status.json["window"]["state"]) == (5, "failed"), str(status)
    assert any(said in warning for warning in status.json["warnings"]), str(status)
    validated = pair.cli("validate")
    assert validated.exit_code == 5, str(validated)
    assert said in validated.error["message"], str(validated)
    assert validated.json["content"]["equal"] is None, str(validated)


def test_a_slot_that_is_lost_while_the_window_streams(losing: Pair) -> None:
    pair = losing
    pair.ok("enable", "--name", "behind", "--no-backup")
    slot = pair.common("behind")
    said = f"slot {slot} on dev is lost (wal_removed)"
    with pair.holding(PROD, "LOCK TABLE courses"):
        pair.dev_sql("UPDATE courses SET title = title || '.'")
        lose(pair, slot)
    assert_named(pair, said)
    assert_closed_at_once(pair, "behind", said)


def test_a_slot_that_is_lost_while_the_window_is_paused(losing: Pair) -> None:
    pair = losing
    pair.ok("enable", "--name", "resting", "--no-backup")
    slot = pair.common("resting")
    said = f"slot {slot} on dev is lost"
    pair.ok("pause")
    pair.dev_sql("UPDATE courses SET title = title || '.'")
    lose(pair, slot)
    assert_named(pair, said)
    resumed = pair.cli("resume")
    assert (resumed.exit_code, resumed.error["code"]) == (5, "stream-failed"), str(resumed)
    assert said in resumed.error["message"]
    assert pair.cli("status").json["subscription"]["enabled"] is False
    assert_closed_at_once(pair, "resting", said)


@pytest.mark.slow
def test_a_slot_that_dev_gave_up_because_nobody_used_it(losing: Pair) -> None:
    pair = losing
    pair.ok("enable", "--name", "idle", "--no-backup")
    slot = pair.common("idle")
    said = f"slot {slot} on dev is lost (idle_timeout)"
    pair.ok("pause")
    lose(pair, slot, "idle_replication_slot_timeout", "1s")
    assert_named(pair, said)
    assert_closed_at_once(pair, "idle", said)
