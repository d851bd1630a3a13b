"""A first big sync: what a window costs that brings very many rows, against a COPY pipe, and how that grows.

    python benchmarks/bulk.py [--rows N ...] [--text] [--unique]

Two servers of the lab. For each number of rows, dev has so many in a table of ten columns and production none. In this
process, one after the other; nothing is left behind:

- the peer: `COPY … TO STDOUT` of dev piped into `COPY … FROM STDIN` of production, binary, into an empty table with
  the same indexes; for changed rows into a temporary table, and one `UPDATE … FROM` it;
- `enable` of all rows as new ones, `disable`, `restore`, which removes them;
- `enable` again, then every row changed on dev and its columns compared (`compare --rows --columns`), `enable` with all
  of them changed, `validate`, `disable`, `restore`, which puts them all back.

Printed are seconds on the clock and of the processor (servers and program), as ratios to the peer too, for the steps
that write content and for the commands as a whole. --text: keys as ORMs draw them. --unique: one more unique column.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
from compare import NUMBER, TEXT, Time, servers_cpu

from egrow_replica.app.compare import CompareOptions, compare
from egrow_replica.app.context import Context
from egrow_replica.app.disable import DisableOptions, disable
from egrow_replica.app.enable import EnableOptions, enable
from egrow_replica.app.restore import RestoreOptions, restore
from egrow_replica.app.validate import validate
from egrow_replica.db import door
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server
from egrow_replica.results import StepReport
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence
from egrow_replica.window.steps import content

SIDES = (Server.DEV, Server.PROD)
AIM = 2.0
COLUMNS = 'id, "courseId", title, position, views, rating, published, "createdAt", "updatedAt", note'

CREATE = """
DROP TABLE IF EXISTS public.lesson, public.lesson_pipe;
CREATE TABLE public.lesson (
  id {type} PRIMARY KEY, "courseId" text NOT NULL, title text NOT NULL, position int NOT NULL, views bigint,
  rating numeric(65, 30), published boolean, "createdAt" timestamp(3), "updatedAt" timestamp(3), note text);
CREATE TABLE public.lesson_pipe (LIKE public.lesson INCLUDING ALL);
"""
UNIQUE = "ALTER TABLE public.lesson ADD UNIQUE (title); ALTER TABLE public.lesson_pipe ADD UNIQUE (title);"
FILL = """
INSERT INTO public.lesson
SELECT {key}, 'c' || substr(md5((n % 50000)::text), 1, 24), 'Lesson ' || n || ' of many', n % 100, n * 3::bigint,
       ((n % 1000) / 7.0)::numeric(65, 30), n % 3 = 0, (timestamp '2024-01-01' + n * interval '37 s')::timestamp(3),
       (timestamp '2025-01-01' + n * interval '11 s')::timestamp(3),
       CASE WHEN n % 2 = 0 THEN repeat('lorem ipsum ', n % 7) END
  FROM generate_series(1, {rows}) AS n;
"""
CHANGE = "UPDATE public.lesson SET title = title || '!', position = position + 1;"


@dataclass
class Clock(Silence):
    """Listens to a window's steps, and notes what each takes."""

    lab: Lab
    steps: dict[str, Time] = field(default_factory=dict)

    def step_started(self, name: str) -> None:
        self._began = self._now()

    def step_ended(self, report: StepReport) -> None:
        self.steps[report.name] = self._since(self._began)

    def measure(self, work: Callable[[], object]) -> Time:
        """What all of it takes, with the servers."""
        began = self._now()
        work()
        return self._since(began)

    def _now(self) -> Time:
        return Time(time.perf_counter(), time.process_time() + servers_cpu(self.lab))

    def _since(self, began: Time) -> Time:
        now = self._now()
        return Time(now.wall - began.wall, now.cpu - began.cpu)


@contextmanager
def servers(text: bool) -> Iterator[tuple[Lab, Context, Clock]]:
    """Two databases with an empty table, and a configuration for them."""
    directory = Path(tempfile.mkdtemp(prefix="egrow-bench-"))
    directory.chmod(0o755)
    try:
        settings = {"max_wal_size": "4GB"}
        with Lab.start(directory / "lab", load=False, prod_settings=settings, dev_settings=settings) as lab:
            for side in SIDES:
                lab.psql(side, CREATE.format(type="text" if text else "bigint"))
            config = directory / "egrow-replica.toml"
            dsns = {side: lab.admin_dsn(side) for side in SIDES}
            config.write_text(
                f"[dev]\ndsn = {json.dumps(dsns[Server.DEV])}\nfrom_production_dsn = {json.dumps(dsns[Server.DEV])}\n"
                f'[prod]\ndsn = {json.dumps(dsns[Server.PROD])}\n[tables]\ncontent = ["public.lesson"]\n'
                f"[backup]\nbin_dir = {json.dumps(str(lab.bin_dir))}\n"
                '[window]\ncatchup_timeout = "600s"\n',
                encoding="utf-8",
            )
            config.chmod(0o600)
            clock = Clock(lab)
            yield lab, Context(load_settings(config), clock), clock
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def pipe(lab: Lab, *, changed: bool) -> None:
    """The peer, as psycopg's documentation has it."""
    target = "pg_temp.came" if changed else "public.lesson_pipe"
    with psycopg.connect(lab.admin_dsn(Server.DEV)) as dev, psycopg.connect(lab.admin_dsn(Server.PROD)) as prod:
        if changed:
            prod.execute("CREATE TEMPORARY TABLE came AS TABLE public.lesson WITH NO DATA")
        out, into = dev.cursor(), prod.cursor()
        with (
            out.copy(f"COPY public.lesson ({COLUMNS}) TO STDOUT (FORMAT binary)") as source,
            into.copy(f"COPY {target} ({COLUMNS}) FROM STDIN (FORMAT binary)") as sink,
        ):
            for block in source:
                sink.write(block)
        if changed:
            prod.execute("ANALYZE pg_temp.came")
            names = [name.strip() for name in COLUMNS.split(",")[1:]]
            assignments = ", ".join(f"{name} = s.{name}" for name in names)
            prod.execute(f"UPDATE public.lesson_pipe AS t SET {assignments} FROM pg_temp.came AS s WHERE t.id = s.id")


def resident() -> float:
    """The most memory, in MB, that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_size(lab: Lab, context: Context, clock: Clock, rows: int, options: argparse.Namespace) -> None:
    """All commands for a table of so many rows."""
    for side in SIDES:
        lab.psql(side, CREATE.format(type="text" if options.text else "bigint"))
        if options.unique:
            lab.psql(side, UNIQUE)
    lab.psql(Server.DEV, FILL.format(key=TEXT if options.text else NUMBER, rows=rows))
    print(f"\n{rows} rows")

    def shown(what: str, time: Time, peer: Time | None = None) -> None:
        ratio = "" if peer is None else f"{time.wall / peer.wall:8.2f} {time.cpu / peer.cpu:8.2f}"
        print(f"  {what:<46} {time.wall:8.2f} s {time.cpu:8.2f} s {ratio}", flush=True)

    def command(what: str, work: Callable[[], object]) -> None:
        shown(what, clock.measure(work))

    def opened(what: str, peer: Time) -> None:
        """Open a window: beside its steps what of the reconcile is fetching, staging and writing the rows."""
        with timed(content, "write_differences") as writing:
            options = EnableOptions(name=f"{what}-{rows}", whole_backup=False)
            command(f"enable, all {what}", lambda: enable(context, options))
        shown("  of it the preflight", clock.steps["preflight"])
        shown("  of it the reconcile", clock.steps["reconcile"], peer)
        (wrote,) = writing
        met = "met" if wrote.wall <= AIM * peer.wall else "MISSED"
        print(f"    of that writing content {wrote.wall:28.2f} s {wrote.wall / peer.wall:19.2f}   aim ≤ {AIM:g}: {met}")
        print(f"  most memory so far {resident():.0f} MB")

    copied = clock.measure(lambda: pipe(lab, changed=False))
    shown("COPY pipe into an empty table", copied)
    opened("new", copied)
    command("disable", lambda: disable(context, DisableOptions()))
    command("restore, all to be removed", lambda: restore(context, RestoreOptions()))
    shown("  of it the restore", clock.steps["restore"], copied)
    command("enable again", lambda: enable(context, EnableOptions(name=f"again-{rows}", whole_backup=False)))
    disable(context, DisableOptions())
    lab.psql(Server.DEV, CHANGE)
    updated = clock.measure(lambda: pipe(lab, changed=True))
    shown("COPY pipe and UPDATE", updated)
    command("compare", lambda: compare(context, CompareOptions()))
    command("compare --rows", lambda: compare(context, CompareOptions(rows=True)))
    command("compare --columns", lambda: compare(context, CompareOptions(columns=True)))
    opened("changed", updated)
    command("validate", lambda: validate(context))
    command("disable", lambda: disable(context, DisableOptions()))
    command("restore, all to be put back", lambda: restore(context, RestoreOptions()))
    shown("  of it the restore", clock.steps["restore"], updated)
    print(f"  most memory so far {resident():.0f} MB, which is that of the answer of compare --columns")


@contextmanager
def timed(module: ModuleType, name: str) -> Iterator[list[Time]]:
    """Notes what each call of a function of a module takes this process."""
    calls: list[Time] = []
    original = getattr(module, name)

    def call(*arguments: Any, **more: Any) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return original(*arguments, **more)
        finally:
            calls.append(Time(time.perf_counter() - wall, time.process_time() - cpu))

    setattr(module, name, call)
    try:
        yield calls
    finally:
        setattr(module, name, original)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--text", action="store_true", help="text keys")
    parser.add_argument("--unique", action="store_true", help="a second unique key")
    options = parser.parse_args()
    with servers(options.text) as (lab, context, clock):
        for rows in options.rows:
            with timed(door, "vet") as judged:
                one_size(lab, context, clock, rows, options)
            seconds = [one.cpu for one in judged]
            print(f"  the guard was asked {len(seconds)} times: {sum(seconds):.2f} s, the longest {max(seconds):.2f} s")


if __name__ == "__main__":
    main()
