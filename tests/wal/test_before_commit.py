"""What a transaction of ours sets off outside content is seen before it commits, and then it does not commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr
from wal_world import OPERATOR, ORIGIN, PASSWORD, World

from egrow_replica.db import Door, connect, parse_dsn
from egrow_replica.errors import PreflightFailed, ValidationFailed
from egrow_replica.evidence import WalWitness, before_commit, judged_transaction, own_wal
from egrow_replica.guard import Policy
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server

UPDATE = "UPDATE app.courses SET title = 'changed' WHERE id = 1"
INSERT = "INSERT INTO app.courses (id, title, body) VALUES (100, 'made', pg_catalog.repeat('x', 9000))"
DELETE = "DELETE FROM app.courses WHERE id = 2"
PARTS = "UPDATE app.lessons SET title = 'changed' WHERE id >= 50"
MOVE = "SELECT pg_catalog.setval('app.courses_id_seq', 500)"

#: What users have; none of it may change.
STATE = """
SELECT pg_catalog.jsonb_build_array(
  (SELECT pg_catalog.jsonb_agg(u ORDER BY u.id) FROM app.users AS u),
  (SELECT pg_catalog.jsonb_agg(e ORDER BY e.id) FROM app.enrollments AS e),
  (SELECT pg_catalog.jsonb_agg(q ORDER BY q.id) FROM app.quiet AS q),
  (SELECT pg_catalog.count(*) FROM app.unlogged),
  (SELECT pg_catalog.jsonb_agg(c ORDER BY c.id) FROM app.courses AS c),
  (SELECT pg_catalog.jsonb_agg(l ORDER BY l.id) FROM app.lessons AS l),
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata),
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc), (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class),
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_roles))::text"""


@pytest.fixture
def attacked(world: World) -> World:
    """Content that the operator may write, and a column that is computed."""
    world.local(
        f"GRANT ALL ON app.courses, app.lessons TO {OPERATOR}; GRANT ALL ON SEQUENCE app.courses_id_seq TO {OPERATOR};"
        f"GRANT USAGE ON SCHEMA egrow_replica TO {OPERATOR}; GRANT ALL ON egrow_replica.step TO {OPERATOR};"
        f"GRANT SELECT ON ALL TABLES IN SCHEMA app TO {OPERATOR};"
        f"GRANT SET ON PARAMETER session_replication_role TO {OPERATOR};"
        "ALTER TABLE app.courses ADD COLUMN shout text GENERATED ALWAYS AS (pg_catalog.upper(title)) STORED"
    )
    return world


@contextmanager
def writing_door(world: World) -> Iterator[Door]:
    conninfo = make_conninfo(world.admin_dsn, user=OPERATOR, password=PASSWORD)
    names = [sequence.name for sequence in world.scope.sequences]
    policy = Policy.for_window(content=world.scope.names, sequences=names, origin=ORIGIN)
    with connect(
        parse_dsn(SecretStr(conninfo), name="prod"), Server.PROD, policy, what="write", read_only=False
    ) as door:
        yield door


def write(door: Door, world: World, *statements: str, witness: WalWitness | None = None) -> None:
    with judged_transaction(door, world.scope, witness):
        door.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            door.execute(statement)


@pytest.fixture
def witness(attacked: World) -> Iterator[WalWitness]:
    conninfo = make_conninfo(attacked.admin_dsn, user=OPERATOR, password=PASSWORD)
    dsn = parse_dsn(SecretStr(conninfo), name="prod")
    witness = WalWitness(lambda: connect(dsn, Server.PROD, Policy.for_evidence(), what="wal"))
    yield witness
    witness.close()


def value(world: World, query: str) -> Any:
    with psycopg.connect(world.admin_dsn, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row
        return row[0]


def plant(world: World, body: str, *, on: str = "UPDATE OF shout", options: str = "", kind: str = "TRIGGER") -> None:
    """Let a trigger of content that fires always do something with its owner's power."""
    timing = "DEFERRABLE INITIALLY DEFERRED" if kind == "CONSTRAINT TRIGGER" else ""
    world.local(
        f"CREATE FUNCTION app.set_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER {options} AS"
        f" $f$ BEGIN {body}; RETURN NULL; END $f$",
        f"CREATE {kind} sets_off AFTER {on} ON app.courses {timing} FOR EACH ROW EXECUTE FUNCTION app.set_off()",
        "ALTER TABLE app.courses ENABLE ALWAYS TRIGGER sets_off",
    )


def in_subtransaction(body: str) -> str:
    return f"BEGIN {body}; EXCEPTION WHEN division_by_zero THEN NULL; END"


#: What a trigger does, and what the answer names.
EFFECTS = {
    "a user's row": ("UPDATE app.users SET name = 'touched' WHERE id <= 3", "app.users: 3 rows updated"),
    "a user's long value": ("UPDATE app.users SET bio = bio || 'x'", "app.users: 10 rows updated"),
    "a new row": ("INSERT INTO app.quiet VALUES (99, 'new')", "app.quiet: 1 row inserted"),
    "rows that go": ("DELETE FROM app.enrollments", "app.enrollments: 10 rows deleted"),
    "all rows": ("TRUNCATE app.enrollments", "app.enrollments: locked in AccessExclusiveLock"),
    "what is not logged": ("INSERT INTO app.unlogged VALUES (1)", "app.unlogged: 1 row inserted"),
    "a sequence": ("PERFORM nextval('app.loose')", "app.loose: moved"),
    "a sequence that is set": ("PERFORM setval('app.loose', 77)", "app.loose: moved"),
    "a large object": ("PERFORM lo_create(0)", "pg_catalog.pg_largeobject_metadata: 1 row inserted"),
    "a large object's data": ("PERFORM lo_from_bytea(0, 'abc')", "pg_catalog.pg_largeobject: 1 row inserted"),
    "a summary": ("REFRESH MATERIALIZED VIEW app.summary", "app.summary"),
    "a function": ("EXECUTE 'CREATE FUNCTION app.f() RETURNS int LANGUAGE sql RETURN 1'", "pg_catalog.pg_proc: 1 row"),
    "a table": ("CREATE TABLE app.made (id int)", "app.made"),
    "a column": ("ALTER TABLE app.users ADD COLUMN more text", "pg_catalog.pg_attribute: 1 row (more)"),
    "a table that goes": ("DROP TABLE app.quiet", "a relation that is gone"),
    "a domain that goes": ("CREATE DOMAIN app.d AS int; DROP DOMAIN app.d", "pg_catalog.pg_type: 2 rows inserted, 2"),
    "rights": ("GRANT SELECT ON app.users TO public", "pg_catalog.pg_class: 1 row (users)"),
    "a remark": ("COMMENT ON TABLE app.users IS 'mine'", "pg_catalog.pg_description"),
    "a role": ("CREATE ROLE wal_made", "pg_catalog.pg_authid: 1 row inserted"),
    "statistics": ("ANALYZE app.users", "app.users: locked in ShareUpdateExclusiveLock"),
}


@pytest.mark.parametrize("nested", [False, True], ids=["plain", "savepoint"])
def test_whatever_a_trigger_does_outside_content_is_undone(attacked: World, witness: WalWitness, nested: bool) -> None:
    before = value(attacked, STATE)
    with writing_door(attacked) as door:
        for name, (body, said) in EFFECTS.items():
            plant(attacked, in_subtransaction(body) if nested else body)
            with pytest.raises(ValidationFailed) as raised:
                write(door, attacked, UPDATE, witness=witness)
            assert said in raised.value.message, (name, raised.value.message)
            assert raised.value.code == "outside-content", name
            attacked.local("DROP FUNCTION app.set_off CASCADE")
            assert value(attacked, STATE) == before, name
        write(door, attacked, UPDATE)
    assert value(attacked, "SELECT title FROM app.courses WHERE id = 1") == "changed"


#: What WAL shows of each, by the records of the transaction's own id alone.
IN_WAL = {
    "UPDATE app.users SET name = 'touched' WHERE id <= 3": "app.users: 3 rows updated",
    "DELETE FROM app.enrollments": "app.enrollments: 10 rows deleted",
    "PERFORM nextval('app.loose')": "app.loose: moved",
    "PERFORM lo_from_bytea(0, 'abc')": "pg_catalog.pg_largeobject: 1 row inserted",
    "CREATE ROLE wal_made": "pg_catalog.pg_authid: 1 row inserted",
    "DROP FUNCTION app.goes()": "pg_catalog.pg_proc: 1 row deleted",
    "UPDATE pg_catalog.pg_class SET relhastriggers = true WHERE relname = 'users'": "pg_class: 1 row",
}


def test_its_own_wal_shows_what_a_transaction_wrote_before_it_commits(
    attacked: World, witness: WalWitness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the counters and locks left out; somebody else writes the same tables at the same time."""
    monkeypatch.setattr(before_commit, "_own_writes", lambda _: [])
    attacked.local("CREATE FUNCTION app.goes() RETURNS int LANGUAGE sql RETURN 1")
    with writing_door(attacked) as door, attacked.session() as other:
        other.execute("BEGIN")
        for body, said in IN_WAL.items():
            plant(attacked, body)
            with judged_transaction(door, attacked.scope, witness, commit=False) as judge:
                other.execute("UPDATE app.quiet SET name = name; INSERT INTO app.unlogged VALUES (1)")
                door.execute(UPDATE)
                found = judge.outside()
                assert judge.unread == "", body
                assert said in "; ".join(found), (body, found)
                judge.outside = list  # type: ignore[method-assign]
            attacked.local("DROP FUNCTION app.set_off CASCADE")


@pytest.mark.parametrize("along", [0.0, 60.0], ids=["along", "at the end"])
def test_wal_in_many_pieces(
    attacked: World, witness: WalWitness, monkeypatch: pytest.MonkeyPatch, along: float
) -> None:
    monkeypatch.setattr(before_commit, "_own_writes", lambda _: [])
    monkeypatch.setattr(own_wal, "PIECE_BYTES", 10_000)
    monkeypatch.setattr(own_wal, "_ALONG_SECONDS", along)
    monkeypatch.setattr(own_wal, "_ALONG_BYTES", 10_000)
    plant(attacked, "INSERT INTO app.quiet VALUES (OLD.id + 1000)")
    long = "UPDATE app.courses SET title = 'x', body = pg_catalog.repeat(body, 20)"
    with writing_door(attacked) as door, pytest.raises(ValidationFailed, match=r"app\.quiet: 10 rows inserted"):
        write(door, attacked, long, witness=witness)


@pytest.mark.parametrize("missing", ["extension", "privilege", "message"])
def test_without_wal_counters_and_locks_stand_alone(attacked: World, witness: WalWitness, missing: str) -> None:
    lost = {
        "extension": "DROP EXTENSION pg_walinspect",
        "privilege": f"REVOKE EXECUTE ON FUNCTION egrow_ext.pg_get_wal_records_info(pg_lsn, pg_lsn) FROM {OPERATOR}",
        "message": "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_logical_emit_message(bool, text, text, bool) FROM public",
    }[missing]
    if missing == "message" and value(attacked, "SHOW server_version_num") < "170000":
        lost = lost.replace(", bool)", ")")
    attacked.local(lost)
    plant(attacked, "UPDATE app.users SET name = 'touched' WHERE id <= 3")
    with writing_door(attacked) as door, pytest.raises(ValidationFailed, match=r"app\.users: 3 rows updated"):
        write(door, attacked, UPDATE, witness=witness)
    assert bool(witness.reason) == (missing != "message")


@pytest.mark.parametrize(("statement", "on"), [(INSERT, "INSERT"), (DELETE, "DELETE"), (UPDATE, "UPDATE")])
def test_every_kind_of_write_is_judged(attacked: World, statement: str, on: str) -> None:
    plant(attacked, "UPDATE app.users SET name = 'touched' WHERE id = 1", on=on)
    before = value(attacked, STATE)
    with writing_door(attacked) as door, pytest.raises(ValidationFailed, match=r"app\.users: 1 row updated"):
        write(door, attacked, statement)
    assert value(attacked, STATE) == before


def test_a_trigger_that_waits_for_the_commit_is_run_before(attacked: World) -> None:
    plant(attacked, "UPDATE app.users SET name = 'late' WHERE id = 1", on="UPDATE", kind="CONSTRAINT TRIGGER")
    before = value(attacked, STATE)
    with writing_door(attacked) as door, pytest.raises(ValidationFailed, match=r"app\.users: 1 row updated"):
        write(door, attacked, UPDATE)
    assert value(attacked, STATE) == before


@pytest.mark.parametrize("rounds", [2, 20], ids=["twice", "without end"])
def test_a_trigger_that_puts_itself_off_again(attacked: World, rounds: int) -> None:
    again = f"""SET CONSTRAINTS ALL DEFERRED;
      IF NEW.title NOT LIKE '{"_" * rounds}%' THEN UPDATE app.courses SET title = '.' || title WHERE id = NEW.id;
      ELSE UPDATE app.users SET name = 'late' WHERE id = 1; END IF"""
    plant(attacked, again, on="UPDATE", kind="CONSTRAINT TRIGGER")
    said = r"app\.users: 1 row updated" if rounds == 2 else "again and again"
    before = value(attacked, STATE)
    with writing_door(attacked) as door, pytest.raises(ValidationFailed, match=said):
        write(door, attacked, "UPDATE app.courses SET title = '' WHERE id = 1")
    assert value(attacked, STATE) == before


def test_what_analyze_computes_is_judged(attacked: World) -> None:
    attacked.local(
        """CREATE FUNCTION app.notes() RETURNS void LANGUAGE sql SECURITY DEFINER
           AS 'INSERT INTO app.unlogged VALUES (1)';
           CREATE FUNCTION app.said(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
           $f$ BEGIN PERFORM app.notes(); RETURN $1; END $f$""",
        "CREATE STATISTICS app.computed ON app.said(title) FROM app.courses",
        f"ALTER TABLE app.courses OWNER TO {OPERATOR}; GRANT CREATE ON SCHEMA app TO {OPERATOR}",
        f"ALTER STATISTICS app.computed OWNER TO {OPERATOR}",
    )
    with writing_door(attacked) as door, pytest.raises(ValidationFailed, match=r"app\.unlogged: 20 rows inserted"):
        write(door, attacked, "ANALYZE app.courses")
    assert value(attacked, "SELECT pg_catalog.count(*) FROM app.unlogged") == 0


def test_a_function_that_turns_the_counting_off(attacked: World) -> None:
    plant(attacked, "UPDATE app.users SET name = 'touched' WHERE id = 1", options="SET track_counts = off")
    before = value(attacked, STATE)
    with writing_door(attacked) as door, pytest.raises(ValidationFailed, match=r"app\.users: locked in RowExclusive"):
        write(door, attacked, UPDATE)
    assert value(attacked, STATE) == before


def test_content_with_all_its_parts_may_be_written(attacked: World, witness: WalWitness) -> None:
    """Partitions, long values, sequences, the journal, temporary tables; a row that is locked is not written."""
    body = "CREATE TEMPORARY TABLE IF NOT EXISTS own (id int PRIMARY KEY, body text DEFAULT 'x')"
    plant(attacked, f"{body}; PERFORM FROM app.users FOR UPDATE")
    staged = "CREATE TEMPORARY TABLE pg_temp.staged ON COMMIT DROP AS SELECT t.id, t.body FROM app.courses AS t"
    journal = "INSERT INTO egrow_replica.step (detail) VALUES (pg_catalog.repeat('x', 9000))"
    content = (staged, "ANALYZE pg_temp.staged", UPDATE, INSERT, DELETE, PARTS, MOVE, journal)
    with writing_door(attacked) as door:
        write(door, attacked, *content, witness=witness)
        write(door, attacked, PARTS, journal, "ANALYZE app.courses", witness=witness)
    assert value(attacked, "SELECT pg_catalog.count(*) FROM app.lessons WHERE title = 'changed'") == 10
    assert value(attacked, "SELECT last_value FROM app.courses_id_seq") == 500


def test_what_an_earlier_transaction_has_counted_is_not_this_ones(attacked: World) -> None:
    """Counts are handed in once a second at most; a session sees those that it still holds."""
    with writing_door(attacked) as door:
        for _ in range(3):
            write(door, attacked, UPDATE.replace("changed", "other"), UPDATE)


def test_a_rehearsal_is_judged_and_leaves_nothing(attacked: World) -> None:
    before = value(attacked, STATE)
    with writing_door(attacked) as door:
        with judged_transaction(door, attacked.scope, commit=False) as judge:
            door.execute(UPDATE)
            assert judge.outside() == []
        assert value(attacked, STATE) == before
        plant(attacked, "UPDATE app.users SET name = 'touched' WHERE id = 1", on="UPDATE")
        before = value(attacked, STATE)
        with (
            pytest.raises(ValidationFailed, match=r"app\.users"),
            judged_transaction(door, attacked.scope, commit=False),
        ):
            door.execute(UPDATE)
    assert value(attacked, STATE) == before


def test_no_write_of_content_commits_without_a_look(attacked: World) -> None:
    before = value(attacked, STATE)
    with writing_door(attacked) as door:
        with pytest.raises(RuntimeError, match="outside a transaction"):
            door.execute(UPDATE)
        door.execute("BEGIN")
        door.execute(UPDATE)
        with pytest.raises(RuntimeError, match="nobody has judged"):
            door.execute("COMMIT")
        door.execute("ROLLBACK")
        door.execute("BEGIN")
        door.judged()
        door.execute(MOVE)
        with pytest.raises(RuntimeError, match="nobody has judged"):
            door.execute("END")
        door.execute("ROLLBACK")
    assert value(attacked, STATE) == before


@pytest.mark.parametrize("where", [f"ROLE {OPERATOR}", "DATABASE {database}"])
def test_a_session_that_does_not_count_is_refused(attacked: World, wal_lab: Lab, where: str) -> None:
    attacked.local(f"ALTER {where.format(database=attacked.name)} SET track_counts = off")
    try:
        with writing_door(attacked) as door, pytest.raises(PreflightFailed) as raised:
            write(door, attacked, UPDATE)
        assert raised.value.code == "not-counted"
        attacked.local(f"GRANT SET ON PARAMETER track_counts TO {OPERATOR}")
        with writing_door(attacked) as door:
            write(door, attacked, UPDATE)
    finally:
        attacked.local(
            f"ALTER {where.format(database=attacked.name)} RESET track_counts",
            f"REVOKE SET ON PARAMETER track_counts FROM {OPERATOR}",
        )
