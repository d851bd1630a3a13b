"""Until its stream has ended a window can write: what comes after the last look at it is judged all the same."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.command import Result, Running
from support.gate import Gated
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD

COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, '', %s, now(), 'LIDERAZGO')"""
#: Put on while a window is open: whatever dev adds, the worker writes to a user's table.
THIEF = """
CREATE FUNCTION thief() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
    AS 'BEGIN UPDATE achievements SET title = NEW.id; RETURN NEW; END';
CREATE TRIGGER thief AFTER INSERT ON courses FOR EACH ROW EXECUTE FUNCTION thief();
ALTER TABLE courses ENABLE ALWAYS TRIGGER thief
"""
#: Nobody can drop a subscription.
CLUTCH = """
CREATE FUNCTION clutch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''not now''; END';
CREATE EVENT TRIGGER clutch ON ddl_command_start
  WHEN TAG IN ('DROP SUBSCRIPTION', 'DROP PUBLICATION') EXECUTE FUNCTION clutch()
"""


@pytest.fixture(scope="module")
def ending(new_pair: Callable[..., Pair]) -> Pair:
    return new_pair()


@contextmanager
def window(pair: Pair, name: str) -> Iterator[str]:
    """An open window, by the name of its objects."""
    pair.ok("enable", "--name", name, "--no-backup")
    try:
        yield pair.common(name)
    finally:
        pair.prod_sql("DROP FUNCTION IF EXISTS thief CASCADE")
        pair.cli("disable", "--now", "--no-validate")
    assert pair.leftovers() == []


def steal(pair: Pair, name: str) -> None:
    """Dev adds a row, and the worker that brings it changes every row of a user's table."""
    pair.dev_sql(COURSE, name, name)
    stolen = "SELECT count(*) FROM achievements WHERE title = %s"
    wait_until(lambda: pair.value(PROD, stolen, name), what="the worker's write")


def judged(validation: dict[str, Any]) -> tuple[str, str]:
    """The verdict on the stolen table, and its reason."""
    tables = {one["table"]: one for one in validation["tables"]}
    return tables["public.achievements"]["verdict"], tables["public.achievements"]["reason"]


def held_up(running: Running, pair: Pair) -> None:
    """Wait until a command waits for whoever holds the catalog of subscriptions."""
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'pg_subscription'::regclass"
    wait_until(lambda: pair.prod_sql(waits) or running.ended, what="the end of the stream")


def assert_touched(result: Result, name: str) -> None:
    assert result.exit_code == 5, str(result)
    assert result.json["window"] == {"name": name, "state": "closed"}, str(result)
    verdict, reason = judged(result.json["validation"])
    assert verdict == "touched", reason
    assert "updated through pg_" in reason


@pytest.mark.parametrize(
    "command",
    [("disable",), pytest.param(("disable", "--now"), marks=pytest.mark.slow), ("pause",)],
    ids=["disable", "disable --now", "pause"],
)
def test_what_is_written_while_the_stream_is_being_ended(ending: Pair, command: tuple[str, ...]) -> None:
    """The command wants to end the stream and has to wait, and the stream goes on."""
    pair, name = ending, "gap" + command[-1].strip("-")
    with window(pair, name):
        pair.prod_sql(THIEF)
        with pair.holding(PROD, "LOCK TABLE pg_subscription IN SHARE MODE") as holder, pair.start(*command) as running:
            held_up(running, pair)
            steal(pair, name)
            holder.rollback()
            result = running.result()
        if command == ("pause",):
            assert result.exit_code == 0, str(result)
            result = pair.cli("disable", "--now")
        assert_touched(result, name)
        stored = pair.cli("validate")
        assert stored.exit_code == 5, str(stored)
        assert judged(stored.json) == judged(result.json["validation"])


def test_a_stream_that_cannot_be_ended(ending: Pair) -> None:
    """Nothing that tells its writes from others is removed, and the next attempt looks at all of them."""
    pair, name = ending, "unended"
    with window(pair, name) as common:
        owner = pair.value(PROD, "SELECT subowner::regrole::text FROM pg_subscription WHERE subname = %s", common)
        pair.prod_sql(f"ALTER SUBSCRIPTION {common} OWNER TO postgres")
        first = pair.cli("disable")
        assert (first.exit_code, first.error["code"]) == (8, "left-behind"), str(first)
        assert first.json["window"] == {"name": name, "state": "closing"}
        assert first.json["validation"] is None
        assert first.json["removed"] == []
        left = {(one["server"], one["kind"]) for one in first.json["left_behind"]}
        wanted = {("prod", kind) for kind in ("subscription", "slot", "origin")}
        assert left == wanted | {("dev", "publication"), ("dev", "slot")}
        pair.prod_sql(THIEF)
        steal(pair, name)
        pair.prod_sql(f"ALTER SUBSCRIPTION {common} OWNER TO {owner}")
        pair.dev_sql("UPDATE courses SET title = 'late' WHERE id = %s", name)
        second = pair.cli("disable")
        assert_touched(second, name)
        # The thief is there: what is on its way, and would set it in motion, is not waited for.
        assert second.json["validation"]["content"]["equal"] is None
        assert any("has not arrived" in problem for problem in second.json["validation"]["problems"])


def test_a_subscription_that_cannot_be_dropped(ending: Pair) -> None:
    """A verdict is there, but the stream may be brought to life again: then it is not the last one."""
    pair, name = ending, "undropped"
    with window(pair, name) as common:
        about = "SELECT pubowner::regrole::text, obj_description(oid, 'pg_publication') FROM pg_publication"
        owner, comment = pair.dev_sql(f"{about} WHERE pubname = %s", common)[0]
        pair.prod_sql(CLUTCH)
        first = pair.cli("disable")
        pair.prod_sql("DROP FUNCTION clutch CASCADE")
        assert (first.exit_code, first.error["code"]) == (8, "left-behind"), str(first)
        assert judged(first.json["validation"])[0] == "intact"
        left = [(one["server"], one["kind"]) for one in first.json["left_behind"]]
        assert left == [("prod", "subscription"), ("prod", "slot"), ("prod", "origin")]
        refused = "SELECT subenabled OR subslotname IS NOT NULL FROM pg_subscription WHERE subname = %s"
        assert pair.value(PROD, refused, common) is False, "ENABLE alone does not bring it back"
        pair.dev_sql(f"CREATE PUBLICATION {common} FOR TABLE courses; ALTER PUBLICATION {common} OWNER TO {owner}")
        pair.dev_sql(f"COMMENT ON PUBLICATION {common} IS '{comment}'")
        pair.dev_sql("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", common)
        pair.prod_sql(THIEF)
        pair.prod_sql(f"ALTER SUBSCRIPTION {common} SET (slot_name = {common})")
        pair.prod_sql(f"ALTER SUBSCRIPTION {common} ENABLE")
        steal(pair, name)
        assert_touched(pair.cli("disable"), name)


def test_what_is_left_after_the_last_verdict_is_only_removed(ending: Pair) -> None:
    """The publication cannot be dropped: the next attempt has the verdict of the first, if that had one."""
    pair = ending
    for name, options in (("kept", ()), ("unjudged", ("--no-validate",))):
        with window(pair, name):
            pair.dev_sql(CLUTCH)
            first = pair.cli("disable", *options)
            pair.dev_sql("DROP FUNCTION clutch CASCADE")
            assert (first.exit_code, first.error["code"]) == (8, "left-behind"), str(first)
            assert [one["kind"] for one in first.json["left_behind"]] == ["publication"]
            second = pair.ok("disable")
            assert second.json["validation"] == first.json["validation"]
            assert (second.json["validation"] is None) == bool(options)
            assert second.json["steps"][-1]["name"] == "publication"
            note = pair.ok("validate").json["notes"][-1]
            assert ("closed without" in note) == bool(options), note


def test_what_is_written_until_a_rollback_has_ended_the_stream(ending: Pair) -> None:
    """Interrupted while it catches up, a window takes itself back; what its worker wrote meanwhile is told."""
    pair = ending
    pair.ok("sync", "--name", "before", "--no-backup")
    gated = Gated(pair)
    name = gated.new_name()
    with gated.stopped("after", "catch-up", "enable", "--name", name, "--no-backup") as running:
        pair.prod_sql(THIEF)
        steal(pair, name)
        pair.prod_sql("DROP FUNCTION thief CASCADE")  # with it, content would not be put back
        running.send(signal.SIGTERM)
    result = running.result()
    assert result.exit_code == 5, str(result)
    assert result.json["rolled_back"] is True
    assert result.json["window"] == {"name": name, "state": "rolled_back"}
    assert judged(result.json["validation"])[0] == "touched"
    assert "achievements" in result.error["message"]
    assert pair.value(PROD, "SELECT count(*) FROM courses WHERE id = %s", name) == 0
    assert pair.leftovers() == []


def test_a_paused_stream_that_may_not_go_on(ending: Pair) -> None:
    """To close a window its stream would be drained; what appeared during the pause keeps it from going on."""
    pair, name = ending, "paused"
    before = pair.content(tables=["achievements"])
    with window(pair, name):
        pair.ok("pause")
        pair.dev_sql(COURSE, name, name)
        pair.prod_sql(THIEF)
        closed = pair.cli("disable")
        assert (closed.exit_code, closed.json["window"]["state"]) == (5, "closed"), str(closed)
        assert "thief" in closed.error["message"]
        assert "has not arrived" in closed.error["message"]
        assert pair.content(tables=["achievements"]) == before
        assert pair.value(PROD, "SELECT count(*) FROM courses WHERE id = %s", name) == 0


def test_a_window_whose_wal_is_gone(new_lab: Callable[..., Pair]) -> None:
    """Its slot has lost what it kept: the verdict rests on something weaker, and the window is closed all the same."""
    pair = new_lab()
    pair.prod_sql("ALTER SYSTEM SET max_slot_wal_keep_size = '1GB'")
    pair.prod_sql("SELECT pg_reload_conf()")
    opened = pair.ok("enable", "--name", "gone", "--no-backup")
    assert opened.json["validation"]["evidence"] == "wal"
    pair.prod_sql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
    pair.prod_sql("SELECT pg_reload_conf()")

    def lost() -> bool:
        pair.prod_sql("SELECT pg_switch_wal()")
        pair.prod_sql("CREATE TABLE passing AS SELECT 1 AS one")
        pair.prod_sql("DROP TABLE passing")
        pair.prod_sql("CHECKPOINT")
        status = "SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s"
        return bool(pair.value(PROD, status, f"{pair.common('gone')}_wal") == "lost")

    wait_until(lost, what="the loss of the slot's WAL")
    closed = pair.ok("disable")
    assert (closed.json["validation"]["verdict"], closed.json["validation"]["evidence"]) == ("intact", "origin")
    assert any("removed" in note for note in closed.json["validation"]["notes"]), closed.json["validation"]["notes"]
    assert pair.leftovers() == []
