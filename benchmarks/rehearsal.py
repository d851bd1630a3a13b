"""What the rehearsal of the stream costs: its share of an `enable` of new rows, and of one on the academy.

    python benchmarks/rehearsal.py [--rows N] [--partitions N]

Two servers of the lab. Measured in this process, on the clock: `enable` of so many new rows with the dump of the whole
database, as a person runs it, and in it both rehearsals: the plays with their judging, and the steps as a whole, which
also open connections and look again at what a write sets in motion. Then the same on the academy, and with a table of
so many partitions. Nothing is left behind.
"""

from __future__ import annotations

import argparse
import time

from bulk import CREATE, FILL, SIDES
from compare import NUMBER
from judge import ACADEMY_SECONDS, SHARE, context, timed

from egrow_replica.app.context import Context
from egrow_replica.app.enable import EnableOptions, enable
from egrow_replica.model import Server
from egrow_replica.window.steps import rehearsal as steps

STEPS = ("rehearsal", "second-rehearsal")
PARTITIONED = """
CREATE TABLE public.lesson (id bigint PRIMARY KEY, title text, position int) PARTITION BY RANGE (id);
SELECT pg_catalog.format('CREATE TABLE public.lesson_%s PARTITION OF public.lesson FOR VALUES FROM (%s) TO (%s)',
                         g, g * 1000, (g + 1) * 1000) FROM pg_catalog.generate_series(0, {partitions} - 1) g \\gexec
INSERT INTO public.lesson SELECT g * 1000 + 1, 'title', g FROM pg_catalog.generate_series(0, {partitions} - 1) g;
"""


def measure(what: str, at: Context) -> tuple[float, float]:
    """Open a window; how long that took, and how long the plays in it."""
    played: list[float] = []
    with timed(steps, "rehearse", played):
        began = time.perf_counter()
        report = enable(at, EnableOptions(name="bench"))
        total = time.perf_counter() - began
    whole = sum(step.seconds for step in report.steps if step.name in STEPS)
    parts = " + ".join(f"{seconds:.3f}" for seconds in played)
    print(f"{what:<28} {total:7.2f} s, plays {parts} s ({sum(played) / total:5.1%}), the two steps {whole:6.3f} s")
    return total, sum(played)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--partitions", type=int, default=100)
    given = parser.parse_args()
    with context(academy=False) as (lab, at):
        for side in SIDES:
            lab.psql(side, CREATE.format(type="bigint"))
        lab.psql(Server.DEV, FILL.format(key=NUMBER, rows=given.rows))
        total, plays = measure(f"enable, {given.rows:,} new rows", at)
        print(f"{'':<28} aim {SHARE:.0%}: {'met' if plays <= SHARE * total else 'MISSED'}")
    with context(academy=True) as (_, at):
        _, plays = measure("enable, the academy", at)
        print(f"{'':<28} aim {ACADEMY_SECONDS} s: {'met' if plays <= ACADEMY_SECONDS else 'MISSED'}")
    with context(academy=False) as (lab, at):
        for side in SIDES:
            lab.psql(side, PARTITIONED.format(partitions=given.partitions))
        measure(f"enable, {given.partitions:,} partitions", at)


if __name__ == "__main__":
    main()
