"""The comparison against a full join in Python, on random tables; and how much memory it needs."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import psycopg
from compare_world import DEV, PROD, SCHEMA, Bench, look

DEFINITION = "a int, b text, v text, n numeric, PRIMARY KEY (a, b)"
COPY = f"COPY {SCHEMA}.t FROM STDIN"
WORDS = ("", "a", "A", "é", "a b", "ab", "\\N ", "1.0")

Row = tuple[int, str, str | None, str | None]


def draw(rng: random.Random) -> dict[tuple[int, str], Row]:
    rows: dict[tuple[int, str], Row] = {}
    for _ in range(rng.choice((0, 1, 5, 80, 400))):
        key = rng.randrange(-60, 60), rng.choice(WORDS)
        rows[key] = (*key, rng.choice((None, *WORDS)), rng.choice((None, "1.0", "1.00", "NaN", "-1")))
    return rows


def edited(rng: random.Random, rows: dict[tuple[int, str], Row]) -> dict[tuple[int, str], Row]:
    """Some rows of another table, some of this one, most of them as they are."""
    share = rng.choice((0.0, 0.02, 0.5, 1.0))
    kept = {key: row for key, row in rows.items() if rng.random() >= share / 3}
    changed = {key: (*key, rng.choice((None, *WORDS)), row[3]) for key, row in kept.items() if rng.random() < share / 3}
    extra = {key: row for key, row in draw(rng).items() if rng.random() < share}
    return {**kept, **changed, **extra}


def load(bench: Bench, server: object, rows: dict[tuple[int, str], Row]) -> None:
    with psycopg.connect(bench.pair.lab.admin_dsn(server)) as connection:  # type: ignore[arg-type]
        connection.execute(f"TRUNCATE {SCHEMA}.t")
        with connection.cursor().copy(COPY) as copy:
            for row in rows.values():
                copy.write_row(row)


def test_as_a_full_join(bench: Bench) -> None:
    bench.table(DEFINITION)
    for seed in range(25):
        rng = random.Random(seed)
        prod = draw(rng)
        dev = edited(rng, prod)
        load(bench, DEV, dev)
        load(bench, PROD, prod)
        (one,) = look(bench.pair).tables
        assert one.keys is not None

        def shown(keys: set[tuple[int, str]]) -> list[str]:
            return sorted(f"({a}, {b})" for a, b in keys)

        updated = {key for key in dev.keys() & prod.keys() if dev[key] != prod[key]}
        assert sorted(one.keys.new) == shown(dev.keys() - prod.keys()), seed
        assert sorted(one.keys.production_only) == shown(prod.keys() - dev.keys()), seed
        assert sorted(one.keys.updated) == shown(updated), seed
        assert one.unchanged == len(dev.keys() & prod.keys()) - len(updated), seed
        cells = {
            (f"({a}, {b})", name, prod[a, b][at], dev[a, b][at])
            for a, b in updated
            for at, name in ((2, "v"), (3, "n"))
            if dev[a, b][at] != prod[a, b][at]
        }
        assert {(c.key, c.column, c.production, c.dev) for c in one.changes or ()} == cells, seed


MEASURE = """
import json, resource, sys
from pathlib import Path
from egrow_replica.app.compare import CompareOptions, compare
from egrow_replica.app.context import Context
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence
context = Context(load_settings(Path(sys.argv[1])), Silence())
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
compare(context, CompareOptions(tables=()))
before = peak()
for statement in sys.argv[2:]:
    import psycopg
    with psycopg.connect(statement) as connection:
        connection.execute("INSERT INTO compared.t SELECT n, 'k', repeat(current_setting('port'), 50), n "
                           "FROM generate_series(1, 200000) AS n")
(one,) = compare(context, CompareOptions()).tables
print(json.dumps({"updated": one.updated, "grown": peak() - before}))
"""


def test_memory_when_every_row_differs(bench: Bench, tmp_path: Path) -> None:
    """What is kept is eight bytes a row that differs, and the bucket under way."""
    bench.table(DEFINITION)
    script = tmp_path / "measure.py"
    script.write_text(MEASURE, encoding="utf-8")
    dsns = [bench.pair.lab.admin_dsn(server) for server in (DEV, PROD)]
    command = [sys.executable, str(script), str(bench.pair.config), *dsns]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert answer["updated"] == 200_000
    assert answer["grown"] < 12_000_000, answer
