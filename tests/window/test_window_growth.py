"""Ten times the rows are read ten times, not a hundred times; and no plan depends on statistics that are not there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.pair import SIDES, Pair
from support.waiting import wait_until

from egrow_replica.content.fetching import KEYS_NAMED
from egrow_replica.model import Server

FEW, MANY = 2_000, 20_000
TABLE = """
CREATE TABLE stock (id int, place text, code text UNIQUE, note text, UNIQUE NULLS NOT DISTINCT (note, id),
                    PRIMARY KEY (id, place));
ALTER TABLE stock SET (autovacuum_enabled = off);
CREATE TABLE stock_part (id int PRIMARY KEY, stock int, place text, FOREIGN KEY (stock, place) REFERENCES stock);
"""
ROWS = "INSERT INTO stock SELECT n, 'x', 'c' || n, NULL FROM generate_series(1, {rows}) AS n"
READ = """
SELECT COALESCE(sum(seq_tup_read + idx_tup_fetch), 0) FROM pg_stat_user_tables WHERE relname IN ('stock', 'made_row')
"""
SAME = "SELECT md5(string_agg(s::text, ' ' ORDER BY id)) FROM stock AS s"


def _stocked(new_pair: Callable[..., Pair], rows: int) -> Pair:
    pair = new_pair()
    pair.both_sql(TABLE)
    pair.configure(tables={"preset": "egrow-academy", "content": ["public.stock"]})
    pair.set_up()
    pair.dev_sql(ROWS.format(rows=rows))
    return pair


def _read(pair: Pair) -> int:
    """Rows that were read on both servers so far; a session tells of its own when it ends."""
    wait_until(lambda: "egrow-replica/" not in " ".join(pair.sessions()), 10, what="the end of our sessions")
    return sum(int(pair.value(side, READ)) for side in SIDES)


def _reads(pair: Pair, rows: int) -> Iterator[tuple[str, float]]:
    """How often each row is read by a window's commands."""

    def of(*command: str) -> tuple[str, float]:
        before = _read(pair)
        pair.ok(*command)
        return " ".join(command), (_read(pair) - before) / rows

    yield of("compare", "--rows", "--columns")
    yield of("enable", "--name", "first", "--no-backup")
    yield of("validate")
    yield of("disable")
    pair.dev_sql("UPDATE stock SET note = 'new', code = code || '!'")
    yield of("compare", "--rows", "--columns")
    yield of("plan", "--name", "second", "--no-backup")
    yield of("enable", "--name", "second", "--no-backup")
    yield of("disable")
    yield of("restore", "second", "--dry-run")
    yield of("restore", "second")
    yield of("restore", "first")


def test_each_row_is_read_as_often_when_there_are_ten_times_as_many(new_pair: Callable[..., Pair]) -> None:
    few = list(_reads(_stocked(new_pair, FEW), FEW))
    many = list(_reads(_stocked(new_pair, MANY), MANY))
    worse = [
        f"{command}: {once:.1f} and {again:.1f} times"
        for (command, once), (_, again) in zip(few, many, strict=True)
        if again > once + 1
    ]
    assert worse == []


def test_so_many_rows_that_they_are_marked_come_and_no_others(new_pair: Callable[..., Pair]) -> None:
    pair = _stocked(new_pair, MANY)
    pair.ok("sync", "--name", "all", "--no-backup")
    pair.dev_sql(f"UPDATE stock SET note = 'new' WHERE id % 5 < 2 AND id <= {MANY - 5}")
    pair.dev_sql(f"INSERT INTO stock SELECT n, 'y', 'd' || n, 'made' FROM generate_series({MANY}, {MANY + 50}) AS n")
    changed = pair.value(Server.DEV, "SELECT count(*) FROM stock WHERE note = 'new'")
    assert KEYS_NAMED < changed < MANY / 2
    log = pair.directory / "some.log"
    report = pair.ok("sync", "--name", "some", "--no-backup", "--verbose", "--log-file", str(log)).json
    (reconciled,) = [one for one in report["reconciled"] if one["table"] == "public.stock"]
    assert (reconciled["inserted"], reconciled["updated"]) == (51, changed)
    assert "get_bit" in next(line for line in log.read_text().splitlines() if "COPY" in line and '\\"note\\"' in line)
    assert pair.value(Server.PROD, SAME) == pair.value(Server.DEV, SAME)


@pytest.mark.parametrize("rows", [50, MANY])
def test_nothing_is_joined_row_by_row_with_a_table_that_may_grow(new_pair: Callable[..., Pair], rows: int) -> None:
    pair = _stocked(new_pair, rows)
    with pair.connect(Server.PROD) as admin:
        for setting, value in {
            "session_preload_libraries": "auto_explain",
            "auto_explain.log_min_duration": "0",
            "auto_explain.log_format": "json",
            "auto_explain.log_analyze": "on",
            "auto_explain.log_timing": "off",
        }.items():
            admin.execute(f"ALTER DATABASE {pair.database} SET {setting} = '{value}'")  # type: ignore[call-overload]
    log = pair.lab.directory / "prod.log"
    start = log.stat().st_size
    pair.ok("enable", "--name", "first", "--no-backup")
    pair.ok("disable")
    pair.dev_sql("UPDATE stock SET note = 'new', code = code || '!'")
    pair.ok("sync", "--name", "second", "--no-backup")
    pair.ok("restore", "second")
    pair.ok("restore", "first")
    plans = list(_plans(log, start))
    assert [one for one in plans if "egrow_stage" in one["Query Text"] and "INSERT" in one["Query Text"]]
    ours = [one for one in plans if any(name in one["Query Text"] for name in ("stock", "made_row"))]
    assert [
        one["Query Text"] for one in ours if "pg_class" not in one["Query Text"] and [*_loops(one["Plan"], rows)]
    ] == []


def _plans(log: Path, start: int) -> Iterator[dict[str, Any]]:
    """What auto_explain noted; a message's further lines begin with a tab."""
    held: list[str] | None = None
    for line in [*log.read_bytes()[start:].decode().splitlines(), ""]:
        if held is not None and not line.startswith("\t"):
            yield json.loads("".join(held))
            held = None
        if held is not None:
            held.append(line[1:])
        elif line.endswith("plan:"):
            held = []


def _loops(plan: dict[str, Any], rows: int) -> Iterator[float]:
    """Rows that a loop has read by going through a whole table, or a stage, once for each of many others."""
    parts = plan.get("Plans", [])
    if plan["Node Type"] == "Nested Loop":
        inner = next(part for part in parts if part["Parent Relationship"] == "Inner")
        read = inner["Actual Loops"] * (inner["Actual Rows"] + inner.get("Rows Removed by Filter", 0))
        if read > 2 * rows and any(node["Node Type"] == "Seq Scan" for node in _nodes(inner)):
            yield read
    for part in parts:
        yield from _loops(part, rows)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes(part)
