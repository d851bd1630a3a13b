"""How WAL is read: whole, in pieces, across restarts, and honestly where it cannot be."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from wal_world import ORIGIN, TEMPLATE, World, deadline, open_directory, prepare, touched, untouched

from egrow_replica.errors import StatementFailed
from egrow_replica.evidence.wal import WalGone, WalState, WalUnavailable, mark, read_wal, settle, slot_state
from egrow_replica.evidence.wal_state import lsn_number
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server


def busy(world: World) -> None:
    """Transactions of every sort that overlap each other and the boundaries of pieces."""
    with world.session() as long, world.session(ORIGIN) as ours:
        long.execute("BEGIN")
        long.execute("UPDATE app.users SET name = 'long' WHERE id = 1")
        ours.execute("BEGIN")
        for number in range(30):
            ours.execute(f"SAVEPOINT s{number}")
            ours.execute("INSERT INTO app.courses (title, body) VALUES ('t', repeat('x', 9000))")
            ours.execute(f"ROLLBACK TO s{number}" if number % 3 == 0 else f"RELEASE s{number}")
            world.local(f"UPDATE app.enrollments SET user_id = {number} WHERE id = 1 + {number % 10}")
        ours.execute("UPDATE app.users SET name = 'ours' WHERE id = 2")
        ours.execute("COMMIT")
        ours.execute("BEGIN")
        ours.execute("DELETE FROM app.users WHERE id > 5")
        ours.execute("ROLLBACK")
        world.local("VACUUM FULL app.courses")
        ours.execute("UPDATE app.courses SET title = 'u'")
        long.execute("COMMIT")


def test_pieces_and_interruptions_change_nothing(world: World) -> None:
    state = world.begin()
    busy(world)
    with world.door() as door:
        end = mark(door)
    whole = world.examine(world.read(state))
    small = world.examine(world.read(state, piece_bytes=9973))
    assert touched(whole) == {"app.users"}
    assert untouched(whole) == {"app.quiet"}
    assert lsn_number(whole.position) >= lsn_number(end.lsn)
    drop = {"position"}
    assert small.model_dump(exclude=drop) == whole.model_dump(exclude=drop)
    legs = world.examine(world.read(state, piece_bytes=9973, leg_bytes=1))
    assert legs.model_dump(exclude=drop) == whole.model_dump(exclude=drop)


def test_reading_on_from_a_stored_state(world: World) -> None:
    begin = world.begin()
    state = begin
    with world.session() as long, world.session(ORIGIN) as ours:
        long.execute("BEGIN")
        long.execute("DELETE FROM app.users WHERE id = 1")
        state = world.read(state)
        ours.execute("BEGIN")
        ours.execute("SAVEPOINT a")
        ours.execute("UPDATE app.users SET name = 'ours' WHERE id = 2")
        state = world.read(state)
        ours.execute("RELEASE a")
        ours.execute("UPDATE app.courses SET title = 'u'")
        state = world.read(state)
        assert len({one.xid for one in state.open}) == 3
        assert untouched(world.examine(state)) == {"app.users", "app.enrollments", "app.quiet"}
        ours.execute("COMMIT")
        state = world.read(state)
        long.execute("COMMIT")
    state = world.read(state)
    assert state.open == ()
    whole, parts = world.examine(world.read(begin)), world.examine(state)
    assert touched(parts) == {"app.users"}
    assert parts.model_dump(exclude={"position"}) == whole.model_dump(exclude={"position"})


def test_a_rewrite_across_two_readings(world: World) -> None:
    state = world.begin()
    with world.session() as other:
        other.execute("BEGIN")
        other.execute("ALTER TABLE app.courses ALTER id TYPE bigint")
        state = world.read(state)
        other.execute("COMMIT")
    world.ours("UPDATE app.courses SET title = 'between'")
    world.local("VACUUM FULL app.courses")
    found = world.findings(state)
    assert (touched(found), found.unresolved) == (set(), ())


def test_segment_switches(world: World) -> None:
    state = world.begin()
    for number in range(3):
        world.local(f"UPDATE app.users SET name = 'n{number}' WHERE id = 1", "SELECT pg_switch_wal()")
    found = world.findings(state, piece_bytes=1 << 20)
    table = next(one for one in found.tables if one.table.name == "users")
    assert table.others[0].updated == 3


def test_a_record_longer_than_a_piece(world: World) -> None:
    state = world.begin()
    world.ours("SELECT pg_logical_emit_message(true, 'x', repeat('m', 300000))", "DELETE FROM app.quiet")
    assert touched(world.findings(state, piece_bytes=4096)) == {"app.quiet"}


def test_an_asynchronous_commit_is_waited_for(world: World) -> None:
    state = world.begin()
    world.ours("SET synchronous_commit = off", "UPDATE app.users SET name = 'async'")
    assert touched(world.findings(state)) == {"app.users"}


def test_the_baseline_waits_for_open_transactions(world: World) -> None:
    with world.session() as other, world.door() as door:
        other.execute("BEGIN")
        other.execute("UPDATE app.users SET name = 'hidden'")
        begun = mark(door)
        refused = settle(door, begun, world.scope, seconds=0.2)
        assert isinstance(refused, WalUnavailable)
        assert "process" in refused.reason
        other.execute("PREPARE TRANSACTION 'hidden'")
        refused = settle(door, begun, world.scope, seconds=0.2)
        assert isinstance(refused, WalUnavailable)
        assert "prepared transaction hidden" in refused.reason
        world.local("COMMIT PREPARED 'hidden'")
        assert isinstance(settle(door, begun, world.scope, seconds=20), WalState)


def test_a_write_that_hides_before_the_start_is_a_gap(world: World) -> None:
    with world.session() as other:
        other.execute("BEGIN")
        other.execute("UPDATE app.users SET name = 'hidden'")
        with world.door() as door:
            begun = mark(door)
        other.execute("UPDATE app.users SET name = 'hidden'")
        # As somebody would do who does not wait.
        state = world.begin_without_waiting(begun)
        other.execute("COMMIT")
    found = world.findings(state)
    assert found.gap
    assert "began before the baseline" in found.gap
    assert not found.proves


def test_without_the_extension_or_the_privilege(world: World) -> None:
    state = world.begin()
    world.local("REVOKE EXECUTE ON FUNCTION egrow_ext.pg_get_wal_records_info(pg_lsn, pg_lsn) FROM wal_operator")
    refused = world.try_read(state)
    assert isinstance(refused, WalUnavailable)
    assert "GRANT EXECUTE" in refused.reason
    world.local("DROP EXTENSION pg_walinspect")
    refused = world.try_read(state)
    assert isinstance(refused, WalUnavailable)
    assert "pg_walinspect" in refused.reason
    world.local("DROP SCHEMA egrow_ext")
    assert isinstance(world.try_read(state), WalUnavailable)


def test_wal_that_does_not_hold_everything() -> None:
    with open_directory() as directory:
        settings = {"wal_level": "minimal", "max_wal_senders": "0"}
        with Lab.start(directory / "lab", load=False, prod_settings=settings) as lab:
            prepare(lab)
            world = World(lab, TEMPLATE)
            with world.door() as door:
                refused = settle(door, mark(door), world.scope, seconds=1)
    assert isinstance(refused, WalUnavailable)
    assert "minimal" in refused.reason


def test_a_mark_that_is_never_flushed(world: World) -> None:
    state = world.begin()
    with world.door() as door:
        far = mark(door).model_copy(update={"lsn": "FF/0"})
        refused = read_wal(door, state, far, world.scope, seconds=0.2)
    assert isinstance(refused, WalUnavailable)
    assert "not up to FF/0" in refused.reason


def test_a_slot_keeps_wal_until_it_was_examined(world: World) -> None:
    name = f"egrow_{world.name}"
    world.local(f"SELECT pg_create_physical_replication_slot('{name}', true)")
    begin = state = world.begin()
    world.ours("UPDATE app.users SET name = 'kept'")
    _churn(world)
    state = world.read(state)
    assert touched(world.examine(state)) == {"app.users"}
    world.local(f"SELECT pg_replication_slot_advance('{name}', '{state.position}')")
    with world.door() as door:
        found = slot_state(door, name)
        assert found
        assert found.keeps_from == state.position
    _churn(world)
    gone = world.try_read(begin)
    assert isinstance(gone, WalGone)
    assert begin.position in gone.reason
    state = world.read(state)
    assert touched(world.examine(state)) == {"app.users"}


def test_a_long_reading_is_kept_and_releases_wal_on_the_way(world: World) -> None:
    name = f"egrow_{world.name}"
    world.local(f"SELECT pg_create_physical_replication_slot('{name}', true)")
    begin = world.begin()
    busy(world)
    _churn(world)
    world.ours("UPDATE app.quiet SET name = 'late'")
    whole = world.examine(world.read(begin))
    kept: list[str] = []
    said: list[tuple[int, int]] = []

    def keep(state: WalState) -> None:
        if len(kept) == 3:
            raise InterruptedError
        kept.append(state.model_dump_json())
        world.local(f"SELECT pg_replication_slot_advance('{name}', '{state.position}')", "CHECKPOINT")
        with world.door() as door:
            found = slot_state(door, name)
        assert found
        assert found.keeps_from == state.position

    sizes = {"piece_bytes": 1 << 20, "leg_bytes": 1 << 18}
    with pytest.raises(InterruptedError):
        world.read(begin, keep=keep, progress=lambda *bytes_: said.append(bytes_), **sizes)
    states = [WalState.model_validate_json(one) for one in kept]
    positions = [lsn_number(one.position) for one in states]
    assert sorted(set(positions)) == positions
    done = [one for one, _ in said]
    assert sorted(done) == done
    assert all(0 < one < total for one, total in said)
    assert isinstance(world.try_read(begin), WalGone)
    rest = world.examine(world.read(states[-1], progress=lambda *bytes_: said.append(bytes_)))
    assert rest.model_dump(exclude={"position"}) == whole.model_dump(exclude={"position"})
    assert touched(rest) == {"app.users", "app.quiet"}
    assert said[-1][0] == said[-1][1]


def test_a_fault_in_keeping_is_not_one_of_wal(world: World) -> None:
    def keep(_: WalState) -> None:
        raise StatementFailed("no journal", sqlstate="42501", hint="")

    state = world.begin()
    busy(world)
    with pytest.raises(StatementFailed, match="no journal"):
        world.try_read(state, piece_bytes=9973, leg_bytes=1, keep=keep)


def _churn(world: World) -> None:
    """Write some segments, so that a checkpoint removes those that nobody keeps."""
    for _ in range(4):
        world.local("UPDATE app.quiet SET name = name", "SELECT pg_switch_wal()")
    world.local("CHECKPOINT", "CHECKPOINT")


def test_wal_from_before_a_restart(wal_lab: Lab, world: World) -> None:
    state = world.begin()
    world.ours("UPDATE app.users SET name = 'before'", "BEGIN", "DELETE FROM app.quiet", "PREPARE TRANSACTION 'kept'")
    dying = world.connect()
    dying.execute("BEGIN")
    dying.execute("DELETE FROM app.enrollments")
    world.local("INSERT INTO app.courses (title) VALUES ('flushed with it')")
    middle = world.read(state)
    assert len({one.xid for one in middle.open}) == 2
    wal_lab.stop_server(Server.PROD, "kill")
    wal_lab.start_server(Server.PROD)
    deadline(lambda: _answers(world), "the server answers")
    world.local("COMMIT PREPARED 'kept'", "UPDATE app.users SET name = 'after'", "CHECKPOINT")
    for after in (world.read(middle), world.read(state)):
        assert after.open == ()
        found = world.examine(after)
        assert touched(found) == {"app.users", "app.quiet"}
        assert "app.enrollments" in untouched(found)


def _answers(world: World) -> bool:
    try:
        with psycopg.connect(world.admin_dsn) as connection:
            connection.execute(sql.SQL("SELECT 1"))
    except psycopg.OperationalError:
        return False
    return True
