"""What judging before the commit costs: its share of an `enable` of new rows, and of one on the academy.

    python benchmarks/judge.py [--rows N]

Two servers of the lab, the extension pg_walinspect on production. Measured in this process, on the clock: `enable` of
so many new rows with the dump of the whole database, as a person runs it, and in it every look at a transaction before
it commits, with the reading of its WAL apart. Then the same on the academy. Nothing is left behind.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from bulk import CREATE, FILL, SIDES
from compare import NUMBER

from egrow_replica.app.context import Context
from egrow_replica.app.enable import EnableOptions, enable
from egrow_replica.evidence import before_commit
from egrow_replica.evidence.own_wal import WalWitness
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence

SHARE, ACADEMY_SECONDS = 0.03, 0.3
EXTENSION = "CREATE SCHEMA IF NOT EXISTS egrow_ext; CREATE EXTENSION IF NOT EXISTS pg_walinspect SCHEMA egrow_ext"


@contextmanager
def timed(owner: Any, name: str, spent: list[float]) -> Iterator[None]:
    """Note how long each call of a function takes."""
    original = getattr(owner, name)
    plain = original.__func__ if hasattr(original, "__func__") else original

    @wraps(plain)
    def measured(*arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return plain(*arguments, **named)
        finally:
            spent.append(time.perf_counter() - began)

    is_class = hasattr(original, "__func__")
    setattr(owner, name, classmethod(measured) if is_class else measured)
    try:
        yield
    finally:
        setattr(owner, name, original)


def measure(what: str, work: Callable[[], object]) -> tuple[float, float]:
    """Run a command; how long it took, and how long the judging in it."""
    begun: list[float] = []
    checked: list[float] = []
    read: list[float] = []
    judge = before_commit.TransactionJudge
    with timed(judge, "begin", begun), timed(judge, "check", checked), timed(WalWitness, "written", read):
        began = time.perf_counter()
        work()
        total = time.perf_counter() - began
    judging = sum(begun) + sum(checked)
    print(
        f"{what:<28} {total:7.2f} s, judging {judging:6.3f} s in {len(checked)} transactions"
        f" ({judging / total:5.1%}), of it WAL {sum(read):6.3f} s, the largest {max(checked):6.3f} s"
    )
    return total, judging


@contextmanager
def context(*, academy: bool) -> Iterator[tuple[Lab, Context]]:
    """Two servers and a configuration."""
    directory = Path(tempfile.mkdtemp(prefix="egrow-bench-"))
    directory.chmod(0o755)
    try:
        settings = {"max_wal_size": "4GB"}
        with Lab.start(directory / "lab", load=academy, prod_settings=settings, dev_settings=settings) as lab:
            lab.psql(Server.PROD, EXTENSION)
            tables = 'preset = "egrow-academy"' if academy else 'content = ["public.lesson"]'
            config = directory / "egrow-replica.toml"
            dsns = {side: lab.admin_dsn(side) for side in SIDES}
            config.write_text(
                f"[dev]\ndsn = {json.dumps(dsns[Server.DEV])}\nfrom_production_dsn = {json.dumps(dsns[Server.DEV])}\n"
                f"[prod]\ndsn = {json.dumps(dsns[Server.PROD])}\n[tables]\n{tables}\n"
                f"[backup]\nbin_dir = {json.dumps(str(lab.bin_dir))}\n",
                encoding="utf-8",
            )
            config.chmod(0o600)
            yield lab, Context(load_settings(config), Silence())
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    with context(academy=False) as (lab, at):
        for side in SIDES:
            lab.psql(side, CREATE.format(type="bigint"))
        lab.psql(Server.DEV, FILL.format(key=NUMBER, rows=rows))
        total, judging = measure(f"enable, {rows:,} new rows", lambda: enable(at, EnableOptions(name="bench")))
        print(f"{'':<28} aim {SHARE:.0%}: {'met' if judging <= SHARE * total else 'MISSED'}")
    with context(academy=True) as (_, at):
        _, judging = measure("enable, the academy", lambda: enable(at, EnableOptions(name="bench")))
        print(f"{'':<28} aim {ACADEMY_SECONDS} s: {'met' if judging <= ACADEMY_SECONDS else 'MISSED'}")


if __name__ == "__main__":
    main()
