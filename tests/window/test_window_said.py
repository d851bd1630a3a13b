"""What is said of a window is so: a cut connection is no failure, an edit on production is no missing row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
ERRORS = "SELECT apply_error_count FROM pg_stat_subscription_stats WHERE subname = %s"
COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, '', %s, now(), 'LIDERAZGO')"""


@pytest.fixture(scope="module")
def said(new_pair: Callable[..., Pair]) -> Iterator[Pair]:
    """An open window, of which libpq was told to want a server that may be written."""
    pair = new_pair()
    logins = {name: f"{dsn} target_session_attrs=read-write" for name, dsn in pair.logins.items() if name != "stream"}
    pair.configure(logins=logins)
    pair.ok("enable", "--name", "said", "--no-backup")
    yield pair
    pair.cli("disable", "--now", "--no-validate")


def pair_window(pair: Pair) -> str:
    """The open window; a new one where there is none."""
    found = pair.ok("status").json["window"]
    if found is None:
        pair.ok("enable", "--name", "hasty", "--no-backup")
    return str(found["name"]) if found else "hasty"


@contextmanager
def cut(pair: Pair, name: str) -> Iterator[None]:
    """Production does not reach dev."""
    pair.dev_sql("ALTER ROLE egrow_stream NOLOGIN")
    try:
        pair.dev_sql("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s", name)
        yield
    finally:
        pair.dev_sql("ALTER ROLE egrow_stream LOGIN")


def delivered(pair: Pair) -> None:
    confirmed = "SELECT confirmed_flush_lsn >= pg_current_wal_lsn() FROM pg_replication_slots WHERE slot_name = %s"
    wait_until(lambda: pair.value(DEV, confirmed, pair.common("said")), 30, what="the stream")


def test_a_connection_that_is_cut_for_some_seconds_is_no_failure(said: Pair) -> None:
    """Nothing was lost, and the stream goes on by itself: nobody should close the window for it."""
    pair, name = said, said.common("said")
    with cut(pair, name):
        pair.dev_sql("UPDATE courses SET title = title || '.'")
        wait_until(lambda: pair.value(PROD, ERRORS, name) > 0, 30, what="a failed try")
        status = pair.ok("status").json
        assert status["window"]["state"] == "streaming"
        (told,) = [one for one in status["warnings"] if "does not reach dev" in one]
        assert "goes on by itself" in told
    delivered(pair)
    assert pair.ok("status").json["warnings"] == []


def test_an_error_that_repeats_is_a_failure_with_its_reason(said: Pair) -> None:
    pair = said
    pair.prod_sql(COURSE, "of-production", "taken")
    pair.dev_sql(COURSE, "of-dev", "taken")
    wait_until(lambda: pair.cli("status").exit_code == 5, 40, what="the failure")
    failed = pair.cli("status")
    assert failed.json["window"]["state"] == "failed"
    assert "the stream stops at the same error again and again" in failed.error["message"]
    pair.prod_sql("DELETE FROM courses WHERE id = 'of-production'")
    delivered(pair)
    assert pair.ok("status").json["window"]["state"] == "streaming"


def test_rows_that_were_edited_on_production_are_not_called_missing(said: Pair) -> None:
    pair = said
    change = "UPDATE lessons SET title = title || '!' WHERE id IN (SELECT min(id) FROM lessons) RETURNING id"
    edited = pair.prod_sql(change)
    problems = pair.cli("validate").json["problems"]
    (told,) = [one for one in problems if one.startswith("public.lessons:")]
    assert told == "public.lessons: 1 row has other values on production than on dev: edited there, or not arrived"
    pair.prod_sql("DELETE FROM lessons WHERE id = %s", edited[0][0])
    problems = pair.cli("validate").json["problems"]
    assert "public.lessons: 1 row of dev is not on production" in problems


def test_a_slot_of_the_evidence_that_is_gone_is_told(said: Pair) -> None:
    pair, name = said, said.common("said") + "_wal"
    assert name not in str(pair.ok("status").json["warnings"])
    pair.prod_sql("SELECT pg_drop_replication_slot(%s)", name)
    status = pair.ok("status").json
    assert status["production_slot"] is None
    assert any(name in one and "is gone" in one for one in status["warnings"])


@pytest.mark.parametrize("more", [(), ("--no-validate",)], ids=str)
def test_what_was_not_delivered_is_told_by_a_hasty_end(said: Pair, more: tuple[str, ...]) -> None:
    pair, window = said, pair_window(said)
    with cut(pair, pair.common(window)):
        pair.dev_sql("UPDATE events SET title = title || '.'")
        closed = pair.cli("disable", "--now", *more)
    assert closed.json["window"]["state"] == "closed", str(closed)
    notes = closed.json["notes"] if more else closed.json["validation"]["notes"]
    (told,) = [one for one in notes if one.startswith("closed without draining")]
    assert "edits of content in them have not arrived" in told
