"""What a fingerprint costs, in ratios from one run: against counting, against md5 of each row, against reladiff.

    python benchmarks/fingerprint.py [--rows N] [--rounds N]

Starts a server of the lab with a table of ten columns, as an academy's are, and runs the four queries in turn, each
with at most two parallel workers beside its leader, the fingerprint with three connections. The best time of each
counts. Nothing is left behind.

The query of reladiff is what version 0.6.0 sends for these columns (its hash diff, seen in its log), without the bounds
on the key that it adds for each segment, and of the whole table at once: both in its favour.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from egrow_replica.catalog import Table, read_relations, read_tables
from egrow_replica.db import Door, connect, parse_dsn
from egrow_replica.evidence.fingerprint import Wanted, measure
from egrow_replica.guard import Policy
from egrow_replica.lab.lab import Lab
from egrow_replica.model import QualifiedName, Server

WORKERS = 2
SEED = 7_061_899_043
NAME = QualifiedName("public", "learner")

CREATE = """
CREATE TABLE public.learner AS
SELECT 'c' || substr(md5(n::text), 1, 24) AS id, 'c' || substr(md5((n % 50000)::text), 1, 24) AS "userId",
       'learner' || n || '@example.com' AS email, n % 100 AS points, n::bigint AS sequence,
       ((n % 1000) / 7.0)::numeric(65, 30) AS progress, n % 3 = 0 AS active,
       (timestamp '2024-01-01' + n * interval '37 s')::timestamp(3) AS "createdAt",
       (timestamp '2025-01-01' + n * interval '11 s')::timestamp(3) AS "updatedAt",
       CASE WHEN n % 2 = 0 THEN repeat('lorem ipsum ', n % 7) END AS note
  FROM generate_series(1, :rows) AS n;
VACUUM (FREEZE, ANALYZE) public.learner;
"""

COUNT = "SELECT pg_catalog.count(*) FROM public.learner"

MD5 = """
SELECT pg_catalog.count(*), pg_catalog.sum(('x' || pg_catalog.left(pg_catalog.md5(t::text), 16))::bit(64)::bigint)
  FROM public.learner AS t"""

_AS_TEXT = (
    '"id"::varchar',
    '"userId"::varchar',
    '"email"::varchar',
    '"points"::varchar',
    '"sequence"::varchar',
    '"progress"::decimal(38, 30)::varchar',
    '"active"::int::varchar',
    """to_char("createdAt"::timestamp(3), 'YYYY-mm-dd HH24:MI:SS.US')""",
    """to_char("updatedAt"::timestamp(3), 'YYYY-mm-dd HH24:MI:SS.US')""",
    '"note"::varchar',
)
_ROW = " || '|' || ".join(f"coalesce(coalesce({text}, '<null>')::varchar, '<null>')" for text in _AS_TEXT)
RELADIFF = f"SELECT count(*), sum(('x' || substring(md5(({_ROW})), 18))::bit(60)::bigint) FROM public.learner"


@dataclass(frozen=True)
class Aim:
    """A ratio of two times and what it should be.

    :ivar at_most: the other way round than ``at least``.
    """

    what: str
    over: str
    under: str
    value: float
    at_most: bool = False

    def line(self, best: dict[str, float]) -> str:
        ratio = best[self.over] / best[self.under]
        met = ratio <= self.value if self.at_most else ratio >= self.value
        bound = f"{'≤' if self.at_most else '≥'} {self.value:g}"
        return f"{self.what:<44} {ratio:6.2f}   aim {bound:<6} {'met' if met else 'MISSED'}"


AIMS = (
    Aim("fingerprint / count(*)", "fingerprint", "count(*)", 15, at_most=True),
    Aim("md5(row::text) / fingerprint", "md5(row::text)", "fingerprint", 1.8),
    Aim("reladiff's checksum / fingerprint", "reladiff", "fingerprint", 1.4),
)


@contextmanager
def server(rows: int) -> Iterator[list[Door]]:
    """Reading doors to a database with the table, one for the leader and each worker."""
    directory = Path(tempfile.mkdtemp(prefix="egrow-bench-"))
    directory.chmod(0o755)
    try:
        with Lab.start(directory / "lab", load=False) as lab:
            lab.psql(Server.PROD, CREATE, variables={"rows": str(rows)})
            lab.psql(Server.PROD, f"ALTER DATABASE academy SET max_parallel_workers_per_gather = {WORKERS}")
            dsn = parse_dsn(SecretStr(lab.prod_admin_dsn), name="prod")
            with ExitStack() as stack:
                policy = Policy.reading()
                yield [
                    stack.enter_context(connect(dsn, Server.PROD, policy, what="benchmark")) for _ in range(WORKERS + 1)
                ]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def queries(doors: list[Door], table: Table) -> dict[str, Callable[[], object]]:
    """The four, by name."""
    door = doors[0]
    return {
        "count(*)": lambda: door.value(COUNT),
        "fingerprint": lambda: measure(doors, [Wanted(table, table.columns)], SEED, None),
        "md5(row::text)": lambda: door.value(MD5),
        "reladiff": lambda: door.value(RELADIFF),
    }


def best_times(doors: list[Door], rounds: int) -> dict[str, float]:
    """Each query's shortest time; one round more warms the cache and does not count."""
    relation = read_relations(doors[0])[NAME]
    asked = queries(doors, read_tables(doors[0], [relation])[NAME])
    best = dict.fromkeys(asked, float("inf"))
    for number in range(rounds + 1):
        for name, ask in asked.items():
            began = time.perf_counter()
            ask()
            if number:
                best[name] = min(best[name], time.perf_counter() - began)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with server(options.rows) as doors:
        best = best_times(doors, options.rounds)
        print(
            f"PostgreSQL {doors[0].version // 10000}, {options.rows} rows of 10 columns, {WORKERS} workers, best of",
            end=" ",
        )
        print(f"{options.rounds}:")
    for name, seconds in best.items():
        print(f"  {name:<16} {seconds:7.3f} s")
    for aim in AIMS:
        print(aim.line(best))


if __name__ == "__main__":
    main()
