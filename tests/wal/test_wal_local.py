"""What everybody else writes: counted per table, and never taken for ours."""

from __future__ import annotations

import pytest
from wal_world import OTHER_ORIGIN, World, touched, untouched, writes_of

from egrow_replica.evidence.wal import OriginWrites

ALL = {"app.users", "app.enrollments", "app.quiet"}


def test_rows_are_counted_by_kind(world: World) -> None:
    state = world.begin()
    world.local(
        "INSERT INTO app.users VALUES (20, 'a', repeat('t', 9000)), (21, 'b', NULL)",
        "UPDATE app.users SET name = 'x' WHERE id <= 3",
        "UPDATE app.users SET id = 99 WHERE id = 20",
        "DELETE FROM app.users WHERE id = 99",
        "BEGIN",
        "DELETE FROM app.users",
        "ROLLBACK",
    )
    found = world.findings(state)
    assert writes_of(found, "users").others == (OriginWrites(origin=0, inserted=2, updated=4, rekeyed=1, deleted=1),)
    assert writes_of(found, "users").gone_by_others
    assert not writes_of(found, "users").ours
    assert (touched(found), untouched(found), found.proves) == (set(), ALL - {"app.users"}, True)


def test_copied_rows_are_counted(world: World) -> None:
    state = world.begin()
    with world.session() as session, session.cursor().copy("COPY app.enrollments (user_id) FROM STDIN") as copy:
        for number in range(1000):
            copy.write_row((number,))
    assert writes_of(world.findings(state), "enrollments").others == (OriginWrites(origin=0, inserted=1000),)


def test_insert_on_conflict_counts_what_it_did(world: World) -> None:
    """A speculative insert that lost would be a deletion of its own; these meet their row before."""
    state = world.begin()
    world.local(
        "INSERT INTO app.users VALUES (1, 'there'), (50, 'new') ON CONFLICT DO NOTHING",
        "INSERT INTO app.users VALUES (2, 'there'), (51, 'new') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    )
    assert writes_of(world.findings(state), "users").others == (OriginWrites(origin=0, inserted=2, updated=1),)


def test_a_foreign_origin_is_told_apart(world: World) -> None:
    state = world.begin()
    world.ours("UPDATE app.users SET name = 'x' WHERE id = 1", origin=OTHER_ORIGIN)
    found = world.findings(state)
    assert writes_of(found, "users").others == (OriginWrites(origin=world.origin_number(OTHER_ORIGIN), updated=1),)
    assert (touched(found), found.unresolved) == (set(), ())


@pytest.mark.parametrize(
    ("statement", "kind"),
    [("VACUUM FULL app.users", "rewritten"), ("CLUSTER app.users USING users_pkey", "rewritten"),
     ("ALTER TABLE app.users ALTER id TYPE bigint", "rewritten"), ("TRUNCATE app.users", "truncated")],
)  # fmt: skip
def test_other_storage_is_not_untouched(world: World, statement: str, kind: str) -> None:
    state = world.begin()
    world.local(statement)
    found = world.findings(state)
    assert getattr(writes_of(found, "users").others[0], kind) == 1
    assert (touched(found), untouched(found), found.proves) == (set(), ALL - {"app.users"}, True)


def test_writes_before_a_rewrite_still_count(world: World) -> None:
    state = world.begin()
    world.local("DELETE FROM app.users WHERE id = 1", "VACUUM FULL app.users", "VACUUM FULL app.users")
    assert writes_of(world.findings(state), "users").others[0].deleted == 1


def test_what_changes_no_row_does_not_count(world: World) -> None:
    state = world.begin()
    world.local(
        "BEGIN", "SELECT FROM app.users FOR UPDATE", "COMMIT", "VACUUM (FREEZE) app.users", "ANALYZE app.users",
        "CREATE INDEX ON app.users (name)", "REINDEX TABLE app.users", "CHECKPOINT", "SELECT count(*) FROM app.users",
        "INSERT INTO app.unlogged VALUES (1)", "SELECT nextval('app.loose')",
    )  # fmt: skip
    found = world.findings(state)
    assert untouched(found) == ALL
    assert not writes_of(found, "unlogged").untouched  # WAL cannot know


def test_a_toasted_value_alone(world: World) -> None:
    state = world.begin()
    world.local("UPDATE app.users SET bio = repeat('w', 8000) WHERE id = 2")
    assert writes_of(world.findings(state), "users").others == (OriginWrites(origin=0, updated=1),)


def test_tables_made_and_dropped_are_forgotten(world: World) -> None:
    state = world.begin()
    for number in range(20):
        world.local(f"CREATE TABLE app.t{number} AS SELECT 1 AS x", f"DROP TABLE app.t{number}")
    world.local("CREATE TABLE app.stays (id int)", "INSERT INTO app.stays VALUES (1)")
    after = world.read(state)
    found = world.examine(after)
    assert (touched(found), untouched(found), found.proves) == (set(), ALL, True)
    assert writes_of(found, "stays").others[0].inserted == 1
    assert len(after.written) < 30


def test_another_database_is_another_matter(world: World) -> None:
    state = world.begin()
    name = f"{world.name}_other"
    world.local(f"CREATE DATABASE {name} TEMPLATE wal_template")
    other = World(world.lab, name)
    other.local("DELETE FROM app.users")
    assert untouched(world.findings(state)) == ALL
    other.ours("DELETE FROM app.quiet")
    assert not world.findings(state).proves
    world.local(f"DROP DATABASE {name} WITH (FORCE)")
