"""What our transactions write: the allow-list, and everything that is not on it."""

from __future__ import annotations

import pytest
from wal_world import ORIGIN, World, touched, untouched

from egrow_replica.evidence.wal import OurOrigin, WalFindings, examine
from egrow_replica.model import QualifiedName

ALLOWED = {
    "content": ["UPDATE app.courses SET title = 'x' WHERE id = 1", "INSERT INTO app.courses (title) VALUES ('new')"],
    "content's TOAST": ["UPDATE app.courses SET body = repeat('d', 9000) WHERE id = 2"],
    "partitions": ["UPDATE app.lessons SET title = 'y'", "UPDATE app.lessons SET id = 199 WHERE id = 1"],
    "content's sequence": ["SELECT setval('app.courses_id_seq', 500)"],
    "journal": ["INSERT INTO egrow_replica.step (detail) VALUES (repeat('j', 9000))"],
    "temporary table": [
        "CREATE TEMP TABLE stage (id int, body text)",
        "INSERT INTO stage SELECT i, repeat('s', 3000) FROM generate_series(1, 50) AS i",
        "CREATE INDEX ON stage (id)",
        "TRUNCATE stage",
        "DROP TABLE stage",
    ],
    "journal made": ["CREATE TABLE egrow_replica.more (id serial PRIMARY KEY, note text)"],
    "catalogs": ["ANALYZE app.courses", "COMMENT ON TABLE app.courses IS 'c'"],
    "truncated content": ["TRUNCATE app.courses RESTART IDENTITY"],
    "locks of users' rows": [
        "BEGIN",
        "SELECT FROM app.users FOR UPDATE",
        "SELECT FROM app.quiet FOR KEY SHARE",
        "COMMIT",
    ],
    "messages": ["SELECT pg_logical_emit_message(true, 'x', 'app.users'), pg_logical_emit_message(false, 'x', 'y')"],
    "unlogged": ["INSERT INTO app.unlogged VALUES (1)"],  # which WAL cannot see: such a table is never untouched
    "nothing": ["SELECT 1", "SELECT pg_catalog.pg_current_xact_id()"],
}

TOUCHING = {
    "update": (["UPDATE app.users SET name = 'X' WHERE id = 3"], {"app.users"}),
    "update, same value": (["UPDATE app.users SET name = name WHERE id = 3"], {"app.users"}),
    "delete": (["DELETE FROM app.users WHERE id = 4"], {"app.users"}),
    "insert": (["INSERT INTO app.users VALUES (77, 'new')"], {"app.users"}),
    "copied in": (["INSERT INTO app.users SELECT i FROM generate_series(100, 900) AS i"], {"app.users"}),
    "inserted where nothing was": (
        ["INSERT INTO app.users VALUES (78, 'new'), (1, 'old') ON CONFLICT DO NOTHING"],
        {"app.users"},
    ),
    "updated where something was": (
        ["INSERT INTO app.users VALUES (1, 'old') ON CONFLICT (id) DO UPDATE SET name = excluded.name"],
        {"app.users"},
    ),
    "updated in the page and elsewhere": (
        ["UPDATE app.users SET name = 'h' WHERE id = 1", "UPDATE app.users SET name = repeat('h', 4000), bio = ''"],
        {"app.users"},
    ),
    "truncate": (["TRUNCATE app.users"], {"app.users"}),
    "toasted value": (["UPDATE app.users SET bio = repeat('z', 6000) WHERE id = 1"], {"app.users"}),
    "rewrite": (["ALTER TABLE app.users ALTER id TYPE bigint"], {"app.users"}),
    "vacuum full": (["VACUUM FULL app.users"], {"app.users"}),
    "unclassified sequence": (["SELECT setval('app.loose', 9)"], {"app.loose"}),
    "user's sequence": (["SELECT setval('app.enrollments_id_seq', 900)"], {"app.enrollments_id_seq"}),
    "new table": (["CREATE TABLE app.made (id int)"], {"app.made"}),
    "materialised view": (["REFRESH MATERIALIZED VIEW app.summary"], {"app.summary"}),
    "large object": (["SELECT lo_from_bytea(0, 'x')"], {"pg_catalog.pg_largeobject"}),
    "released savepoint": (
        ["BEGIN", "SAVEPOINT s", "UPDATE app.users SET name = 's'", "RELEASE s", "COMMIT"],
        {"app.users"},
    ),
    "between rolled back savepoints": (
        [
            "BEGIN",
            "SAVEPOINT a",
            "UPDATE app.quiet SET name = 'a'",
            "ROLLBACK TO a",
            "SAVEPOINT b",
            "UPDATE app.users SET name = 'b'",
            "SAVEPOINT c",
            "UPDATE app.enrollments SET user_id = 0",
            "ROLLBACK TO c",
            "COMMIT",
        ],
        {"app.users"},
    ),
    "prepared": (
        ["BEGIN", "UPDATE app.users SET name = 'p'", "PREPARE TRANSACTION 'one'", "COMMIT PREPARED 'one'"],
        {"app.users"},
    ),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_allowed(world: World, case: str) -> None:
    state = world.begin()
    world.ours(*ALLOWED[case])
    found = world.findings(state)
    assert (touched(found), found.unresolved, found.gap) == (set(), (), None)
    assert untouched(found) == {"app.users", "app.enrollments", "app.quiet"}


@pytest.mark.parametrize("case", TOUCHING)
def test_touched(world: World, case: str) -> None:
    statements, relations = TOUCHING[case]
    state = world.begin()
    world.ours(*statements)
    found = world.findings(state)
    assert touched(found) == relations
    assert not {"app.users", "app.enrollments"} & relations & untouched(found)
    assert all(write.origin == ORIGIN and write.xid.isdigit() and write.at for write in found.touched)
    assert "app.quiet" in untouched(found)


def test_a_finding_names_transaction_and_time(world: World) -> None:
    state = world.begin()
    with world.session(ORIGIN) as session:
        session.execute("BEGIN")
        session.execute("UPDATE app.courses SET title = 'allowed'")
        session.execute("UPDATE app.users SET name = 'Ñ' WHERE id = 5")
        row = session.execute("SELECT pg_current_xact_id()::text, now() AT TIME ZONE 'UTC'").fetchone()
        session.execute("COMMIT")
    assert row
    (write,) = world.findings(state).touched
    assert (write.xid, write.what) == (row[0], "1 updated")
    assert write.at
    assert write.at[:16] >= str(row[1])[:16]
    assert str(write).startswith("app.users 1 updated through egrow_test, transaction ")


@pytest.mark.parametrize(
    "statements",
    [
        ["BEGIN", "UPDATE app.users SET name = 'no'", "ROLLBACK"],
        ["BEGIN", "SAVEPOINT s", "DELETE FROM app.users", "ROLLBACK TO s", "COMMIT"],
        ["BEGIN", "TRUNCATE app.users", "ROLLBACK"],
        ["BEGIN", "UPDATE app.users SET name = 'p'", "PREPARE TRANSACTION 'two'", "ROLLBACK PREPARED 'two'"],
    ],
)
def test_rolled_back_is_not_touched(world: World, statements: list[str]) -> None:
    state = world.begin()
    world.ours(*statements)
    found = world.findings(state)
    assert touched(found) == set()
    assert found.proves
    assert "app.users" in untouched(found)


def test_a_table_that_we_made_and_dropped_is_unresolved(world: World) -> None:
    state = world.begin()
    world.ours("CREATE TABLE app.gone (id int)", "INSERT INTO app.gone VALUES (1)", "DROP TABLE app.gone")
    found = world.findings(state)
    assert touched(found) == set()
    assert found.unresolved
    assert not found.proves
    assert ORIGIN in found.unresolved[0]


def test_a_user_table_that_is_dropped_afterwards_is_unresolved(world: World) -> None:
    state = world.begin()
    world.ours("DELETE FROM app.enrollments")
    world.local("DROP TABLE app.enrollments")
    found = world.findings(state)
    assert found.unresolved
    assert not found.proves


def test_prepared_by_us_and_committed_by_another_session(world: World) -> None:
    state = world.begin()
    world.ours("BEGIN", "UPDATE app.users SET name = 'p'", "SAVEPOINT s", "DELETE FROM app.quiet", "RELEASE s",
               "PREPARE TRANSACTION 'x; origin: node 99, lsn 0/0'")  # fmt: skip
    middle = world.read(state)
    assert touched(world.examine(middle)) == set()
    world.local("COMMIT PREPARED 'x; origin: node 99, lsn 0/0'")
    for found in (world.findings(middle), world.findings(state)):
        assert touched(found) == {"app.users", "app.quiet"}


def test_a_prepared_transaction_cannot_pretend_to_be_ours(world: World) -> None:
    state = world.begin()
    gid = f"x; origin: node {world.origin_number()}, lsn 0/0, at 2026-01-01 00:00:00+00; subxacts: 1 2"
    world.local("BEGIN", "UPDATE app.users SET name = 'p'", f"PREPARE TRANSACTION '{gid}'", f"COMMIT PREPARED '{gid}'")
    found = world.findings(state)
    assert touched(found) == set()
    assert found.proves


def test_an_origin_number_that_was_another_s_before(world: World) -> None:
    state = world.begin()
    world.ours("UPDATE app.users SET name = 'before we had the number'")
    state = world.read(state)
    assert touched(world.examine(state)) == {"app.users"}
    assert touched(world.examine(state, since=state.position)) == set()


def test_content_rewritten_twice_by_others_stays_content(world: World) -> None:
    state = world.begin()
    for number in range(3):
        world.ours(f"UPDATE app.courses SET title = 'round {number}', body = repeat('{number}', 7000)")
        world.local("VACUUM FULL app.courses")
    found = world.findings(state)
    assert (touched(found), found.unresolved) == (set(), ())


def test_a_write_between_two_rewrites_is_no_proof(world: World) -> None:
    """Nobody knows that storage any more, so it must not be lost."""
    state = world.begin()
    world.local("VACUUM FULL app.users")
    world.ours("UPDATE app.users SET name = 'between'")
    world.local("VACUUM FULL app.users")
    found = world.findings(state)
    assert found.unresolved
    assert not found.proves


def test_a_number_that_the_server_gave_out_again(world: World) -> None:
    """As of a subscription that was dropped before ours was made."""
    state = world.begin()
    name, ours = f"somebody_{world.name}", f"ours_{world.name}"
    world.local(f"SELECT pg_replication_origin_create('{name}')")
    number = world.origin_number(name)
    world.ours("UPDATE app.users SET name = 'theirs'", origin=name)
    world.local(f"SELECT pg_replication_origin_drop('{name}')", f"SELECT pg_replication_origin_create('{ours}')")
    assert world.origin_number(ours) == number
    since = world.read(state).position

    def find() -> WalFindings:
        with world.door() as door:
            return examine(door, world.read(state), world.scope, {number: OurOrigin(name=ours, since=since)})

    found = find()
    assert (touched(found), found.proves) == (set(), True)
    world.ours("UPDATE app.quiet SET name = 'ours'", origin=ours)
    found = find()
    world.local(f"SELECT pg_replication_origin_drop('{ours}')")
    assert touched(found) == {"app.quiet"}


def test_streamed_rows(world: World) -> None:
    state = world.begin()
    world.ours(
        "INSERT INTO app.courses (id, title, body) VALUES (101, 'a', repeat('x', 9000)), (102, 'b', NULL)",
        "UPDATE app.courses SET title = 't' WHERE id <= 5",
        "UPDATE app.courses SET id = 201 WHERE id = 101",
        "DELETE FROM app.courses WHERE id = 102",
        "UPDATE app.lessons SET title = 'l' WHERE id IN (1, 101)",
    )
    courses, lessons = world.findings(state).streamed
    assert (courses.table, courses.origin) == (QualifiedName("app", "courses"), ORIGIN)
    assert (courses.inserted, courses.updated, courses.rekeyed, courses.deleted) == (2, 6, 1, 1)
    assert (lessons.table, lessons.inserted, lessons.updated) == (QualifiedName("app", "lessons"), 0, 2)
