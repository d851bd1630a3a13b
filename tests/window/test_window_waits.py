"""A lock that somebody does not let go: known before a window waits for it, and named where one does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.gate import Gated
from support.pair import SIDES, Pair
from support.waiting import wait_until

from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
#: Seconds within which ``doctor``, ``plan`` and ``enable`` have to answer, on a machine that others use too.
BOUND = 45.0
OLD = Path("/usr/lib/postgresql/15/bin")
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = %s"


@pytest.fixture(scope="module")
def servers(new_module_lab: Callable[..., Pair]) -> Pair:
    pair = new_module_lab()
    pair.prod_sql("CREATE VIEW public.people AS SELECT id, email FROM public.users")
    pair.prod_sql("GRANT SELECT ON public.people TO egrow_operator")
    return pair


@pytest.fixture(scope="module")
def old_servers(new_module_lab: Callable[..., Pair]) -> Pair:
    """15 on both sides, where only a superuser can own a subscription."""
    pair = new_module_lab(set_up=False, bin_dir=OLD)
    pair.use_superuser()
    pair.configure(logins={"stream": pair.lab.dev_admin_dsn})
    return pair


@contextmanager
def migration(pair: Pair, server: Server, *queries: str) -> Iterator[int]:
    """A migration that has done something and hangs; its pid."""
    dsn = f"{pair.lab.admin_dsn(server)} application_name=migration"
    with psycopg.connect(dsn) as connection:
        for query in queries:
            connection.execute(query.encode())
        yield connection.info.backend_pid
        connection.rollback()


@contextmanager
def queued(pair: Pair) -> Iterator[int]:
    """A migration that waits for a reader which does not end: whoever comes later waits behind it."""
    reader = psycopg.connect(pair.lab.admin_dsn(PROD))
    writer = psycopg.connect(f"{pair.lab.admin_dsn(PROD)} application_name=migration")
    reader.execute("SELECT count(*) FROM users")
    waiting = threading.Thread(target=_fail_quietly, args=(writer, "ALTER TABLE users ADD COLUMN later int"))
    waiting.start()
    try:
        wait_until(lambda: pair.value(PROD, WAITING, writer.info.backend_pid), what="the queue")
        yield writer.info.backend_pid
    finally:
        writer.cancel_safe()
        waiting.join()
        writer.close()
        reader.close()


def _fail_quietly(connection: psycopg.Connection[Any], query: str) -> None:
    try:
        connection.execute(query.encode())
    except psycopg.Error:
        connection.rollback()


@contextmanager
def prepared(pair: Pair) -> Iterator[int]:
    """Nobody holds it, and a restart does not end it."""
    with pair.connect(PROD) as connection:
        connection.execute("BEGIN")
        connection.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        connection.execute("PREPARE TRANSACTION 'left behind'")
        try:
            yield 0
        finally:
            connection.execute("ROLLBACK PREPARED 'left behind'")


LOCKS: dict[str, tuple[Server, str, Callable[[Pair], Any]]] = {
    "a user's table": (
        PROD, "public.users", lambda pair: migration(pair, PROD, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"),
    ),
    "a queue": (PROD, "public.users", queued),
    "a prepared transaction": (PROD, "public.users", prepared),
    "an index": (PROD, "public.users", lambda pair: migration(pair, PROD, "REINDEX INDEX users_pkey")),
    "a view": (
        PROD, "public.people",
        lambda pair: migration(pair, PROD, "CREATE OR REPLACE VIEW people AS SELECT id, email FROM users"),
    ),
    "content": (
        PROD, "public.courses", lambda pair: migration(pair, PROD, "ALTER TABLE courses ADD COLUMN later int"),
    ),
    "dev's content": (
        DEV, "public.lessons", lambda pair: migration(pair, DEV, "ALTER TABLE lessons ADD COLUMN later int"),
    ),
    "dev's publishing": (
        DEV, "public.lessons", lambda pair: migration(pair, DEV, "LOCK TABLE lessons IN SHARE UPDATE EXCLUSIVE MODE"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LOCKS)
def test_a_lock_is_known_before_a_window_waits_for_it(servers: Pair, what: str) -> None:
    server, table, hold = LOCKS[what]
    with hold(servers) as pid:
        result = servers.cli("doctor", seconds=BOUND)
        assert result.exit_code == 4, str(result)
        found = [one for one in result.json["checks"] if one["id"] == "locks" and one["severity"] == "error"]
        assert {(one["server"], one["subject"]) for one in found} == {(server.value, table)}, found
        whom = found[0]["message"]
        assert ("left behind" if pid == 0 else f"pid {pid} (migration as ") in whom
        assert "whose transaction is open since" in whom
        # Everything else has been looked at, or says that it could not be.
        assert len({one["id"] for one in result.json["checks"]}) > 40


@pytest.mark.parametrize("command", [("plan",), ("enable", "--name", "never"), ("sync", "--name", "never")], ids=str)
def test_nothing_begins_that_would_wait(servers: Pair, command: tuple[str, ...]) -> None:
    with servers.unchanged(), migration(servers, PROD, "ALTER TABLE users ADD COLUMN later int") as pid:
        result = servers.cli(*command, seconds=BOUND)
        assert result.exit_code == 4, str(result)
        assert result.error["code"] == "locks", str(result)
        assert f"pid {pid} (migration as " in result.message
        assert "public.users" in result.message
        assert f"pg_terminate_backend({pid})" in result.message


def test_a_lock_that_is_gone_within_moments_stops_nobody(servers: Pair) -> None:
    held = threading.Event()

    def briefly() -> None:
        with migration(servers, PROD, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"):
            held.set()
            time.sleep(1)  # what is tested is a lock that ends by itself after a while

    thread = threading.Thread(target=briefly)
    thread.start()
    held.wait()
    result = servers.cli("doctor")
    thread.join()
    assert not [one for one in result.json["checks"] if one["id"] == "locks" and one["severity"] == "error"]


def test_a_wait_in_a_running_step_is_named(servers: Pair) -> None:
    """The lock comes after the preflight: the step waits for a bounded time, says for whom, and all is taken back."""
    gated = Gated(servers)
    name = gated.new_name()
    before = servers.content()
    with gated.stopped("before", "baseline", "enable", "--name", name, "--no-backup") as running:
        holding = migration(servers, PROD, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        pid = holding.__enter__()
    result = running.result()
    holding.__exit__(None, None, None)
    assert result.exit_code == 6, str(result)
    assert f"it waited for pid {pid} (migration as " in result.message
    assert "public.users" in result.message
    assert f"pg_terminate_backend({pid})" in result.message
    assert f"waiting on prod for pid {pid} (migration as " in result.stderr
    assert result.json["rolled_back"] is True
    assert servers.content() == before
    assert servers.leftovers() == []


@pytest.mark.slow
def test_a_row_that_somebody_holds_is_named(servers: Pair) -> None:
    """No lock on the table tells of it beforehand: a transaction that has written a row and stays open."""
    servers.configure(window={"catchup_timeout": "30s", "lock_timeout": "2s"})
    servers.dev_sql("UPDATE courses SET title = title || '.'")
    row = "UPDATE courses SET rating = rating WHERE id = (SELECT min(id) FROM courses)"
    with migration(servers, PROD, row) as pid:
        result = servers.cli("enable", "--name", "a-row", "--no-backup", seconds=150)
    assert result.exit_code == 6, str(result)
    assert f"it waited for pid {pid} (migration as " in result.message
    assert "public.courses" in result.message
    assert servers.leftovers() == []


@pytest.mark.slow
def test_a_transaction_that_the_slot_waits_for_is_named(servers: Pair) -> None:
    with migration(servers, DEV, "UPDATE users SET bio = 'x'") as pid:
        result = servers.cli("enable", "--name", "slot", "--no-backup", seconds=150)
    assert result.exit_code == 6, str(result)
    assert f"it waited for pid {pid} (migration as " in result.message
    assert servers.leftovers() == []


@pytest.mark.slow
def test_a_dump_that_waits_for_a_view_ends(servers: Pair) -> None:
    """pg_dump bounds only how long it waits for tables."""
    gated = Gated(servers, number=100)
    name = gated.new_name()
    with gated.stopped("before", "backup", "enable", "--name", name) as running:
        holding = migration(servers, PROD, "CREATE OR REPLACE VIEW people AS SELECT id, email FROM users")
        pid = holding.__enter__()
    result = running.result(120)
    holding.__exit__(None, None, None)
    assert result.exit_code == 6, str(result)
    assert f"pid {pid} (migration as " in result.message
    assert "public.people" in result.message
    assert servers.leftovers() == []
    assert {server for server in SIDES if servers.sessions()} == set()


# ------------------------------------------------------------------------------------------------------- the stream


def test_a_stream_that_stands_still_says_who_holds_the_row(servers: Pair) -> None:
    servers.configure(window={"catchup_timeout": "5s"})
    servers.ok("enable", "--name", "stalled", "--no-backup")
    assert servers.ok("status").json["waits_for"] == []
    row = "UPDATE courses SET rating = rating WHERE id = (SELECT min(id) FROM courses)"
    with migration(servers, PROD, row) as pid:
        servers.dev_sql("UPDATE courses SET title = title || '.'")
        status = wait_until(lambda: (r := servers.ok("status")).json["waits_for"] and r, 20, what="the stalled stream")
        (blocker,) = status.json["waits_for"]
        assert (blocker["pid"], blocker["application"], blocker["role"]) == (pid, "migration", "postgres")
        assert (blocker["table"], blocker["state"]) == ("public.courses", "idle in transaction")
        assert blocker["query"].startswith("UPDATE courses SET rating")
        assert any(f"waits for pid {pid} (migration as postgres)" in one for one in status.json["warnings"])
        closed = servers.cli("disable")
        assert closed.exit_code == 6, str(closed)
        assert f"waits for pid {pid} (migration as postgres) over public.courses" in closed.message
        assert f"waiting on prod for pid {pid}" in closed.stderr
        validated = servers.cli("validate")
        assert validated.exit_code == 5, str(validated)
        assert f"waits for pid {pid}" in str(validated.json["problems"])
    servers.ok("disable")
    assert servers.leftovers() == []


def test_whoever_a_blocker_waits_for_is_named_too(servers: Pair) -> None:
    """A queue: the stream waits behind a migration, which waits for a reader."""
    servers.configure(window={"catchup_timeout": "30s"})
    servers.ok("enable", "--name", "queue", "--no-backup")
    with psycopg.connect(f"{servers.lab.admin_dsn(PROD)} application_name=report") as reader:
        reader.execute("SELECT count(*) FROM courses")
        writer = psycopg.connect(f"{servers.lab.admin_dsn(PROD)} application_name=migration")
        waiting = threading.Thread(target=_fail_quietly, args=(writer, "ALTER TABLE courses ADD COLUMN later int"))
        waiting.start()
        wait_until(lambda: servers.value(PROD, WAITING, writer.info.backend_pid), what="the queue")
        servers.dev_sql("UPDATE courses SET title = title || '.'")
        status = wait_until(lambda: (r := servers.ok("status")).json["waits_for"] and r, 20, what="the stalled stream")
        found = [(one["pid"], one["application"]) for one in status.json["waits_for"]]
        pids = writer.info.backend_pid, reader.info.backend_pid
        writer.cancel_safe()
        waiting.join()
        writer.close()
    assert found == list(zip(pids, ("migration", "report"), strict=True))
    servers.ok("disable")
    assert servers.leftovers() == []


@pytest.mark.slow
def test_a_worker_that_does_not_end_says_for_whom_it_waits(servers: Pair) -> None:
    servers.ok("enable", "--name", "ending", "--no-backup")
    row = "UPDATE courses SET rating = rating WHERE id = (SELECT min(id) FROM courses)"
    with migration(servers, PROD, row) as pid:
        servers.dev_sql("UPDATE courses SET title = title || '.'")
        wait_until(lambda: servers.ok("status").json["waits_for"], 20, what="the stalled stream")
        paused = servers.cli("pause", seconds=120)
        assert paused.exit_code == 6, str(paused)
        assert f"waits for pid {pid} (migration as postgres)" in paused.message
    servers.ok("pause")
    servers.ok("resume")
    servers.ok("disable")
    assert servers.leftovers() == []


def test_statistics_are_not_waited_for(servers: Pair) -> None:
    """VACUUM, ANALYZE and an index that is built concurrently hold this lock, for hours where a table is large."""
    servers.dev_sql("UPDATE courses SET title = title || '.'")
    with migration(servers, PROD, "LOCK TABLE courses IN SHARE UPDATE EXCLUSIVE MODE"):
        opened = servers.cli("enable", "--name", "statistics", "--no-backup")
    assert opened.exit_code == 0, str(opened)
    assert not [step for step in opened.json["steps"] if step["seconds"] > 20]
    servers.ok("disable")


@pytest.mark.slow
@pytest.mark.parametrize("server", SIDES)
def test_whatever_only_reads_ends_too(servers: Pair, server: Server) -> None:
    """Somebody who waits for an answer gets one, and a name."""
    servers.ok("enable", "--name", f"reads-{server}", "--no-backup")
    with migration(servers, server, "LOCK TABLE courses IN ACCESS EXCLUSIVE MODE") as pid:
        for command in ("status", "compare", "validate", "disable"):
            started = time.monotonic()
            result = servers.cli(command, seconds=BOUND)
            seconds = time.monotonic() - started
            assert result.exit_code in (0, 4, 6), str(result)
            assert result.exit_code == 0 or f"pid {pid} (migration as " in result.message
            assert seconds < (BOUND if command in ("validate", "disable") else 15), command
    servers.ok("disable")
    assert servers.leftovers() == []


@pytest.mark.slow
@pytest.mark.skipif(not OLD.is_dir(), reason="PostgreSQL 15 is not installed")
@pytest.mark.parametrize("what", ["a queue", "a prepared transaction", "an index"])
def test_a_lock_on_15(old_servers: Pair, what: str) -> None:
    server, table, hold = LOCKS[what]
    with hold(old_servers) as pid:
        result = old_servers.cli("doctor", seconds=BOUND)
    found = [one for one in result.json["checks"] if one["id"] == "locks" and one["severity"] == "error"]
    assert [(one["server"], one["subject"]) for one in found] == [(server.value, table)], found
    assert ("left behind" if pid == 0 else f"pid {pid} (migration as ") in found[0]["message"]


@pytest.mark.slow
@pytest.mark.skipif(not OLD.is_dir(), reason="PostgreSQL 15 is not installed")
def test_a_stream_that_stands_still_on_15(old_servers: Pair) -> None:
    old_servers.ok("enable", "--name", "stalled", "--no-backup")
    row = "UPDATE courses SET rating = rating WHERE id = (SELECT min(id) FROM courses)"
    with old_servers.connect(PROD) as connection:
        connection.execute("BEGIN")
        connection.execute(row)
        connection.execute("PREPARE TRANSACTION 'a row'")
        old_servers.dev_sql("UPDATE courses SET title = title || '.'")
        status = wait_until(lambda: (r := old_servers.ok("status")).json["waits_for"] and r, 20, what="the stall")
        connection.execute("ROLLBACK PREPARED 'a row'")
    (blocker,) = status.json["waits_for"]
    assert (blocker["pid"], blocker["prepared"]) == (0, "a row")
    old_servers.ok("disable")
    assert old_servers.leftovers() == []
