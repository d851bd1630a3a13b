"""Definitions that change while a window is open: named always; what could do harm stops the stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from psycopg.types.json import Jsonb
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

PLANTED = """BEGIN;
CREATE FUNCTION public.planted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  AS 'BEGIN UPDATE public.users SET bio = ''touched''; RETURN NULL; END';
CREATE TRIGGER planted AFTER UPDATE ON courses FOR EACH ROW EXECUTE FUNCTION public.planted();
ALTER TABLE courses ENABLE ALWAYS TRIGGER planted;
COMMIT"""
NAMED = "since the window opened: trigger planted on public.courses is new"
#: What happens all day long.
DAILY = (
    "ANALYZE", "VACUUM (FULL, FREEZE) courses", "REINDEX TABLE CONCURRENTLY courses", "UPDATE users SET bio = 'daily'",
    "GRANT SELECT ON courses TO pg_monitor", "REVOKE SELECT ON courses FROM pg_monitor",
)  # fmt: skip
UNTOUCHED = "SELECT count(*) = 0 FROM users WHERE bio = 'touched'"


@pytest.fixture(scope="module")
def opened(new_pair: Callable[..., Pair]) -> Pair:
    pair = new_pair()
    pair.ok("enable", "--name", "open", "--no-backup")
    return pair


@contextmanager
def planted(pair: Pair) -> Iterator[None]:
    pair.prod_sql(PLANTED)
    yield
    pair.prod_sql("DROP FUNCTION public.planted() CASCADE")


def edit(pair: Pair, title: str) -> None:
    pair.dev_sql("UPDATE courses SET title = %s WHERE id = (SELECT min(id) FROM courses)", title)


def arrived(pair: Pair, title: str) -> bool:
    return bool(pair.value(Server.PROD, "SELECT count(*) FROM courses WHERE title = %s", title))


def test_nothing_is_named_as_long_as_nothing_was_defined_anew(opened: Pair) -> None:
    for statement in DAILY:
        opened.prod_sql(statement)
    edit(opened, "daily")
    wait_until(lambda: arrived(opened, "daily"), what="the edit")
    status = opened.ok("status").json
    assert status["definitions"] == []
    assert opened.ok("validate").json["definitions"] == []


def test_a_harmless_change_is_named_and_the_stream_goes_on(opened: Pair) -> None:
    opened.prod_sql("CREATE INDEX further ON courses (lower(title))")
    status = opened.ok("status").json
    assert status["definitions"] == [{"object": "index public.further", "change": "new", "detail": ""}]
    assert "since the window opened: index public.further is new" in status["warnings"]
    validated = opened.ok("validate").json
    assert "since the window opened: index public.further is new" in validated["notes"]
    paused = opened.ok("pause", "--if-changed").json
    assert paused["window"]["state"] == "streaming"
    assert [one["object"] for one in paused["definitions"]] == ["index public.further"]
    edit(opened, "goes on")
    wait_until(lambda: arrived(opened, "goes on"), what="the edit")


def test_a_change_that_could_do_harm_stops_the_stream_before_its_next_batch(opened: Pair) -> None:
    with planted(opened):
        status = opened.cli("status")
        assert (status.exit_code, status.error["code"]) == (5, "window-failed"), str(status)
        assert NAMED in status.json["warnings"]
        assert any("public.users" in warning for warning in status.json["warnings"])
        assert opened.cli("validate").exit_code == 5
        paused = opened.cli("pause", "--if-changed")
        assert (paused.exit_code, paused.error["code"]) == (5, "definitions-changed"), str(paused)
        assert NAMED in paused.error["message"]
        assert paused.json["window"]["state"] == "paused"
        edit(opened, "waits")
        resumed = opened.cli("resume")
        assert resumed.exit_code == 3, str(resumed)
    # What was taken back was there all the same, and is named further on.
    resumed = opened.ok("resume")
    assert "trigger planted on public.courses" in [one["object"] for one in resumed.json["definitions"]]
    wait_until(lambda: arrived(opened, "waits"), what="the edit")
    assert opened.value(Server.PROD, UNTOUCHED)


def test_a_window_of_an_earlier_version_has_nothing_to_compare(opened: Pair) -> None:
    kept = opened.prod_sql("SELECT progress FROM egrow_replica.window")
    opened.prod_sql("UPDATE egrow_replica.window SET progress = progress #- '{definitions}' #- '{definitions_look}'")
    assert opened.ok("status").json["definitions"] == []
    with opened.connect(Server.PROD) as connection:
        connection.execute("UPDATE egrow_replica.window SET progress = %s", [Jsonb(kept[0][0])])


def test_a_window_is_closed_without_waiting_for_what_would_set_it_in_motion(opened: Pair) -> None:
    with planted(opened):
        closed = opened.cli("disable")
    assert closed.exit_code == 5, str(closed)
    assert closed.json["window"]["state"] == "closed"
    assert NAMED in closed.json["validation"]["notes"]
    assert [step["name"] for step in closed.json["steps"] if step["status"] == "failed"] == ["drain"]
    assert any("has not arrived" in problem for problem in closed.json["validation"]["problems"])
    assert opened.value(Server.PROD, UNTOUCHED)
