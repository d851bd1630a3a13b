"""What a comparison costs: against reladiff, against the bare hashing scans, and how it grows.

    python benchmarks/compare.py [--rows N] [--rounds N] [--text] [--reladiff PROGRAM] [--growth] [--large]

Starts the two servers of the lab, gives both the same table of ten columns, as an academy's are, and changes 0.2 % of
its rows on dev. Prints, as ratios from one run, the best time of each; of the first two also processor time of all
that worked for it (servers, their workers, the program), which a machine that is busy otherwise disturbs less:

- `compare`: the program's own `compare`, in a process of its own: reading the catalogs, finding and counting the
  rows. Beside it the most memory that this process had, and how much of that is only the program, before it began.
- bare scans: `count(*)` and the sum of the rows' hashes over both tables at once, two connections in two threads.
- reladiff (0.6.0, `pip install reladiff psycopg2-binary` in an environment of its own): its hash diff over all columns,
  with `-s`, so that it prints no rows. What it needs to start (`--version`) is taken off, in its favour.

`--text`: the key is a text as ORMs draw it, which has no neighbours, instead of a number that was counted up.

`--growth` then compares tables of 0.1 and 1 million rows (`--large`: also 4) with 0, 0.2, 10 and 100 % different,
each beside the bare scans of that table.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from egrow_replica.app.compare import CompareOptions, compare
from egrow_replica.app.context import Context
from egrow_replica.catalog import read_relations, read_tables, row_hash
from egrow_replica.db import SQL, Composed, Door, connect, parse_dsn, relation
from egrow_replica.db.expressions import written
from egrow_replica.guard import Policy
from egrow_replica.lab.lab import Lab
from egrow_replica.model import QualifiedName, Server
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence

SEED = 7_061_899_043
NAME = QualifiedName("public", "lesson")
SIDES = (Server.DEV, Server.PROD)
NAMES = {"dev": Server.DEV, "prod": Server.PROD}
SHARES = (0.0, 0.002, 0.1, 1.0)
NUMBER, TEXT = "n::bigint", "'c' || substr(md5(n::text), 1, 24)"
TICKS = os.sysconf("SC_CLK_TCK")

#: The server's main process: its data directory's postmaster.pid begins with it.
MASTER = "SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1);"
CREATE = """
DROP TABLE IF EXISTS public.lesson;
CREATE TABLE public.lesson AS
SELECT :key AS id, 'c' || substr(md5((n % 50000)::text), 1, 24) AS "courseId",
       'Lesson ' || n || ' of many' AS title, n % 100 AS position, n * 3::bigint AS views,
       ((n % 1000) / 7.0)::numeric(65, 30) AS rating, n % 3 = 0 AS published,
       (timestamp '2024-01-01' + n * interval '37 s')::timestamp(3) AS "createdAt",
       (timestamp '2025-01-01' + n * interval '11 s')::timestamp(3) AS "updatedAt",
       CASE WHEN n % 2 = 0 THEN repeat('lorem ipsum ', n % 7) END AS note
  FROM generate_series(1, :rows) AS n;
ALTER TABLE public.lesson ADD PRIMARY KEY (id);
VACUUM (FREEZE, ANALYZE) public.lesson;
"""
#: Spread evenly over the keys, as edits are.
CHANGE = """
UPDATE public.lesson SET title = title || '!' WHERE views / 3 % 1000 < :permille;
VACUUM (FREEZE, ANALYZE) public.lesson;
"""


@contextmanager
def servers() -> Iterator[tuple[Lab, Path]]:
    """Two empty databases and a configuration for them."""
    directory = Path(tempfile.mkdtemp(prefix="egrow-bench-"))
    directory.chmod(0o755)
    try:
        with Lab.start(directory / "lab", load=False) as lab:
            config = directory / "egrow-replica.toml"
            sections = [f"[{name}]\ndsn = {json.dumps(lab.admin_dsn(one))}\n" for name, one in NAMES.items()]
            config.write_text("".join(sections) + f'[tables]\ncontent = ["{NAME}"]\n', encoding="utf-8")
            config.chmod(0o600)
            yield lab, config
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def load(lab: Lab, rows: int, share: float, key: str) -> None:
    variables = {"rows": str(rows), "key": key}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda side: lab.psql(side, CREATE, variables=variables), SIDES))
    if share:
        lab.psql(Server.DEV, CHANGE, variables={"permille": str(round(share * 1000))})


class Time(NamedTuple):
    """Seconds on the clock and of the processor."""

    wall: float
    cpu: float


def best(rounds: int, measure: Callable[[], Time]) -> Time:
    """The shortest of some times, clock and processor each; one round more warms the caches."""
    measure()
    times = [measure() for _ in range(rounds)]
    return Time(min(time.wall for time in times), min(time.cpu for time in times))


def servers_cpu(lab: Lab) -> float:
    """Processor seconds of both servers' processes so far, those included that have ended."""
    masters = {int(lab.psql(side, MASTER).strip()) for side in SIDES}
    total = 0
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            with suppress(OSError):  # it has just ended
                state = (directory / "stat").read_text().rpartition(")")[2].split()
                if int(directory.name) in masters:
                    total += int(state[13]) + int(state[14])
                elif int(state[1]) in masters:
                    total += int(state[11]) + int(state[12])
    return total / TICKS


class Bare:
    """The two hashing scans, at once."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._asked = [self._open(lab, side) for side in SIDES]

    def _open(self, lab: Lab, side: Server) -> tuple[Door, Composed]:
        door = connect(parse_dsn(SecretStr(lab.admin_dsn(side)), name=side), side, Policy.reading(), what="benchmark")
        table = read_tables(door, [read_relations(door)[NAME]])[NAME]
        text = "SELECT pg_catalog.count(*), pg_catalog.sum({}) FROM {} AS t"
        return door, SQL(text).format(written(row_hash(table.columns, "t", SEED)), relation(NAME))

    def seconds(self) -> Time:
        before, began = servers_cpu(self._lab), time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda one: one[0].value(one[1]), self._asked))
        seconds = time.perf_counter() - began
        return Time(seconds, servers_cpu(self._lab) - before)

    def close(self) -> None:
        for door, _ in self._asked:
            door.close()


@dataclass
class Ours:
    """The program, in a process of its own for each time.

    :ivar peak: most memory that one of them had, in MB; ``idle``: before it began to compare.
    """

    lab: Lab
    config: Path
    peak: float = 0
    idle: float = 0
    figures: str = ""

    def seconds(self) -> Time:
        before = servers_cpu(self.lab)
        command = [sys.executable, __file__, "--measure", str(self.config)]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        self.peak, self.idle = max(self.peak, answer["peak"]), max(self.idle, answer["idle"])
        self.figures = answer["figures"]
        return Time(answer["seconds"], answer["cpu"] + servers_cpu(self.lab) - before)


def measure(config: Path) -> None:
    """In that process: compare once, and print how it went."""
    idle = _resident()
    context = Context(load_settings(config), Silence())
    began, before = time.perf_counter(), time.process_time()
    (table,) = compare(context, CompareOptions()).tables
    seconds, cpu = time.perf_counter() - began, time.process_time() - before
    figures = f"{table.updated} updated, {table.unchanged} unchanged"
    print(json.dumps({"seconds": seconds, "cpu": cpu, "idle": idle, "peak": _resident(), "figures": figures}))


def _resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def reladiff(program: str, lab: Lab) -> float:
    """Its time, less what it needs to start."""
    urls = ["postgresql://{user}:{password}@{host}:{port}/{dbname}".format(**lab.admin[side]) for side in SIDES]
    where = [part for url in urls for part in (url, str(NAME))]

    def run(*arguments: str) -> tuple[float, str]:
        began = time.perf_counter()
        ended = subprocess.run([program, *arguments], check=True, capture_output=True, text=True)
        return time.perf_counter() - began, ended.stdout

    seconds, answer = run(*where, "-k", "id", "-c", "%", "-s", "-a", "hashdiff", "--case-sensitive")
    print("  reladiff says:", " / ".join(answer.split("\n")[:4]))
    return seconds - run("--version")[0]


def line(what: str, ratio: float, aim: str, met: bool) -> str:
    return f"{what:<44} {ratio:6.2f}   aim {aim:<6} {'met' if met else 'MISSED'}"


def against(lab: Lab, config: Path, options: argparse.Namespace) -> None:
    load(lab, options.rows, 0.002, options.key)
    ours, bare = Ours(lab, config), Bare(lab)
    scans, mine = best(options.rounds, bare.seconds), best(options.rounds, ours.seconds)
    bare.close()
    print(f"{options.rows} rows of 10 columns, 0.2 % different ({ours.figures}), best of {options.rounds}:")
    print(f"  bare scans {scans.wall:7.2f} s, {scans.cpu:.2f} s of processor")
    print(f"  compare    {mine.wall:7.2f} s, {mine.cpu:.2f} s, {ours.peak:.0f} MB (idle {ours.idle:.0f} MB)")
    theirs = reladiff(options.reladiff, lab) if options.reladiff else None
    if theirs is not None:
        print(f"  reladiff   {theirs:7.2f} s, one run")
    print(line("compare / bare scans at once", mine.wall / scans.wall, "≤ 1.5", mine.wall <= 1.5 * scans.wall))
    print(line("the same, of the processor", mine.cpu / scans.cpu, "≤ 1.5", mine.cpu <= 1.5 * scans.cpu))
    if theirs is not None:
        print(line("reladiff / compare", theirs / mine.wall, "≥ 10", theirs >= 10 * mine.wall))


def growth(lab: Lab, config: Path, options: argparse.Namespace) -> None:
    print("\n      rows  different   bare scans    compare   ratio   of processor   memory")
    for rows in (100_000, 1_000_000, *([4_000_000] if options.large else [])):
        for share in SHARES:
            load(lab, rows, share, options.key)
            ours, bare = Ours(lab, config), Bare(lab)
            scans, mine = best(options.rounds, bare.seconds), best(options.rounds, ours.seconds)
            bare.close()
            print(
                f"{rows:10} {share:9.1%} {scans.wall:10.2f} s {mine.wall:8.2f} s {mine.wall / scans.wall:7.2f}"
                f" {mine.cpu / scans.cpu:14.2f} {ours.peak:5.0f} MB",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--text", dest="key", action="store_const", const=TEXT, default=NUMBER, help="text keys")
    parser.add_argument("--reladiff", help="the program; left out without it")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--large", action="store_true", help="growth up to 4 million rows")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    with servers() as (lab, config):
        against(lab, config, options)
        if options.growth:
            growth(lab, config, options)


if __name__ == "__main__":
    main()
