"""What validation costs when users have 16 times the rows, and the window's WAL is the same.

    python benchmarks/validate.py [--scale N] [--factor N] [--rounds N]

For 1 and for --factor times the users' rows: two servers of the lab with the same content, a window opened on them,
the same changes streamed, and `validate` run in the open window, in this process; the best time counts. Twice: nobody
else has written (all that WAL holds is the window's), and people have written the same few rows of two tables, which
are then read whole for their fingerprints. Beside it `validate --full-scan`, which scans everything. Nothing is left
behind.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from egrow_replica.app.context import Context
from egrow_replica.app.enable import EnableOptions, enable
from egrow_replica.app.validate import validate
from egrow_replica.cli.lab_setup import set_up
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence

AIM = 1.3
AIMED = "window's writes only"
CONTENT = ("courses", "lessons", "resources", "events", "promotions", "products", "prices")

#: Every row of a users' table again and again: keys, unique values and what points at users' rows get a number behind.
MULTIPLY = """
SET session_replication_role = replica;
SELECT format('INSERT INTO public.%I (%s) SELECT %s FROM public.%I AS t, generate_series(2, %s) AS k',
              c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
              string_agg(CASE WHEN a.atttypid = 'text'::regtype AND NOT f.content AND (u.unique OR f.any)
                              THEN format('t.%I || ''-'' || k', a.attname)
                              ELSE format('t.%I', a.attname) END, ', ' ORDER BY a.attnum),
              c.relname, :factor)
  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisunique
                                                                AND a.attnum = ANY (i.indkey)) AS unique) AS u
 CROSS JOIN LATERAL (SELECT count(*) > 0 AS any, COALESCE(bool_or(r.relname IN (:content)), false) AS content
                       FROM pg_constraint AS k JOIN pg_class AS r ON r.oid = k.confrelid
                      WHERE k.conrelid = c.oid AND k.contype = 'f' AND a.attnum = ANY (k.conkey)) AS f
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN (:content)
   AND c.relname NOT LIKE '\\_prisma%' AND a.attgenerated = ''
 GROUP BY c.oid, c.relname ORDER BY c.relname \\gexec
RESET session_replication_role;
VACUUM (ANALYZE);
CHECKPOINT;
"""

ROWS = """
SELECT sum(reltuples)::bigint FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"""

EDIT = """
UPDATE courses SET title = left(title, 40) || ' (2)';
UPDATE lessons SET content = repeat('new ', 200);
"""

PEOPLE = """
UPDATE users SET bio = 'here' WHERE id IN (SELECT id FROM users ORDER BY id LIMIT 20);
INSERT INTO security_logs (id, event) SELECT 'bench-' || n, 'login' FROM generate_series(1, 200) AS n;
"""


@contextmanager
def window(scale: int, factor: int) -> Iterator[tuple[Lab, Context]]:
    """An open window, with what was streamed in it."""
    directory = Path(tempfile.mkdtemp(prefix="egrow-bench-"))
    directory.chmod(0o755)
    try:
        with Lab.start(directory / "lab", scale=scale, prod_settings={"max_wal_size": "8GB"}) as lab:
            if factor > 1:
                names = ", ".join(f"'{name}'" for name in CONTENT)
                lab.psql(Server.PROD, MULTIPLY.replace(":content", names), variables={"factor": str(factor)})
            set_up(lab)
            context = Context(load_settings(lab.config_path), Silence())
            enable(context, EnableOptions(name="bench", whole_backup=False))
            lab.psql(Server.DEV, EDIT)
            yield lab, context
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def best(rounds: int, work: Callable[[], object]) -> float:
    """The shortest time; one round more warms the caches."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def measure(scale: int, factor: int, rounds: int) -> dict[str, float]:
    """Seconds by case."""
    with window(scale, factor) as (lab, context):
        rows = int(lab.psql(Server.PROD, ROWS))
        print(f"{factor} times: {rows:,} rows on production")
        found = {
            AIMED: best(rounds, lambda: validate(context)),
            "window's writes only, --full-scan": best(rounds, lambda: validate(context, full_scan=True)),
        }
        lab.psql(Server.PROD, PEOPLE)
        found["with people's writes"] = best(rounds, lambda: validate(context))
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=10, help="of the lab's academy; 10: 58,000 rows")
    parser.add_argument("--factor", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    once = measure(options.scale, 1, options.rounds)
    many = measure(options.scale, options.factor, options.rounds)
    for what, seconds in once.items():
        ratio = many[what] / seconds
        aim = f"   aim ≤ {AIM:g}   {'met' if ratio <= AIM else 'MISSED'}" if what == AIMED else ""
        print(f"  {what:<36} {seconds:6.3f} s → {many[what]:6.3f} s: {ratio:5.2f} times{aim}")


if __name__ == "__main__":
    main()
