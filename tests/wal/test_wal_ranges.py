"""On which pages WAL says that rows were written: exactly those on which a row is another than before."""

from __future__ import annotations

import pytest
from wal_world import World, writes_of

from egrow_replica.evidence import wal_pieces, wal_state
from egrow_replica.evidence.ranges import PAGES
from egrow_replica.evidence.wal import TableWrites

#: A row fills a page, so that few rows make several ranges; of the narrow one many are on a page.
SCHEMA = """
CREATE TABLE app.wide (id int PRIMARY KEY, other int, pad text);
ALTER TABLE app.wide ALTER pad SET STORAGE PLAIN;
INSERT INTO app.wide SELECT i, i, repeat('p', 7000) FROM generate_series(1, 900) AS i;
ALTER TABLE app.wide ADD toasted text;
ALTER TABLE app.wide ALTER toasted SET STORAGE EXTERNAL;
CREATE TABLE app.narrow (id int PRIMARY KEY, n int) WITH (fillfactor = 10);
INSERT INTO app.narrow SELECT i, 0 FROM generate_series(1, 12000) AS i;
"""
#: A row's place and maker differ after every write, also of the same value.
ROWS = """
SELECT (ctid::text::point)[0]::int8 / {pages} AS range, md5(string_agg(concat(ctid, xmin, t), ',' ORDER BY ctid))
  FROM {table} AS t GROUP BY 1
"""

#: What is done, a statement a transaction unless it says BEGIN.
WRITES = {
    "update to another page": ["UPDATE app.wide SET other = 0 WHERE id IN (3, 700)"],
    "update in the page": ["UPDATE app.narrow SET n = 1 WHERE id % 5000 = 1"],
    "update of the same value": ["UPDATE app.narrow SET n = n WHERE id = 6000"],
    "key updated": ["UPDATE app.wide SET id = -id WHERE id = 300", "UPDATE app.narrow SET id = -id WHERE id = 7"],
    "inserted": ["INSERT INTO app.narrow VALUES (20000, 1)", "INSERT INTO app.wide VALUES (2000)"],
    "inserted or not": [
        "INSERT INTO app.narrow VALUES (21000, 1), (5, 9) ON CONFLICT DO NOTHING",
        "INSERT INTO app.narrow VALUES (22000, 1), (9000, 9) ON CONFLICT (id) DO UPDATE SET n = 3",
    ],
    "many inserted": ["INSERT INTO app.narrow SELECT i FROM generate_series(30000, 60000) AS i"],
    "deleted": ["DELETE FROM app.wide WHERE id IN (1, 880)", "DELETE FROM app.narrow WHERE id BETWEEN 4000 AND 9000"],
    "value out of line": ["UPDATE app.wide SET toasted = repeat('t', 9000) WHERE id = 500"],
    "after a checkpoint": [
        "CHECKPOINT", "UPDATE app.narrow SET n = 5 WHERE id = 11000", "DELETE FROM app.wide WHERE id = 9",
    ],
    "sub-transactions": [
        "BEGIN", "SAVEPOINT a", "DELETE FROM app.wide WHERE id = 850", "ROLLBACK TO a",
        "SAVEPOINT b", "DELETE FROM app.narrow WHERE id = 2", "RELEASE b", "COMMIT",
    ],
    "prepared": [
        "BEGIN", "UPDATE app.wide SET other = 8 WHERE id = 100", "PREPARE TRANSACTION 'r'", "COMMIT PREPARED 'r'",
    ],
    "large and then freed": ["DELETE FROM app.wide WHERE id > 300", "VACUUM app.wide", "UPDATE app.wide SET other = 7"],
    "rolled back": ["BEGIN", "DELETE FROM app.wide", "UPDATE app.narrow SET n = 9", "ROLLBACK"],
    "nothing": [
        "BEGIN", "SELECT FROM app.wide FOR UPDATE", "COMMIT", "CHECKPOINT", "SELECT sum(n) FROM app.narrow",
        "VACUUM (FREEZE) app.wide, app.narrow", "ANALYZE app.wide", "CREATE INDEX ON app.wide (other)",
    ],
}  # fmt: skip
REWRITES = {
    "VACUUM FULL app.wide": True,
    "CLUSTER app.wide USING wide_pkey": True,
    "TRUNCATE app.wide": True,
    "ALTER TABLE app.wide ALTER id TYPE bigint": True,
    "ALTER TABLE app.wide SET UNLOGGED": True,
    "ALTER TABLE app.wide ADD x int DEFAULT 5": False,
    "REINDEX TABLE app.wide": False,
}


@pytest.fixture
def paged(world: World) -> World:
    world.local(*(one for one in SCHEMA.split(";\n") if one.strip()))
    return world


def writes(world: World, state: wal_state.WalState, name: str) -> TableWrites:
    return writes_of(world.findings(state), name)


class Pages:
    """What the two tables hold, range by range, and what WAL says since it was last asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held = self._hold()
        self._state = world.begin()

    def check(self, what: str) -> None:
        """WAL names exactly the ranges that became others."""
        before, self._held = self._held, self._hold()
        found = self._world.findings(self._state)
        for name, was in before.items():
            table, now = writes_of(found, name), self._held[name]
            assert table.ranges == {one for one in was.keys() | now.keys() if was.get(one) != now.get(one)}, what
        self._state = self._world.begin()

    def _hold(self) -> dict[str, dict[int, str]]:
        with self._world.session() as session:
            statements = {name: ROWS.format(table=f"app.{name}", pages=PAGES) for name in ("wide", "narrow")}
            return {name: dict(session.execute(one.encode()).fetchall()) for name, one in statements.items()}


def test_ranges_are_those_that_changed(paged: World) -> None:
    pages = Pages(paged)
    for what, statements in WRITES.items():
        paged.local(*statements)
        pages.check(what)
    paged.ours("UPDATE app.wide SET other = 1 WHERE id = 100")
    pages.check("ours")


def test_copied_rows(paged: World) -> None:
    pages = Pages(paged)
    with paged.session() as session, session.cursor().copy("COPY app.narrow (id) FROM STDIN") as copy:
        for number in range(100_000, 130_000):
            copy.write_row((number,))
    pages.check("copied")


def test_a_transaction_that_ends_in_a_later_reading(paged: World) -> None:
    state = paged.begin()
    with paged.session() as other:
        other.execute("BEGIN")
        other.execute("DELETE FROM app.wide WHERE id = 1")
        state = paged.read(state)
        other.execute("DELETE FROM app.wide WHERE id = 880")
        state = paged.read(state)
        assert writes_of(paged.examine(state), "wide").ranges == frozenset()
        other.execute("COMMIT")
    assert writes(paged, state, "wide").ranges == {0, 879 // PAGES}


@pytest.mark.parametrize("statement", REWRITES)
def test_other_storage_may_be_anywhere(paged: World, statement: str) -> None:
    state = paged.begin()
    paged.local("DELETE FROM app.wide WHERE id = 1", statement)
    assert (writes(paged, state, "wide").ranges is None) == REWRITES[statement]
    assert writes(paged, state, "narrow").ranges == frozenset()


def test_unlogged_is_not_known(paged: World) -> None:
    state = paged.begin()
    paged.local("INSERT INTO app.unlogged VALUES (1)")
    assert writes(paged, state, "unlogged").ranges is None


def test_too_many_are_any(paged: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (wal_pieces, wal_state):
        monkeypatch.setattr(module, "MOST_RANGES", 2)
    state = paged.begin()
    paged.local("DELETE FROM app.wide WHERE id IN (1, 400)")
    assert writes(paged, state, "wide").ranges == {0, 1}
    paged.local("DELETE FROM app.wide WHERE id = 800")
    assert writes(paged, state, "wide").ranges is None


def test_what_an_older_version_stored_is_any() -> None:
    stored = '{"origin": 0, "kind": "i", "what": "1/2/3", "rows": 1, "first": "0/1", "last": "0/1"}'
    assert wal_state.Written.model_validate_json(stored).ranges is None
