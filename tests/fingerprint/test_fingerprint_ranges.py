"""Block ranges: a fingerprint in parts, of which only what was written is read again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fingerprint_world import SEED, Place

from egrow_replica.evidence.fingerprint import PAGES_A_STATEMENT, Measured, TableFingerprint, Wanted, measure
from egrow_replica.evidence.ranges import MOST, PAGES, RangeSum, different, pages_per_range
from egrow_replica.evidence.rows import newer_rows
from egrow_replica.model import QualifiedName
from egrow_replica.results import BlockRange

#: One row a page.
ROWS = 2 * PAGES + 88
NAME = QualifiedName("public", "paged")


@pytest.fixture
def paged(place: Place) -> Iterator[None]:
    place.run(
        "CREATE TABLE paged (id int PRIMARY KEY, body text STORAGE PLAIN)",
        f"INSERT INTO paged SELECT n, repeat('x', 5000) FROM generate_series(1, {ROWS}) AS n",
    )
    yield
    place.run("DROP TABLE paged")


def _measured(
    place: Place, known: TableFingerprint | None = None, written: frozenset[int] | None = None, since: str | None = None
) -> Measured:
    table = place.table("paged")
    wanted = [Wanted(table, table.columns, known, written)]
    return measure([place.door], wanted, SEED, since)[NAME]


def _page(place: Place, number: int) -> int:
    return int(place.value(f"SELECT (ctid::text::point)[0]::int FROM paged WHERE id = {number}"))


@pytest.mark.usefixtures("paged")
def test_ranges_add_up(place: Place) -> None:
    found = _measured(place).fingerprint
    assert [one.rows for one in found.ranges] == [PAGES, PAGES, 88]
    assert sum(int(one.hash) for one in found.ranges) == int(found.hash)
    assert found.rows == ROWS


@pytest.mark.usefixtures("paged")
def test_only_what_was_written_is_read(place: Place) -> None:
    before = _measured(place).fingerprint
    was = _page(place, 300)
    place.run(
        "UPDATE paged SET body = repeat('y', 5000) WHERE id = 300",
        f"INSERT INTO paged SELECT n, repeat('z', 5000) FROM generate_series({ROWS + 1}, {ROWS + 2 * PAGES}) AS n",
        "DELETE FROM paged WHERE id = 310",
    )
    whole = _measured(place)
    written = {was // PAGES, _page(place, 300) // PAGES, 309 // PAGES}
    part = _measured(place, before, frozenset(written))
    assert part.fingerprint == whole.fingerprint
    # The first range was written by nobody; the new ones were not known, so they are read whatever WAL says.
    assert part.read == whole.read - PAGES
    stale = _measured(place, before, frozenset())
    assert stale.fingerprint.ranges[:2] == before.ranges[:2], "what was not said to be written was read"
    assert stale.fingerprint != whole.fingerprint


@pytest.mark.usefixtures("paged")
def test_what_was_cut_off_is_not_there_any_more(place: Place) -> None:
    before = _measured(place).fingerprint
    place.run(f"DELETE FROM paged WHERE id > {PAGES + 10}", "VACUUM paged")
    assert (place.table("paged").relation.heap_pages or 0) <= PAGES + 10
    part = _measured(place, before, frozenset({1, 2}))
    assert part.fingerprint.rows == PAGES + 10
    assert [one.rows for one in part.fingerprint.ranges] == [PAGES, 10, 0]


@pytest.mark.usefixtures("paged")
def test_larger_ranges(place: Place) -> None:
    """A range that is larger than those in which WAL's writes are counted holds several of them."""
    whole = _measured(place).fingerprint
    size = 2 * PAGES
    known = whole.model_copy(update={"pages_per_range": size, "ranges": ()})
    before = _measured(place, known).fingerprint
    assert [one.rows for one in before.ranges] == [size, 88]
    place.run("UPDATE paged SET body = repeat('y', 4000) WHERE id = 300")
    written = frozenset({299 // PAGES, _page(place, 300) // PAGES})
    part = _measured(place, before, written).fingerprint
    now = _measured(place).fingerprint
    assert (part.rows, part.hash) == (now.rows, now.hash) != (whole.rows, whole.hash)


@pytest.mark.usefixtures("paged")
def test_where_rows_differ(place: Place) -> None:
    before = _measured(place).fingerprint
    since = str(place.value("SELECT txid_current() % (1::bigint << 32)"))
    place.run("DELETE FROM paged WHERE id = 2", f"UPDATE paged SET body = repeat('y', 5000) WHERE id = {ROWS}")
    differing = different(before.ranges, _measured(place).fingerprint.ranges, PAGES)
    last = 2 * PAGES
    assert differing == (
        BlockRange(first=0, last=PAGES - 1, rows_before=PAGES, rows_after=PAGES - 1),
        BlockRange(first=last, last=last + PAGES - 1, rows_before=88, rows_after=88),
    )
    where = [(one.first, one.last + 1) for one in differing]
    assert newer_rows(place.door, NAME, ("id",), since, where, origins=None) == (f"id={ROWS}",)
    assert newer_rows(place.door, NAME, ("id",), since, where[:1], origins=None) == ()
    assert newer_rows(place.door, NAME, (), since, where, origins=None) == (f"({_page(place, ROWS)},1)",)


def test_ranges_that_came_or_went() -> None:
    one, none = RangeSum(rows=3, hash="7"), RangeSum(rows=0, hash="0")
    assert different((one,), (one, none), PAGES) == ()
    came = BlockRange(first=PAGES, last=2 * PAGES - 1, rows_before=0, rows_after=3)
    assert different((one,), (one, one), PAGES) == (came,)


def test_a_terabyte_has_few_ranges() -> None:
    pages = (1 << 40) // 8192
    assert pages / pages_per_range(pages) <= MOST
    assert pages_per_range(pages) % PAGES == 0
    assert PAGES_A_STATEMENT % PAGES == 0


@pytest.mark.usefixtures("paged")
def test_a_failure_ends_every_reader(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one piece cannot be read, the others are not read to the end first."""
    monkeypatch.setattr("egrow_replica.evidence.fingerprint.PAGES_A_STATEMENT", PAGES)
    seen: list[int] = []

    def stumble(done: int, _total: int) -> None:
        seen.append(done)
        if done:
            raise KeyboardInterrupt

    table = place.table("paged")
    with pytest.raises(KeyboardInterrupt):
        measure([place.door], [Wanted(table, table.columns)], SEED, None, stumble)
    assert len(seen) == 2


@pytest.mark.usefixtures("paged")
def test_progress_within_one_table(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egrow_replica.evidence.fingerprint.PAGES_A_STATEMENT", PAGES)
    seen: list[tuple[int, int]] = []
    table = place.table("paged")
    measure([place.door], [Wanted(table, table.columns)], SEED, None, lambda *step: seen.append(step))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) == 4
    assert seen[-1][0] == seen[-1][1]
    assert abs(seen[-1][1] - table.relation.bytes) < len(seen)
