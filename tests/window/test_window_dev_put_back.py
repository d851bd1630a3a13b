"""Dev is no longer the dev that it was: put back to an earlier state, promoted, its slot used or made anew."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from support.command import Result
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.lab.remains import Record
from egrow_replica.model import Server

DEV, PROD = Server.DEV, Server.PROD
COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, %s, %s, now(), 'LIDERAZGO')"""
FILL = "DROP TABLE IF EXISTS filling; CREATE TABLE filling AS SELECT repeat('x', 1000) FROM generate_series(1, {})"


@pytest.fixture(scope="module")
def shared(new_module_lab: Callable[..., Pair]) -> Pair:
    return new_module_lab()


def data_of_dev(pair: Pair) -> Path:
    record = Record.read(pair.lab.directory)
    assert record is not None
    return Path(record.base) / "dev"


@contextmanager
def stopped(pair: Pair) -> Iterator[Path]:
    """Dev's data while dev does not run."""
    pair.lab.stop_server(DEV)
    yield data_of_dev(pair)
    pair.lab.start_server(DEV)


def copy(data: Path, to: Path) -> None:
    subprocess.run(["cp", "-a", data, to], check=True)


def snapshot(pair: Pair) -> Path:
    """A copy of dev as it is now."""
    with stopped(pair) as data:
        kept = data.with_name("snapshot")
        copy(data, kept)
    return kept


def put_back(pair: Pair, kept: Path) -> None:
    with stopped(pair) as data:
        shutil.rmtree(data)
        kept.rename(data)


def add(pair: Pair, name: str) -> None:
    """A course that dev adds."""
    pair.dev_sql(COURSE, name, name, name)


def arrived(pair: Pair, name: str) -> bool:
    return bool(pair.prod_sql("SELECT 1 FROM courses WHERE id = %s", name))


def assert_told(pair: Pair, said: str) -> None:
    """By status and by a validation; nothing says that content is as on dev."""
    status = pair.cli("status")
    assert (status.exit_code, status.json["window"]["state"]) == (5, "failed"), str(status)
    assert [one for one in status.json["warnings"] if said in one], str(status)
    validated = pair.cli("validate")
    assert validated.exit_code == 5, str(validated)
    assert said in validated.error["message"], str(validated)


def assert_closed(pair: Pair, name: str, said: str) -> Result:
    closed = pair.cli("disable")
    assert (closed.exit_code, closed.json["window"]) == (5, {"name": name, "state": "closed"}), str(closed)
    assert said in closed.error["message"], str(closed)
    assert pair.leftovers() == []
    return closed


def test_a_dev_that_was_put_back_while_the_window_streams(shared: Pair) -> None:
    """First its position is behind what production has; later only what was lost tells."""
    pair = shared
    pair.ok("enable", "--name", "streaming", "--no-backup")
    kept = snapshot(pair)
    pair.dev_sql(FILL.format(3000))
    add(pair, "kept-by-production")
    wait_until(lambda: arrived(pair, "kept-by-production"), what="the stream")
    put_back(pair, kept)
    add(pair, "lost")
    assert_told(pair, "dev was put back to an earlier state")
    pair.dev_sql(FILL.format(6000))
    add(pair, "later")
    wait_until(lambda: arrived(pair, "later"), what="the stream after its old position")
    assert not arrived(pair, "lost")
    status = pair.ok("status")
    assert any("dev was started again" in one for one in status.json["warnings"]), str(status)
    validated = pair.cli("validate")
    assert validated.exit_code == 5, str(validated)
    assert "public.courses: 1 row of dev is not on production" in validated.error["message"]
    assert any("dev was started again" in one for one in validated.json["notes"]), str(validated)
    gone = "public.courses: 1 row that this window brought, not on dev any more"
    assert any(gone in one for one in validated.json["notes"]), str(validated)
    assert_closed(pair, "streaming", "public.courses: 1 row of dev is not on production")


@pytest.mark.slow
def test_a_dev_that_was_put_back_while_the_window_is_paused(shared: Pair) -> None:
    pair, said = shared, "dev was put back to an earlier state"
    kept_name = "paused"
    pair.ok("enable", "--name", kept_name, "--no-backup")
    kept = snapshot(pair)
    pair.dev_sql(FILL.format(3000))
    add(pair, "before-the-pause")
    wait_until(lambda: arrived(pair, "before-the-pause"), what="the stream")
    pair.ok("pause")
    put_back(pair, kept)
    assert_told(pair, said)
    resumed = pair.cli("resume")
    assert (resumed.exit_code, resumed.error["code"]) == (5, "dev-changed"), str(resumed)
    assert said in resumed.error["message"]
    assert pair.cli("status").json["subscription"]["enabled"] is False
    assert_closed(pair, kept_name, said)


def test_a_dev_that_was_put_back_to_before_the_window(shared: Pair) -> None:
    """Nothing of the window is there: that is said, and why."""
    pair, said = shared, "dev was put back to an earlier state"
    kept = snapshot(pair)
    pair.dev_sql(FILL.format(3000))
    pair.ok("enable", "--name", "before", "--no-backup")
    put_back(pair, kept)
    assert_told(pair, said)
    assert_told(pair, f"slot {pair.common('before')} is gone on dev")
    assert_closed(pair, "before", said)


def test_a_dev_that_was_promoted(shared: Pair) -> None:
    """Started as a standby of nobody and promoted, as a restore to a point in time does it."""
    pair, said = shared, "dev is on timeline 2, it was on 1"
    pair.ok("enable", "--name", "promoted", "--no-backup")
    with stopped(pair) as data:
        signal = data / "standby.signal"
        signal.touch()
        owner = data.stat()
        os.chown(signal, owner.st_uid, owner.st_gid)
    assert_told(pair, "dev is a standby now")
    pair.dev_sql("SELECT pg_promote()")
    assert_told(pair, said)
    assert_closed(pair, "promoted", said)


def test_a_dev_that_was_only_started_again(shared: Pair) -> None:
    """That happens; it is said, and the window goes on, streaming or paused."""
    pair = shared
    pair.ok("enable", "--name", "restarted", "--no-backup")
    for state in ("streaming", "paused"):
        if state == "paused":
            pair.ok("pause")
        for mode in ("fast", "immediate"):
            pair.lab.stop_server(DEV, mode)
            pair.lab.start_server(DEV)
            add(pair, f"after-{state}-{mode}")
            status = pair.ok("status")
            assert status.json["window"]["state"] == state
            assert any("dev was started again" in one for one in status.json["warnings"]), str(status)
    pair.ok("resume")
    assert not any("started again" in one for one in pair.ok("status").json["warnings"])
    wait_until(lambda: arrived(pair, "after-paused-immediate"), what="the stream")
    pair.ok("validate")
    pair.ok("disable")
    assert pair.leftovers() == []


@pytest.mark.parametrize("how", ["used", pytest.param("made anew", marks=pytest.mark.slow)])
def test_a_slot_that_moved_while_the_window_was_paused(shared: Pair, how: str) -> None:
    """Somebody read what was production's, or dropped the slot and made one of its name: the edit never comes."""
    pair, name = shared, "moved-" + how.split(maxsplit=1)[0]
    pair.ok("enable", "--name", name, "--no-backup")
    slot = pair.common(name)
    pair.ok("pause")
    pair.ok("status")
    add(pair, name)
    if how == "used":
        pair.dev_sql("SELECT pg_replication_slot_advance(%s, pg_current_wal_lsn())", slot)
    else:
        pair.dev_sql("SELECT pg_drop_replication_slot(%s)", slot)
        pair.dev_sql("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", slot)
    said = f"slot {slot} moved on from "
    assert_told(pair, said)
    resumed = pair.cli("resume")
    assert (resumed.exit_code, resumed.error["code"]) == (5, "dev-changed"), str(resumed)
    assert said in resumed.error["message"]
    assert not arrived(pair, name)
    assert_closed(pair, name, said)


MARK = "EXECUTE ON FUNCTION pg_stat_reset_replication_slot"


@pytest.mark.parametrize("told_by", ["its mark", pytest.param("its count", marks=pytest.mark.slow)])
def test_a_slot_that_was_made_anew_while_the_window_streams(shared: Pair, told_by: str) -> None:
    """It has no mark, or has decoded less than before; and the row that came in between is missing."""
    pair, name = shared, "anew-" + told_by.split()[1]
    if told_by == "its count":
        pair.dev_sql(f"REVOKE {MARK} FROM egrow_operator")
    pair.ok("enable", "--name", name, "--no-backup")
    slot = pair.common(name)
    if told_by == "its count":
        for number in range(5):
            add(pair, f"counted-{number}")
        wait_until(lambda: arrived(pair, "counted-4"), what="the stream")
        pair.ok("pause")  # from here on it is known how much the slot has decoded
        pair.ok("resume")
    with psycopg.connect(pair.lab.dev_admin_dsn, autocommit=True) as connection:

        def dropped() -> bool:
            connection.execute(
                "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = %s", [slot]
            )
            try:
                connection.execute("SELECT pg_drop_replication_slot(%s)", [slot])
            except psycopg.errors.ObjectInUse:
                return False
            return True

        wait_until(dropped, what="the end of the slot")
        add(pair, f"{name}-lost")
        connection.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [slot])
    assert_told(pair, f"slot {slot} was made anew")
    assert not arrived(pair, f"{name}-lost")
    assert_closed(pair, name, "public.courses: 1 row of dev is not on production")
    pair.dev_sql(f"GRANT {MARK} TO egrow_operator")


def test_a_slot_whose_statistics_somebody_reset(shared: Pair) -> None:
    """That takes the mark away and loses nothing: it is said, and the window goes on."""
    pair = shared
    pair.ok("enable", "--name", "reset", "--no-backup")
    pair.dev_sql("SELECT pg_stat_reset_replication_slot(NULL)")
    status = pair.ok("status")
    assert any("were reset" in one for one in status.json["warnings"]), str(status)
    pair.ok("disable")
    assert pair.leftovers() == []


@pytest.mark.parametrize("login", [pytest.param("another", marks=pytest.mark.slow), "the stream's"])
def test_a_slot_that_somebody_else_uses_while_the_window_streams(shared: Pair, login: str) -> None:
    """With the stream's own login it is as a copy of production's server, whose worker takes what is ours."""
    pair, name = shared, "taken-" + login.split(maxsplit=1)[0]
    pair.ok("enable", "--name", name, "--no-backup")
    slot = pair.common(name)
    dsn = pair.lab.dev_admin_dsn if login == "another" else pair.lab.stream_dsn
    command = [str(pair.lab.bin_dir / "pg_recvlogical"), "-d", f"{dsn} application_name=thief", "--start"]
    command += ["--slot", slot]
    command += ["-o", "proto_version=1", "-o", f"publication_names={slot}", "-f", "-"]
    user = """SELECT a.application_name FROM pg_replication_slots s JOIN pg_stat_activity a ON a.pid = s.active_pid
               WHERE s.slot_name = %s"""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as thief:

        def taken() -> bool:
            pair.dev_sql(
                "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots s"
                " JOIN pg_stat_activity a ON a.pid = s.active_pid WHERE application_name <> 'thief' AND slot_name = %s",
                slot,
            )
            return bool(pair.value(DEV, user, slot) == "thief")

        try:
            wait_until(taken, what="the thief to have the slot", poll=0.2)
            wait_until(lambda: pair.cli("status").exit_code == 5, what="that it is seen")
            assert_told(pair, f"slot {slot} is not used by production's worker, but by process")
        finally:
            thief.terminate()
    pair.cli("disable", "--now", "--no-validate")
    assert pair.leftovers() == []


@pytest.mark.slow
def test_dev_is_another_database(shared: Pair) -> None:
    """A copy of dev stands where dev stood: more is missing there, and that is why."""
    pair, said = shared, "dev is another database"
    pair.ok("enable", "--name", "elsewhere", "--no-backup")
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'academy'"

    def copied() -> bool:
        with psycopg.connect(pair.lab.on("postgres").dev_admin_dsn, autocommit=True) as connection:
            connection.execute(others)
            try:
                connection.execute("CREATE DATABASE copied TEMPLATE academy")
            except psycopg.errors.ObjectInUse:  # production's worker comes back at once
                return False
        return True

    wait_until(copied, what="the copy")
    logins = dict(pair.logins)
    lab = pair.lab.on("copied")
    pair.configure(logins={"dev": lab.dev_dsn, "stream": lab.stream_dsn})
    assert_told(pair, said)
    pair.configure(logins=logins)
    pair.ok("disable")
    assert pair.leftovers() == []


def test_a_pause_while_dev_is_down(shared: Pair) -> None:
    """It stops the stream; where the slot stood is not known, and nothing is made of that."""
    pair = shared
    pair.ok("enable", "--name", "down", "--no-backup")
    pair.lab.stop_server(DEV)
    try:
        pair.ok("pause")
    finally:
        pair.lab.start_server(DEV)
    add(pair, "down")
    status = pair.ok("status")
    assert status.json["window"]["state"] == "paused"
    pair.ok("resume")
    wait_until(lambda: arrived(pair, "down"), what="the stream")
    pair.ok("disable")
    assert pair.leftovers() == []


def test_what_was_lost_is_told_without_draining(shared: Pair) -> None:
    pair = shared
    pair.ok("enable", "--name", "now", "--no-backup")
    slot = pair.common("now")
    pair.ok("pause")
    pair.dev_sql("SELECT pg_drop_replication_slot(%s)", slot)
    closed = pair.cli("disable", "--now")
    assert (closed.exit_code, closed.json["window"]["state"]) == (5, "closed"), str(closed)
    assert f"slot {slot} is gone on dev" in closed.error["message"]
    assert pair.leftovers() == []
