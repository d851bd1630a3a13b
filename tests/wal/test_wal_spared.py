"""What WAL spares is what it was: pages that no record names hold the rows that they held, whatever was done."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from _pytest.mark.structures import ParameterSet
from wal_world import OPERATOR, Connection, World, writes_of

from egrow_replica.catalog import Table, read_relations, read_tables
from egrow_replica.db import SNAPSHOT, Door
from egrow_replica.evidence.fingerprint import Measured, Wanted, measure
from egrow_replica.evidence.ranges import PAGES, different
from egrow_replica.evidence.wal import WalState
from egrow_replica.model import QualifiedName

NAME = QualifiedName("app", "paged")
SEED = 5_550_913
#: About one row a page.
ROWS = 6 * PAGES
CREATE = f"""
CREATE TABLE app.paged (id int PRIMARY KEY, n int, body text, far text)
  WITH (fillfactor = 90, autovacuum_enabled = false);
ALTER TABLE app.paged ALTER body SET STORAGE PLAIN, ALTER far SET STORAGE EXTERNAL;
INSERT INTO app.paged SELECT i, 0, repeat('x', 5000), repeat('f', 3000) FROM generate_series(1, {ROWS}) AS i;
GRANT SELECT ON app.paged TO {OPERATOR}
"""


def _table(door: Door) -> Table:
    return read_tables(door, [read_relations(door)[NAME]])[NAME]


def _measured(door: Door, known: Measured | None = None, written: frozenset[int] | None = None) -> Measured:
    table = _table(door)
    return measure([door], [Wanted(table, table.columns, known and known.fingerprint, written)], SEED, None)[NAME]


@pytest.fixture
def paged(world: World) -> World:
    world.local(*CREATE.split(";"))
    return world


def _begin(world: World) -> tuple[WalState, Measured]:
    state = world.begin()
    with world.door() as door:
        return state, _measured(door)


def _written(world: World, state: WalState) -> frozenset[int] | None:
    return writes_of(world.findings(world.read(state)), NAME.name).ranges


def _check(world: World, state: WalState, known: Measured) -> frozenset[int] | None:
    """Measure in part and in whole, in one snapshot, WAL being read up to after it."""
    with world.door() as door:
        door.execute(SNAPSHOT)
        whole = _measured(door, known)
        written = _written(world, state)
        if written is not None:
            part = _measured(door, known, written).fingerprint
            assert different(whole.fingerprint.ranges, part.ranges, PAGES) == (), f"written: {sorted(written)}"
            assert (part.rows, part.hash) == (whole.fingerprint.rows, whole.fingerprint.hash)
    return written


def _id(chance: random.Random) -> int:
    return chance.randint(1, ROWS)


def _one(session: Connection, chance: random.Random) -> None:
    session.execute("UPDATE app.paged SET n = n + 1 WHERE id = %s", [_id(chance)])


def _moved(session: Connection, chance: random.Random) -> None:
    size = chance.choice((10, 3000, 6000))
    session.execute("UPDATE app.paged SET body = repeat('m', %s) WHERE id = %s", [size, _id(chance)])


def _gone(session: Connection, chance: random.Random) -> None:
    first = _id(chance)
    session.execute("DELETE FROM app.paged WHERE id BETWEEN %s AND %s", [first, first + chance.choice((0, 40))])


def _come(session: Connection, chance: random.Random) -> None:
    first = chance.randint(ROWS, 10_000_000)
    values = [first, first + chance.choice((0, 3, 60)), chance.choice((1, 5000))]
    session.execute(
        "INSERT INTO app.paged SELECT i, 0, repeat('c', %s), '' FROM generate_series(%s, %s) AS i"
        " ON CONFLICT (id) DO NOTHING",
        [values[2], *values[:2]],
    )


def _copied(session: Connection, chance: random.Random) -> None:
    first = chance.randint(10_000_000, 2_000_000_000)
    with session.cursor() as cursor, cursor.copy("COPY app.paged FROM STDIN") as copy:
        for number in range(first, first + 20):
            copy.write_row((number, 1, "k" * chance.choice((1, 4000)), "far" * 1000))


def _nested(session: Connection, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 3)):
        session.execute("SAVEPOINT s")
        chance.choice((_one, _moved, _gone))(session, chance)
        session.execute(chance.choice(("RELEASE s", "ROLLBACK TO s")))


_WRITES: tuple[Callable[[Connection, random.Random], None], ...] = (_one, _moved, _gone, _come, _copied, _nested)
_MAINTENANCE = (
    "VACUUM app.paged",
    "VACUUM (FREEZE) app.paged",
    "CHECKPOINT",
    "SELECT pg_switch_wal()",
    "VACUUM (TRUNCATE FALSE) app.paged",
)


def _seeds() -> list[ParameterSet]:
    """A few always, the others among the slow tests."""
    return [pytest.param(seed, marks=() if seed < 3 else pytest.mark.slow) for seed in range(12)]


@pytest.mark.parametrize("seed", _seeds())
def test_whatever_is_done(paged: World, seed: int) -> None:
    """Several sessions, open and prepared transactions over the readings, and VACUUM in between."""
    chance = random.Random(seed)
    paged.scope  # noqa: B018 - read before anybody holds a lock
    state, known = _begin(paged)
    for number in range(chance.randint(2, 5)):
        with paged.session() as session:
            session.execute("SET lock_timeout = '5s'")
            session.execute("BEGIN")
            for _ in range(chance.randint(1, 4)):
                chance.choice(_WRITES)(session, chance)
            ending = chance.choice(("COMMIT", "COMMIT", "ROLLBACK", "PREPARE"))
            _check(paged, state, known)
            if ending == "PREPARE":
                session.execute(f"PREPARE TRANSACTION 'p{number}'")
                state = paged.read(state)
                ending = chance.choice(("COMMIT", "ROLLBACK")) + f" PREPARED 'p{number}'"
            session.execute(ending.encode())
        if chance.random() < 0.5:
            paged.local(chance.choice(_MAINTENANCE))
        if chance.random() < 0.5:
            state = paged.read(state, piece_bytes=chance.choice((1 << 16, 1 << 20, 64 << 20)))
        _check(paged, state, known)
