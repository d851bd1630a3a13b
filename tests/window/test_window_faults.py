"""What happens at the worst moment: a controller that is killed, interrupted, or not alone."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.gate import STEPS, Gated
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

#: A step is announced in the journal, done, and noted as done: before the first and before the last a controller can
#: be stopped. The second is the worse one, because the effect is there and nobody knows.
MOMENTS = [(moment, step) for step in STEPS for moment in ("before", "after")]
#: The worst of them each time; all of them with --slow.
WORST = ("after", "reconcile")
AT_ONCE = [("reconcile", signal.SIGINT), ("subscription", signal.SIGTERM)]
#: What the removal of each object waits for, on which server, in the order of the removal.
REMOVALS = {
    "subscription": (Server.PROD, "pg_subscription"),
    "publication": (Server.DEV, "pg_publication"),
    "origin": (Server.PROD, "pg_replication_origin"),
}


@pytest.fixture(scope="module")
def gated_pair(new_pair: Callable[..., Pair]) -> Gated:
    pair = new_pair()
    pair.ok("sync", "--name", "first", "--no-backup")
    return Gated(pair)


@pytest.fixture
def gated(gated_pair: Gated) -> Iterator[Gated]:
    """Dev has something new each time; a window that a failed test left open is not the next one's."""
    gated_pair.pair.dev_sql("UPDATE courses SET title = title || '.'")
    gated_pair.pair.dev_sql(
        """INSERT INTO courses (id, title, slug, "updatedAt", category)
           SELECT s, s, s, now(), 'LIDERAZGO' FROM (SELECT gen_random_uuid()::text AS s) AS new"""
    )
    yield gated_pair
    still = "SELECT 1 FROM egrow_replica.window WHERE state NOT IN ('closed', 'rolled_back')"
    if gated_pair.pair.value(Server.PROD, still):
        gated_pair.pair.cli("disable", "--no-validate")


def titles(pair: Pair, server: Server) -> list[Any]:
    return pair.run_sql(server, 'SELECT id, title, slug FROM courses ORDER BY id COLLATE "C"')


def as_on_dev(pair: Pair) -> bool:
    dev = dict.fromkeys(titles(pair, Server.DEV))
    return not [row for row in dev if row not in titles(pair, Server.PROD)]


def sampled(*always: tuple[str, str]) -> list[Any]:
    return [
        pytest.param(*moment, id=" ".join(moment), marks=() if moment in always else pytest.mark.slow)
        for moment in MOMENTS
    ]


def slowly(*values: str) -> list[Any]:
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]


@pytest.mark.parametrize(("moment", "step"), sampled(WORST))
def test_killed_and_opened_again(gated: Gated, moment: str, step: str) -> None:
    pair, name = gated.pair, gated.new_name()
    with gated.stopped(moment, step, "enable", "--name", name, "--no-backup") as running:
        running.kill()
    assert pair.cli("status").json["window"]["name"] == name
    again = pair.cli("enable", "--no-backup")
    if again.exit_code == 8:  # it was streaming already, only nobody heard of it
        assert again.error["code"] == "window-already-open", str(again)
    else:
        assert again.exit_code == 0, str(again)
        assert again.json["window"] == {"name": name, "state": "streaming"}
    assert as_on_dev(pair)
    pair.dev_sql("UPDATE courses SET title = title || '!'")
    wait_until(lambda: as_on_dev(pair), what="a later edit")
    pair.ok("disable")
    assert pair.leftovers() == []


@pytest.mark.parametrize(("moment", "step"), sampled(("after", "subscription")))
def test_killed_and_closed(gated: Gated, moment: str, step: str) -> None:
    pair, name = gated.pair, gated.new_name()
    with gated.stopped(moment, step, "enable", "--name", name, "--no-backup") as running:
        running.kill()
    closed = pair.cli("disable")
    assert closed.exit_code == 0, str(closed)
    assert closed.json["window"] == {"name": name, "state": "closed"}
    assert closed.json["left_behind"] == []
    assert pair.leftovers() == []


INTERRUPTED = [
    pytest.param(step, number, marks=() if (step, number) in AT_ONCE else pytest.mark.slow, id=f"{step} {number.name}")
    for step in ("backup", "slot", "reconcile", "subscription", "validate")
    for number in (signal.SIGINT, signal.SIGTERM)
]


@pytest.mark.parametrize(("step", "number"), INTERRUPTED)
def test_interrupted(gated: Gated, step: str, number: signal.Signals) -> None:
    pair, name = gated.pair, gated.new_name()
    before = pair.content()
    with gated.stopped("after", step, "enable", "--name", name, "--no-backup") as running:
        running.send(number)
    result = running.result()
    assert result.exit_code not in (0, 1), str(result)
    assert result.json["rolled_back"] is True, str(result)
    rest = "both servers are as they were"
    if result.json["reconciled"]:
        rest = "content is back; no row of a user was written (evidence: wal)"
    assert result.json["outcome"] == f"rolled back: {rest}"
    assert pair.content() == before
    assert pair.journal(name)[0] == "rolled_back"
    assert pair.leftovers() == []


@pytest.mark.parametrize("step", [*slowly("drain", "sequences"), "note-rows"])
def test_killed_while_closing(gated: Gated, step: str) -> None:
    pair, name = gated.pair, gated.new_name()
    baseline = pair.content()
    pair.ok("enable", "--name", name, "--no-backup")
    pair.dev_sql("UPDATE courses SET title = title || '?'")
    with gated.stopped("after", step, "disable") as running:
        running.kill()
    pair.ok("disable")
    assert as_on_dev(pair)
    assert pair.leftovers() == []
    pair.ok("restore", name)
    assert pair.content() == baseline


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(REMOVALS))
def test_killed_while_removing(gated: Gated, kind: str) -> None:
    """Some of the window's objects are gone, some are not."""
    pair, name = gated.pair, gated.new_name()
    pair.ok("enable", "--name", name, "--no-backup")
    server, catalog = REMOVALS[kind]
    waits = "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted"
    with pair.holding(server, f"LOCK TABLE {catalog} IN SHARE MODE"), pair.start("disable") as running:
        wait_until(lambda: pair.value(server, waits, catalog) or running.ended, what=f"the removal of the {kind}")
        assert not running.ended, str(running.result())
        running.kill()
    assert pair.ok("status").json["window"] is not None
    closed = pair.ok("disable")
    assert closed.json["window"] == {"name": name, "state": "closed"}
    assert closed.json["left_behind"] == []
    assert pair.leftovers() == []


def test_two_controllers_at_once(gated: Gated) -> None:
    pair, name = gated.pair, gated.new_name()
    with gated.stopped("before", "reconcile", "enable", "--name", name, "--no-backup") as running:
        for command in ("enable", "disable", "pause", "resume", "restore", "sync"):
            result = pair.cli(command)
            assert (result.exit_code, result.error["code"]) == (8, "locked"), str(result)
        assert pair.ok("status").json["window"]["state"] == "opening"
    assert running.result().exit_code == 0, str(running.result())
    pair.ok("disable")


@pytest.mark.slow
def test_dev_works_on_while_a_window_opens(gated: Gated) -> None:
    """Between the slot and the reconcile, and after it: nothing is lost, nothing arrives twice."""
    pair, name = gated.pair, gated.new_name()
    with gated.stopped("after", "slot", "enable", "--name", name, "--no-backup") as running:
        pair.dev_sql("UPDATE courses SET title = title || ' after the slot'")
        pair.dev_sql("""INSERT INTO lessons (id, title, "order", "updatedAt", "courseId")
                        SELECT gen_random_uuid(), 'after the slot', 1, now(), id FROM courses""")
    assert running.result().exit_code == 0, str(running.result())
    lessons = "SELECT count(*) FROM lessons WHERE title = 'after the slot'"
    assert pair.value(Server.DEV, lessons) == pair.value(Server.PROD, lessons)
    assert as_on_dev(pair)
    pair.ok("disable")
    assert pair.leftovers() == []


def test_a_conflict_while_the_window_catches_up(gated: Gated) -> None:
    """Somebody adds a row on production which dev has just added too: the window takes itself back."""
    pair, name = gated.pair, gated.new_name()
    row = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, %s, %s, now(), 'LIDERAZGO')"""
    before = pair.content(tables=["lessons", "events", "users"])
    with gated.stopped("after", "reconcile", "enable", "--name", name, "--no-backup") as running:
        pair.prod_sql(row, "twice", "production's", "twice-prod")
        pair.dev_sql(row, "twice", "dev's", "twice-dev")
    result = running.result()
    assert result.exit_code == 5, str(result)
    assert result.json["rolled_back"] is True
    assert "but for 0 new rows that users' rows refer to and 1 that people have edited" in result.json["outcome"]
    assert pair.prod_sql("SELECT title FROM courses WHERE id = 'twice'") == [("production's",)]
    assert pair.content(tables=["lessons", "events", "users"]) == before
    assert pair.leftovers() == []
    pair.both_sql("DELETE FROM courses WHERE id = 'twice'")


@pytest.mark.slow
def test_a_data_error_in_the_stream(gated: Gated) -> None:
    pair, name = gated.pair, gated.new_name()
    row = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, %s, %s, now(), 'LIDERAZGO')"""
    pair.ok("enable", "--name", name, "--no-backup")
    pair.prod_sql(row, "twice", "production's", "twice-prod")
    pair.dev_sql(row, "twice", "dev's", "twice-dev")
    status = wait_until(lambda: (r := pair.cli("status")).exit_code and r, 30, what="the failure")
    assert status.exit_code == 5
    assert status.json["window"]["state"] == "failed"
    assert any("insert_exists" in warning for warning in status.json["warnings"])
    validated = pair.cli("validate")
    assert validated.exit_code == 5, str(validated)
    assert validated.json["content"]["equal"] is False, "a report, although the content could not be compared"
    closed = pair.cli("disable")
    assert closed.exit_code == 5, str(closed)
    assert closed.json["window"]["state"] == "closed"
    assert pair.prod_sql("SELECT title FROM courses WHERE id = 'twice'") == [("production's",)]
    assert pair.leftovers() == []
    pair.both_sql("DELETE FROM courses WHERE id = 'twice'")
