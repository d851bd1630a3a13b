"""Production's counts of deleted rows may be behind, or lost in a crash: then nothing is concluded from them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.pair import Pair, open_directory
from support.waiting import wait_until
from tamper_cases import CREATE
from tamper_world import hide_wal, prepare_orders, remove_trigger, run_as, set_trigger

from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server


@pytest.fixture(scope="module")
def own_pair(academy_roles: frozenset[str]) -> Iterator[Pair]:
    """On servers that may be killed."""
    with open_directory() as directory, Lab.start(directory / "lab") as lab:
        home = directory / "home"
        home.mkdir()
        pair = Pair(lab, home, roles=academy_roles)
        pair.prod_sql("CREATE SCHEMA tamper AUTHORIZATION academy_owner")
        run_as(pair, None, [statement.replace("{t}", "tamper.t") for statement in CREATE])
        prepare_orders(pair)
        pair.set_up()
        hide_wal(pair)
        yield pair


def test_a_deletion_that_the_worker_has_not_handed_in_stays_unproven(own_pair: Pair) -> None:
    """A worker hands its counts in at most once a second, and then waits here for a lock before it can again."""
    own_pair.ok("enable", "--name", "behind", "--no-backup")
    set_trigger(own_pair, ["DELETE FROM tamper.t WHERE id = (SELECT min(id) FROM tamper.t)"])
    edit = "UPDATE courses SET title = title || ' *' WHERE id = (SELECT {} FROM courses)"
    blocked = "SELECT 1 FROM pg_stat_activity WHERE backend_type LIKE 'logical%apply%' AND wait_event_type = 'Lock'"
    held = "SELECT id FROM courses WHERE id = (SELECT max(id) FROM courses) FOR UPDATE"
    with own_pair.holding(Server.PROD, held):
        for which in ("min(id)", "min(id)", "max(id)"):
            own_pair.dev_sql(edit.format(which))
        wait_until(lambda: own_pair.prod_sql(blocked), what="the worker behind the lock")
        run_as(own_pair, None, ["INSERT INTO tamper.t SELECT i, 'newcomer' FROM generate_series(20, 24) AS i"])
        own_pair.configure(window={"catchup_timeout": "1s"})
        validated = own_pair.cli("validate")
        own_pair.configure(window={"catchup_timeout": "30s"})
    remove_trigger(own_pair)
    (found,) = [one for one in validated.json["tables"] if one["table"] == "tamper.t"]
    assert (found["verdict"], validated.exit_code) == ("unproven", 5), found
    assert own_pair.cli("disable").json["left_behind"] == []


def test_a_deletion_before_a_crash_stays_unproven(own_pair: Pair) -> None:
    opened = own_pair.ok("enable", "--name", "crash", "--no-backup")
    assert opened.json["validation"]["evidence"] == "origin"
    run_as(own_pair, own_pair.common("crash"), ["DELETE FROM tamper.t WHERE id = 3"])
    run_as(own_pair, None, ["INSERT INTO tamper.t VALUES (11, 'newcomer')", "CHECKPOINT"])
    own_pair.lab.stop_server(Server.PROD, "immediate")
    own_pair.lab.start_server(Server.PROD)
    worker = "SELECT pid FROM pg_stat_subscription WHERE pid IS NOT NULL"
    wait_until(lambda: own_pair.prod_sql(worker), what="the worker")
    validated = own_pair.cli("validate")
    (found,) = [one for one in validated.json["tables"] if one["table"] == "tamper.t"]
    assert (found["verdict"], validated.exit_code) == ("unproven", 5), found
    assert own_pair.cli("disable").json["left_behind"] == []
